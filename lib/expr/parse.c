#include "expr/parse.h"

#include <string.h>

#include "expr/function.h"
#include "expr/lex.h"
#include "expr/node.h"

struct parser {
	struct expr *x;
	struct lexer lexer;
	struct token t;      /* the next one */
	size_t last_end;     /* where the one before ended */
	unsigned nesting;
	bool (*is_aggregate)(const char *name, size_t len);
};

/* Nodes on their way to become arguments. */
struct list {
	struct node **items;
	uint32_t count, cap;
};

#define FAIL(p, at, ...) text_error((p)->x->text, (p)->x->len, at, (p)->lexer.e, __VA_ARGS__)

static int parse_or(struct parser *p, struct node **out);

static int advance(struct parser *p)
{
	p->last_end = p->t.end;
	return lex_next(&p->lexer, &p->t);
}

static void list_add(struct parser *p, struct list *l, struct node *n)
{
	if (l->count == l->cap) {
		struct node **grown = arena_array(&p->x->arena, l->cap ? l->cap * 2 : 4, sizeof(struct node *));
		if (l->count)
			memcpy(grown, l->items, l->count * sizeof *grown);
		l->items = grown;
		l->cap = l->cap ? l->cap * 2 : 4;
	}
	l->items[l->count++] = n;
}

/* Makes a node that reaches from `begin` to the last token. */
static int finish(struct parser *p, enum op op, size_t begin, const struct list *args, struct node **out)
{
	struct node *n = node_with(p->x, op, begin, p->last_end, args->items, args->count);
	if (n->height > HEIGHT_MAX)
		return FAIL(p, begin, "this expression has more than %d operations in a row; take it apart", HEIGHT_MAX);
	*out = n;
	return node_check(p->x, *out, p->lexer.e);
}

static int binary(struct parser *p, enum op op, struct node *left, struct node *right, struct node **out)
{
	return finish(p, op, left->begin, &(struct list){.items = (struct node *[]){left, right}, .count = 2}, out);
}

static int expect(struct parser *p, enum token_kind kind, const char *what, size_t opened)
{
	if (p->t.kind == kind)
		return advance(p);
	if (p->t.kind == T_END)
		return FAIL(p, opened, "what is opened here is not closed by %s", what);
	return FAIL(p, p->t.begin, "%s is wanted here", what);
}

static bool is_word(const struct token *t, const char *word)
{
	return t->kind == T_NAME && !t->quoted && t->name_len == strlen(word) && !memcmp(t->name, word, t->name_len);
}

/* EXPR, EXPR ... up to `close`, which is taken too. */
static int parse_list(struct parser *p, enum token_kind close, struct list *l)
{
	size_t opened = p->t.begin;
	int code = advance(p);
	while (!code && p->t.kind != close) {
		struct node *n;
		code = parse_or(p, &n);
		if (code)
			break;
		list_add(p, l, n);
		if (p->t.kind != T_COMMA)
			break;
		code = advance(p);
		if (!code && p->t.kind == close)
			return FAIL(p, p->t.begin, "an operand is wanted behind the comma");
	}
	return code ? code : expect(p, close, close == T_CLOSE ? ")" : "]", opened);
}

/* -- operands -- */

static int parse_constant(struct parser *p, struct value v, struct node **out)
{
	struct node *n = node_new(p->x, OP_CONST, p->t.begin, p->t.end);
	n->value = v;
	n->literal = true;
	int code = OK;
	if (p->t.kind == T_PATTERN) {
		n->pattern = true;
		code = node_pattern(p->x, n, p->t.flags, p->lexer.e);
	}
	*out = n;
	return code ? code : advance(p);
}

/* The columns and paths that a name with steps may mean, the longest column first. */
static int field_references(struct parser *p, struct node *n, const struct token *t)
{
	size_t ends[NESTING_MAX], path = t->end - (t->name_len - t->root_len);
	uint32_t count = 0;
	ends[count++] = t->root_len;
	for (size_t at = path, step; at < t->end; at = step) {
		if (lex_path_step(&p->lexer, at, &step))
			return ERR_USAGE;
		if (count == NESTING_MAX)
			return FAIL(p, t->begin, "a path has at most %d steps", NESTING_MAX - 1);
		ends[count++] = t->root_len + (step - path);
	}
	/* Backquotes end the name: what follows is a path. */
	n->ref_count = t->quoted ? 1 : count;
	n->refs = arena_array(&p->x->arena, n->ref_count, sizeof *n->refs);
	for (uint32_t i = 0; i < n->ref_count; i++) {
		size_t len = ends[n->ref_count - 1 - i];
		n->refs[i] = (struct reference){
			.field = field_index(p->x, t->name, len),
			.path = t->name + len,
			.path_len = (uint32_t)(t->name_len - len),
		};
	}
	return OK;
}

