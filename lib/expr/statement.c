/* Operands: `NAME = EXPR`, `NAME = FUNC(ARGS)`, and lists of them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "expr/lex.h"
#include "expr/node.h"
#include "expr/parse.h"

typedef bool (*is_aggregate)(const char *name, size_t len);

struct reader {
	const char *text;
	size_t len, at;
	is_aggregate aggregate;
	struct arena arena; /* for tokens */
	struct error *e;
};

static int token_at(struct reader *r, size_t *at, struct token *t)
{
	struct lexer l = {.text = r->text, .len = r->len, .at = *at, .arena = &r->arena, .e = r->e};
	int code = lex_next(&l, t);
	*at = l.at;
	return code;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const char *text, size_t len, size_t at)
{
	return at < len ? text[at] : 0;
}

/* The end of what could be meant as a name of which the lexer makes more than one token: `user-agent`, `5xx`. */
static size_t loose_name_end(const char *text, size_t len, size_t at)
{
	while (at < len) {
		unsigned char c = (unsigned char)text[at];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
		if (!letter && c != '_' && c != '-' && c != '.' && c != '@')
			break;
		at++;
	}
	return at;
}

static bool assigns_at(const char *text, size_t len, size_t at)
{
	while (is_blank(peek(text, len, at)))
		at++;
	return peek(text, len, at) == '=' && !strchr("=~", peek(text, len, at + 1) ? peek(text, len, at + 1) : ' ');
}

/* Takes `NAME =`, if that is what comes. */
static int read_name(struct reader *r, struct statement *out)
{
	struct token name;
	size_t at = r->at;
	while (is_blank(peek(r->text, r->len, at)))
		at++;
	size_t loose = loose_name_end(r->text, r->len, at);
	if (loose > at && assigns_at(r->text, r->len, loose)) {
		size_t end = at;
		if (token_at(r, &end, &name) || (name.kind != T_NAME && name.kind != T_META) || end != loose)
			return text_error(r->text, r->len, at, r->e, "this name is written in backquotes: `%.*s`",
					  (int)(loose - at), r->text + at);
	} else if (peek(r->text, r->len, at) != '`' || token_at(r, &at, &name) || !assigns_at(r->text, r->len, at)) {
		r->e->code = OK; /* whoever reads the expression says what is wrong */
		return OK;
	}
	if (name.quoted && name.root_len != name.name_len)
		return text_error(r->text, r->len, name.begin, r->e,
				  "a field is assigned as a whole, not a part of it");
	out->name = mem_copy(name.name, name.name_len);
	r->at = (size_t)(strchr(r->text + name.end, '=') - r->text) + 1;
	return OK;
}

static int add_arg(struct reader *r, struct statement *out)
{
	struct expr *x;
	int code = parse_part(r->text, r->len, &r->at, r->aggregate, &x, r->e);
	if (code)
		return code;
	out->args = mem_resize(out->args, out->arg_count + 1, sizeof(struct expr *));
	out->args[out->arg_count++] = x;
	return OK;
}

/* (ARGS) behind an aggregate's name; r->at stands behind the bracket. */
static int read_args(struct reader *r, size_t opened, struct statement *out)
{
	struct token t;
	size_t at = r->at;
	int code = token_at(r, &at, &t);
	if (!code && t.kind == T_CLOSE) {
		r->at = at;
		return OK;
	}
	while (!code) {
		code = add_arg(r, out);
		if (!code)
			code = token_at(r, &r->at, &t);
		if (code)
			return code;
		if (t.kind == T_CLOSE)
			return OK;
		if (t.kind == T_END)
			return text_error(r->text, r->len, opened, r->e, "what is opened here is not closed by )");
		if (t.kind != T_COMMA)
			return text_error(r->text, r->len, t.begin, r->e, ", or ) is wanted here");
	}
	return code;
}

