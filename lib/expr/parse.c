#include "expr/parse.h"

#include "expr/parser.h"

/* Makes a node that reaches from `begin` to the last token. */
static int finish(struct parser *p, enum op op, size_t begin, const struct node_list *args, struct node **out)
{
	struct node *n = node_with(p->x, op, begin, p->last_end, args->items, args->count);
	if (n->height > HEIGHT_MAX)
		return PARSE_FAIL(p, begin, "this expression has more than %d operations in a row; take it apart",
				  HEIGHT_MAX);
	*out = n;
	return node_check(p->x, *out, p->lexer.e);
}

static int binary(struct parser *p, enum op op, struct node *left, struct node *right, struct node **out)
{
	return finish(p, op, left->begin, &(struct node_list){.items = (struct node *[]){left, right}, .count = 2},
		      out);
}

/* A minus before the digits belongs to the number: -9223372036854775808 is one. */
static int parse_negative(struct parser *p, size_t minus, struct node **out)
{
	const char *text = p->x->text;
	number_read(text + minus, text + p->x->len, &p->t.value);
	p->t.begin = minus;
	return parse_operand(p, out);
}

static int parse_unary(struct parser *p, struct node **out)
{
	struct token t = p->t;
	if (t.kind != T_MINUS && t.kind != T_NOT)
		return parse_operand(p, out);
	if (p->nesting == NESTING_MAX)
		return PARSE_FAIL(p, t.begin, "nested more than %d deep", NESTING_MAX);
	int code = parser_advance(p);
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
		      &(struct node_list){.items = (struct node *[]){*out}, .count = 1}, out);
}

/* -- operators, from the tightest -- */

static int parse_product(struct parser *p, struct node **out)
{
	int code = parse_unary(p, out);
	while (!code) {
		enum op op = p->t.kind == T_STAR      ? OP_MUL
			     : p->t.kind == T_SLASH   ? OP_DIV
			     : p->t.kind == T_SLASHES ? OP_FLOOR_DIV
						      : OP_MOD;
		if (op == OP_MOD && p->t.kind != T_PERCENT)
			break;
		struct node *right;
		code = parser_advance(p);
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
		code = parser_advance(p);
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
	struct node_list all = {0};
	int code = operand(p, out);
	if (code || p->t.kind != token)
		return code;
	node_list_add(p, &all, *out);
	while (!code && p->t.kind == token) {
		struct node *next;
		code = parser_advance(p);
		if (!code)
			code = operand(p, &next);
		if (!code)
			node_list_add(p, &all, next);
	}
	return code ? code : finish(p, op, all.items[0]->begin, &all, out);
}

static int parse_default(struct parser *p, struct node **out)
{
	return parse_chain(p, T_DEFAULT, OP_DEFAULT, parse_sum, out);
}

static int parse_in(struct parser *p, struct node **out)
{
	struct node_list all = {0};
	size_t at;
	node_list_add(p, &all, *out);
	int code = parser_advance(p);
	if (code)
		return code;
	at = p->t.begin;
	if (p->t.kind != T_OPEN && p->t.kind != T_OPEN_LIST)
		return PARSE_FAIL(p, at, "a list is wanted behind in: (1, 2) or [1, 2]");
	code = parse_list(p, p->t.kind == T_OPEN ? T_CLOSE : T_CLOSE_LIST, &all);
	if (code)
		return code;
	if (all.count < 2)
		return PARSE_FAIL(p, at, "the list behind in is empty");
	return finish(p, OP_IN, all.items[0]->begin, &all, out);
}

static bool is_comparison(const struct token *t)
{
	return (t->kind >= T_EQ && t->kind <= T_NO_MATCH) || token_is_word(t, "in");
}

static int parse_comparison(struct parser *p, struct node **out)
{
	int code = parse_default(p, out);
	if (code || !is_comparison(&p->t))
		return code;
	if ((*out)->op == OP_NOT && !(*out)->parenthesized)
		return PARSE_FAIL(p, (*out)->begin, "! binds to the operand alone; write !(...) around the comparison");
	if (p->t.kind == T_NAME) {
		code = parse_in(p, out);
	} else {
		enum op op = p->t.kind >= T_MATCH ? OP_MATCH + (p->t.kind - T_MATCH) : OP_EQ + (p->t.kind - T_EQ);
		struct node *right;
		code = parser_advance(p);
		if (!code)
			code = parse_default(p, &right);
		if (!code)
			code = binary(p, op, *out, right, out);
	}
	if (!code && is_comparison(&p->t))
		return PARSE_FAIL(p, p->t.begin, "comparisons do not chain; join them with &&");
	return code;
}

static int parse_and(struct parser *p, struct node **out)
{
	return parse_chain(p, T_AND, OP_AND, parse_comparison, out);
}

int parse_expression(struct parser *p, struct node **out)
{
	if (p->nesting == NESTING_MAX)
		return PARSE_FAIL(p, p->t.begin, "nested more than %d deep", NESTING_MAX);
	p->nesting++;
	int code = parse_chain(p, T_OR, OP_OR, parse_and, out);
	p->nesting--;
	return code;
}

/* What stands behind a word that is an operator elsewhere; NULL if it is none. */
static const char *foreign_word(const struct token *t)
{
	static const char *const words[][2] = {
		{"and", "&&"},
		{"AND", "&&"},
		{"or", "||"},
		{"OR", "||"},
		{"not", "!"},
		{"NOT", "!"},
		{"is", "== (x == null)"},
		{"IS", "== (x == null)"},
		{"eq", "=="},
		{"ne", "!="},
		{"like", "=~ /pattern/"},
		{"LIKE", "=~ /pattern/"},
		{"matches", "=~ /pattern/"},
		{"div", "//"},
		{"mod", "%"},
		{"IN", "in"},
		{"between", "x >= a && x <= b"},
		{"BETWEEN", "x >= a && x <= b"},
		{"then", "if(condition, then, else)"},
		{"contains", "contains(s, t)"},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (token_is_word(t, words[i][0]))
			return words[i][1];
	return NULL;
}

/* A token that can't go on an expression: is it one that somebody took for an operator? */
static int check_end(struct parser *p)
{
	const char *meant = foreign_word(&p->t);
	if (meant)
		return PARSE_FAIL(p, p->t.begin, "%s is written %s", p->t.name, meant);
	if (p->t.kind == T_ASSIGN)
		return PARSE_FAIL(p, p->t.begin, "= does not compare; did you mean ==?");
	if (p->t.kind == T_OPEN_LIST)
		return PARSE_FAIL(p, p->t.begin, "a path follows its name without a blank");
	if (token_begins_operand(&p->t))
		return PARSE_FAIL(p, p->t.begin, "an operator is wanted before %.*s", (int)(p->t.end - p->t.begin),
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
	int code = parser_advance(&p);
	if (!code && p.t.kind == T_END)
		code = PARSE_FAIL(&p, p.t.begin, "an expression is wanted");
	if (!code)
		code = parse_expression(&p, &x->root);
	if (!code)
		code = check_end(&p);
	if (!code && x->root->pattern)
		code = PARSE_FAIL(&p, x->root->begin, "a pattern alone is no value; write field =~ /pattern/");
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
	return text_error(text, len, at, e,
			  c == ')' || c == ']' ? "%c closes nothing" : "the expression ends before %c", c);
}