static int make_field(struct parser *p, const struct token *t, struct node **out)
{
	*out = node_new(p->x, OP_FIELD, t->begin, t->end);
	return field_references(p, *out, t);
}

static int parse_meta(struct parser *p, struct node **out)
{
	struct token name = p->t;
	int code = advance(p);
	return code ? code : make_field(p, &name, out);
}

static int parse_call(struct parser *p, const struct token *name, struct node **out)
{
	if (p->is_aggregate && p->is_aggregate(name->name, name->name_len))
		return FAIL(p, name->begin, "%s is an aggregate and stands alone, as in NAME = %s(...)", name->name, name->name);
	const struct function *f = function_find(name->name, name->name_len);
	if (!f) {
		char hint[128];
		function_hint(name->name, name->name_len, hint, sizeof hint);
		return FAIL(p, name->begin, "there is no function %s%s", name->name, hint);
	}
	struct list args = {0};
	int code = parse_list(p, T_CLOSE, &args);
	if (code)
		return code;
	struct node *n = node_with(p->x, f->op, name->begin, p->last_end, args.items, args.count);
	n->function = f;
	*out = n;
	return node_check(p->x, *out, p->lexer.e);
}

/* What stands behind a word that is an operator elsewhere; NULL if it is none. */
static const char *foreign_word(const struct token *t)
{
	static const char *const words[][2] = {
		{"and", "&&"}, {"AND", "&&"}, {"or", "||"}, {"OR", "||"}, {"not", "!"}, {"NOT", "!"},
		{"is", "== (x == null)"}, {"IS", "== (x == null)"}, {"eq", "=="}, {"ne", "!="},
		{"like", "=~ /pattern/"}, {"LIKE", "=~ /pattern/"}, {"matches", "=~ /pattern/"},
		{"div", "//"}, {"mod", "%"}, {"IN", "in"},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (is_word(t, words[i][0]))
			return words[i][1];
	return NULL;
}

static bool begins_operand(const struct token *t)
{
	return (t->kind >= T_NUMBER && t->kind <= T_META) || t->kind == T_OPEN || t->kind == T_NOT;
}

static int parse_word(struct parser *p, struct node **out)
{
	struct token name = p->t;
	if (is_word(&name, "true") || is_word(&name, "false"))
		return parse_constant(p, value_bool(name.name[0] == 't'), out);
	if (is_word(&name, "null"))
		return parse_constant(p, value_null(), out);
	if (is_word(&name, "in"))
		return FAIL(p, name.begin, "an operand is wanted before in; a field of that name is written `in`");
	int code = advance(p);
	if (code)
		return code;
	if (is_word(&name, "not") && begins_operand(&p->t))
		return FAIL(p, name.begin, "not is written !");
	if (p->t.kind == T_OPEN && !name.quoted && name.root_len == name.name_len)
		return parse_call(p, &name, out);
	return make_field(p, &name, out);
}

static int parse_group(struct parser *p, struct node **out)
{
	size_t opened = p->t.begin;
	int code = advance(p);
	if (!code)
		code = parse_or(p, out);
	if (!code && p->t.kind == T_COMMA)
		return FAIL(p, p->t.begin, "a list stands behind in");
	if (!code)
		code = expect(p, T_CLOSE, ")", opened);
	if (!code)
		(*out)->parenthesized = true;
	return code;
}

static int parse_primary(struct parser *p, struct node **out)
{
	int code;
	switch (p->t.kind) {
	case T_NUMBER:
	case T_DURATION:
	case T_STRING:
		return parse_constant(p, p->t.value, out);
	case T_SLASH:
	case T_SLASHES:
		code = lex_pattern(&p->lexer, &p->t);
		return code ? code : parse_constant(p, p->t.value, out);
	case T_META:
		return parse_meta(p, out);
	case T_NAME:
		return parse_word(p, out);
	case T_OPEN:
		return parse_group(p, out);
	case T_END:
		return FAIL(p, p->t.begin, "an operand is wanted at the end");
	case T_CLOSE:
		return FAIL(p, p->t.begin, "an operand is wanted before )");
	case T_OPEN_LIST:
		return FAIL(p, p->t.begin, "a list stands behind in");
	default:
		return FAIL(p, p->t.begin, "an operand is wanted before %.*s", (int)(p->t.end - p->t.begin),
			    p->x->text + p->t.begin);
	}
}

/* `(...)[0]`, `split(...)[1].x`; the path of a field is part of its token. */
static int parse_postfix(struct parser *p, struct node **out)
{
	int code = parse_primary(p, out);
	if (code || (*out)->literal || ((*out)->op == OP_FIELD && !(*out)->parenthesized))
		return code;
	size_t begin = p->last_end, end = begin;
	p->lexer.from_end = function_is_split((*out)->function);
	for (size_t step = begin; !code; end = step) {
		code = lex_path_step(&p->lexer, end, &step);
		if (step == end)
			break;
	}
	p->lexer.from_end = false;
	if (code || end == begin)
		return code;
	struct node *n = node_with(p->x, OP_PATH, (*out)->begin, end, out, 1);
	n->path = p->x->text + begin;
	n->path_len = (uint32_t)(end - begin);
	*out = n;
	p->t.end = p->lexer.at = end;
	code = advance(p);
	return code ? code : node_check(p->x, *out, p->lexer.e);
}

/* A minus before the digits belongs to the number: -9223372036854775808 is one. */
static int parse_negative(struct parser *p, size_t minus, struct node **out)
{
	const char *text = p->x->text;
	number_read(text + minus, text + p->x->len, &p->t.value);
	p->t.begin = minus;
	return parse_postfix(p, out);
}

static int parse_unary(struct parser *p, struct node **out)
{
	struct token t = p->t;
	if (t.kind != T_MINUS && t.kind != T_NOT)
		return parse_postfix(p, out);
	if (p->nesting == NESTING_MAX)
		return FAIL(p, t.begin, "nested more than %d deep", NESTING_MAX);
	int code = advance(p);
	if (code)
		return code;
	if (t.kind == T_MINUS && p->t.kind == T_NUMBER && p->t.begin == t.end)
		return parse_negative(p, t.begin, out);
	p->nesting++;
	code = parse_unary(p, out);
	p->nesting--;
	if (code)
		return code;
	return finish(p, t.kind == T_MINUS ? OP_NEGATE : OP_NOT, t.begin,
		      &(struct list){.items = (struct node *[]){*out}, .count = 1}, out);
}

/* -- operators, from the tightest -- */

static int parse_product(struct parser *p, struct node **out)
{
	int code = parse_unary(p, out);
	while (!code) {
		enum op op = p->t.kind == T_STAR ? OP_MUL : p->t.kind == T_SLASH ? OP_DIV
			   : p->t.kind == T_SLASHES ? OP_FLOOR_DIV : OP_MOD;
		if (op == OP_MOD && p->t.kind != T_PERCENT)
			break;
		struct node *right;
		code = advance(p);
		if (!code)
			code = parse_unary(p, &right);
		if (!code)
			code = binary(p, op, *out, right, out);
	}
	return code;
}

static int parse_sum(struct parser *p, struct node **out)
{
	int code = parse_product(p, out);
	while (!code && (p->t.kind == T_PLUS || p->t.kind == T_MINUS)) {
		enum op op = p->t.kind == T_PLUS ? OP_ADD : OP_SUB;
		struct node *right;
		code = advance(p);
		if (!code)
			code = parse_product(p, &right);
		if (!code)
			code = binary(p, op, *out, right, out);
	}
	return code;
}

/* A chain of one operator, as one node. */
static int parse_chain(struct parser *p, enum token_kind token, enum op op,
		       int (*operand)(struct parser *, struct node **), struct node **out)
{
	struct list all = {0};
	int code = operand(p, out);
	if (code || p->t.kind != token)
		return code;
	list_add(p, &all, *out);
	while (!code && p->t.kind == token) {
		struct node *next;
		code = advance(p);
		if (!code)
			code = operand(p, &next);
		if (!code)
			list_add(p, &all, next);
	}
	return code ? code : finish(p, op, all.items[0]->begin, &all, out);
}

static int parse_default(struct parser *p, struct node **out)
{
	return parse_chain(p, T_DEFAULT, OP_DEFAULT, parse_sum, out);
}

static int parse_in(struct parser *p, struct node **out)
{
	struct list all = {0};
	size_t at;
	list_add(p, &all, *out);
	int code = advance(p);
	if (code)
		return code;
	at = p->t.begin;
	if (p->t.kind != T_OPEN && p->t.kind != T_OPEN_LIST)
		return FAIL(p, at, "a list is wanted behind in: (1, 2) or [1, 2]");
	code = parse_list(p, p->t.kind == T_OPEN ? T_CLOSE : T_CLOSE_LIST, &all);
	if (code)
		return code;
	if (all.count < 2)
		return FAIL(p, at, "the list behind in is empty");
	return finish(p, OP_IN, all.items[0]->begin, &all, out);
}

static bool is_comparison(const struct token *t)
{
	return (t->kind >= T_EQ && t->kind <= T_NO_MATCH) || is_word(t, "in");
}

static int parse_comparison(struct parser *p, struct node **out)
{
	int code = parse_default(p, out);
	if (code || !is_comparison(&p->t))
		return code;
	if ((*out)->op == OP_NOT && !(*out)->parenthesized)
		return FAIL(p, (*out)->begin, "! binds to the operand alone; write !(...) around the comparison");
	if (p->t.kind == T_NAME) {
		code = parse_in(p, out);
	} else {
		enum op op = p->t.kind >= T_MATCH ? OP_MATCH + (p->t.kind - T_MATCH) : OP_EQ + (p->t.kind - T_EQ);
		struct node *right;
		code = advance(p);
		if (!code)
			code = parse_default(p, &right);
		if (!code)
			code = binary(p, op, *out, right, out);
	}
	if (!code && is_comparison(&p->t))
		return FAIL(p, p->t.begin, "comparisons do not chain; join them with &&");
	return code;
}

static int parse_and(struct parser *p, struct node **out)
{
	return parse_chain(p, T_AND, OP_AND, parse_comparison, out);
}

static int parse_or(struct parser *p, struct node **out)
{
	if (p->nesting == NESTING_MAX)
		return FAIL(p, p->t.begin, "nested more than %d deep", NESTING_MAX);
	p->nesting++;
	int code = parse_chain(p, T_OR, OP_OR, parse_and, out);
	p->nesting--;
	return code;
}

/* A token that can't go on an expression: is it one that somebody took for an operator? */
static int check_end(struct parser *p)
{
	const char *meant = foreign_word(&p->t);
	if (meant)
		return FAIL(p, p->t.begin, "%s is written %s", p->t.name, meant);
	if (p->t.kind == T_ASSIGN)
		return FAIL(p, p->t.begin, "= does not compare; did you mean ==?");
	if (p->t.kind == T_OPEN_LIST)
		return FAIL(p, p->t.begin, "a path follows its name without a blank");
	if (begins_operand(&p->t))
		return FAIL(p, p->t.begin, "an operator is wanted before %.*s", (int)(p->t.end - p->t.begin),
			    p->x->text + p->t.begin);
	return OK;
}

int parse_part(const char *text, size_t len, size_t *at, bool (*is_aggregate)(const char *name, size_t len),
	       struct expr **out, struct error *e)
{
	*out = NULL;
	if (len > TEXT_MAX)
		return error_set(e, ERR_USAGE, "an expression has at most %d bytes", TEXT_MAX);
	struct expr *x = expr_new(text, len);
	struct parser p = {.x = x, .is_aggregate = is_aggregate};
	p.lexer = (struct lexer){.text = x->text, .len = len, .at = *at, .arena = &x->arena, .e = e};
	int code = advance(&p);
	if (!code && p.t.kind == T_END)
		code = FAIL(&p, p.t.begin, "an expression is wanted");
	if (!code)
		code = parse_or(&p, &x->root);
	if (!code)
		code = check_end(&p);
	if (!code && x->root->pattern)
		code = FAIL(&p, x->root->begin, "a pattern alone is no value; write field =~ /pattern/");
	if (code) {
		expr_free(x);
		return code;
	}
	*at = p.t.begin;
	*out = x;
	return OK;
}

int expr_parse(const char *text, size_t len, struct expr **out, struct error *e)
{
	size_t at = 0;
	int code = parse_part(text, len, &at, NULL, out, e);
	if (code || at == len)
		return code;
	char c = text[at];
	expr_free(*out);
	*out = NULL;
	return text_error(text, len, at, e, c == ')' || c == ']' ? "%c closes nothing" : "the expression ends before %c", c);
}
