/* Operands: constants, fields and their paths, calls, groups. */
#include <string.h>

#include "expr/function.h"
#include "expr/parser.h"

int parser_advance(struct parser *p)
{
	p->last_end = p->t.end;
	return lex_next(&p->lexer, &p->t);
}

bool token_is_word(const struct token *t, const char *word)
{
	return t->kind == T_NAME && !t->quoted && t->name_len == strlen(word) && !memcmp(t->name, word, t->name_len);
}

bool token_begins_operand(const struct token *t)
{
	return (t->kind >= T_NUMBER && t->kind <= T_META) || t->kind == T_OPEN || t->kind == T_NOT;
}

void node_list_add(struct parser *p, struct node_list *l, struct node *n)
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

static int expect(struct parser *p, enum token_kind kind, const char *what, size_t opened)
{
	if (p->t.kind == kind)
		return parser_advance(p);
	if (p->t.kind == T_END)
		return PARSE_FAIL(p, opened, "what is opened here is not closed by %s", what);
	return PARSE_FAIL(p, p->t.begin, "%s is wanted here", what);
}

int parse_list(struct parser *p, enum token_kind close, struct node_list *l)
{
	size_t opened = p->t.begin;
	int code = parser_advance(p);
	while (!code && p->t.kind != close) {
		struct node *n;
		code = parse_expression(p, &n);
		if (code)
			break;
		node_list_add(p, l, n);
		if (p->t.kind != T_COMMA)
			break;
		code = parser_advance(p);
		if (!code && p->t.kind == close)
			return PARSE_FAIL(p, p->t.begin, "an operand is wanted behind the comma");
	}
	return code ? code : expect(p, close, close == T_CLOSE ? ")" : "]", opened);
}

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
	return code ? code : parser_advance(p);
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
			return PARSE_FAIL(p, t->begin, "a path has at most %d steps", NESTING_MAX - 1);
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
	int code = parser_advance(p);
	return code ? code : make_field(p, &name, out);
}

static int parse_call(struct parser *p, const struct token *name, struct node **out)
{
	if (p->is_aggregate && p->is_aggregate(name->name, name->name_len) && function_find(name->name, name->name_len))
		return PARSE_FAIL(p, name->begin,
				  "%s over records stands alone, as in NAME = %s(...); of values it is %s", name->name,
				  name->name, name->name[1] == 'i' ? "least(a, b)" : "greatest(a, b)");
	if (p->is_aggregate && p->is_aggregate(name->name, name->name_len))
		return PARSE_FAIL(p, name->begin, "%s is an aggregate and stands alone, as in NAME = %s(...)",
				  name->name, name->name);
	const struct function *f = function_find(name->name, name->name_len);
	if (!f) {
		char hint[128];
		function_hint(name->name, name->name_len, hint, sizeof hint);
		return PARSE_FAIL(p, name->begin, "there is no function %s%s", name->name, hint);
	}
	struct node_list args = {0};
	int code = parse_list(p, T_CLOSE, &args);
	if (code)
		return code;
	struct node *n = node_with(p->x, f->op, name->begin, p->last_end, args.items, args.count);
	n->function = f;
	*out = n;
	return node_check(p->x, *out, p->lexer.e);
}

static int parse_word(struct parser *p, struct node **out)
{
	struct token name = p->t;
	if (token_is_word(&name, "true") || token_is_word(&name, "false"))
		return parse_constant(p, value_bool(name.name[0] == 't'), out);
	if (token_is_word(&name, "null"))
		return parse_constant(p, value_null(), out);
	if (token_is_word(&name, "in"))
		return PARSE_FAIL(p, name.begin,
				  "an operand is wanted before in; a field of that name is written `in`");
	int code = parser_advance(p);
	if (code)
		return code;
	if (token_is_word(&name, "not") && token_begins_operand(&p->t))
		return PARSE_FAIL(p, name.begin, "not is written !");
	if ((token_is_word(&name, "if") || token_is_word(&name, "case")) && token_begins_operand(&p->t) &&
	    p->t.kind != T_OPEN)
		return PARSE_FAIL(p, name.begin, "%s is written if(condition, then, else)", name.name);
	if (p->t.kind == T_OPEN && !name.quoted && name.root_len == name.name_len)
		return parse_call(p, &name, out);
	return make_field(p, &name, out);
}

static int parse_group(struct parser *p, struct node **out)
{
	size_t opened = p->t.begin;
	int code = parser_advance(p);
	if (!code)
		code = parse_expression(p, out);
	if (!code && p->t.kind == T_COMMA)
		return PARSE_FAIL(p, p->t.begin, "a list stands behind in");
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
	case T_STRING: return parse_constant(p, p->t.value, out);
	case T_SLASH:
	case T_SLASHES: code = lex_pattern(&p->lexer, &p->t); return code ? code : parse_constant(p, p->t.value, out);
	case T_META: return parse_meta(p, out);
	case T_NAME: return parse_word(p, out);
	case T_OPEN: return parse_group(p, out);
	case T_END: return PARSE_FAIL(p, p->t.begin, "an operand is wanted at the end");
	case T_CLOSE: return PARSE_FAIL(p, p->t.begin, "an operand is wanted before )");
	case T_OPEN_LIST: return PARSE_FAIL(p, p->t.begin, "a list stands behind in");
	default:
		return PARSE_FAIL(p, p->t.begin, "an operand is wanted before %.*s", (int)(p->t.end - p->t.begin),
				  p->x->text + p->t.begin);
	}
}

/* `(...)[0]`, `split(...)[1].x`; the path of a field is part of its token. */
int parse_operand(struct parser *p, struct node **out)
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
	code = parser_advance(p);
	return code ? code : node_check(p->x, *out, p->lexer.e);
}