/* Takes FUNC or FUNC(ARGS), if it is an aggregate. */
static int read_aggregate(struct reader *r, struct statement *out)
{
	struct token name, next = {.kind = T_END};
	size_t at = r->at;
	if (!r->aggregate || token_at(r, &at, &name) || name.kind != T_NAME || name.quoted ||
	    name.name_len != name.root_len || !r->aggregate(name.name, name.name_len)) {
		r->e->code = OK;
		return OK;
	}
	size_t behind = at;
	int code = token_at(r, &behind, &next);
	if (code)
		return code;
	if (next.kind == T_OPEN) {
		r->at = at = behind;
		code = read_args(r, next.begin, out);
		behind = r->at;
		if (!code)
			code = token_at(r, &behind, &next);
	}
	if (code)
		return code;
	if (next.kind != T_END && next.kind != T_COMMA)
		return text_error(r->text, r->len, next.begin, r->e,
				  "%s is an aggregate and stands alone; stream-map computes with its result",
				  name.name);
	r->at = next.begin;
	out->function = mem_copy(name.name, name.name_len);
	return OK;
}

/* The text between, without blanks around it. */
static const char *trimmed(const char *text, size_t begin, size_t end)
{
	while (begin < end && is_blank(text[begin]))
		begin++;
	while (begin < end && is_blank(text[end - 1]))
		end--;
	return mem_copy(text + begin, end - begin);
}

static int read_statement(struct reader *r, struct statement *out)
{
	*out = (struct statement){0};
	int code = read_name(r, out);
	size_t begin = r->at;
	if (!code)
		code = read_aggregate(r, out);
	if (!code && !out->function)
		code = parse_part(r->text, r->len, &r->at, r->aggregate, &out->value, r->e);
	if (code) {
		statement_release(out);
		return code;
	}
	out->text = trimmed(r->text, begin, r->at);
	return OK;
}

void statement_release(struct statement *s)
{
	for (size_t i = 0; i < s->arg_count; i++)
		expr_free(s->args[i]);
	expr_free(s->value);
	free((char *)s->name);
	free((char *)s->function);
	free((char *)s->text);
	free(s->args);
	*s = (struct statement){0};
}

static int unexpected(struct reader *r)
{
	char c = r->text[r->at];
	return text_error(r->text, r->len, r->at, r->e,
			  c == ')' || c == ']' ? "%c closes nothing" : "the expression ends before %c", c);
}

int statement_parse(const char *text, is_aggregate aggregate, struct statement *out, struct error *e)
{
	struct error own;
	struct reader r = {.text = text, .len = strlen(text), .aggregate = aggregate, .e = e ? e : &own};
	int code = read_statement(&r, out);
	if (!code && r.at < r.len) {
		code = unexpected(&r);
		statement_release(out);
	}
	arena_release(&r.arena);
	return code;
}

void statement_list_release(struct statement *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		statement_release(&list[i]);
	free(list);
}

int statement_list_parse(const char *text, is_aggregate aggregate, struct statement **out, size_t *count,
			 struct error *e)
{
	struct error own;
	struct reader r = {.text = text, .len = strlen(text), .aggregate = aggregate, .e = e ? e : &own};
	struct statement *list = NULL;
	size_t n = 0;
	int code = OK;
	do {
		list = mem_resize(list, n + 1, sizeof *list);
		code = read_statement(&r, &list[n]);
		n += !code;
		if (!code && r.at < r.len && text[r.at] != ',')
			code = unexpected(&r);
	} while (!code && r.at++ < r.len);
	arena_release(&r.arena);
	if (code) {
		statement_list_release(list, n);
		list = NULL;
		n = 0;
	}
	*out = list;
	*count = n;
	return code;
}

bool statement_looks_like(const char *operand)
{
	size_t len = strlen(operand), at = 0;
	while (is_blank(operand[at]))
		at++;
	size_t begin = at;
	bool quoted = operand[at] == '`';
	if (quoted) {
		const char *close = strchr(operand + at + 1, '`');
		if (!close)
			return false;
		at = (size_t)(close - operand) + 1;
	} else {
		at = loose_name_end(operand, len, at);
	}
	/* A file may be called so: only blanks make `a-b =` an assignment. */
	bool plain =
		quoted || (!memchr(operand + begin, '-', at - begin) && (operand[begin] < '0' || operand[begin] > '9'));
	if (at == begin)
		return false;
	if (operand[at] == '(')
		return plain;
	if (operand[at] == '=')
		return plain;
	while (is_blank(operand[at]))
		at++;
	return operand[at] == '=';
}
