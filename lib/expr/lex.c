#include "expr/lex.h"

#include <string.h>

#include "base/opt.h"
#include "base/units.h"
#include "expr/lex_private.h"
#include "record/batch.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The decimal point or digit that a number can't go on with. */
static int number_rest(struct lexer *l, const struct token *t)
{
	char c = lex_peek(l, t->end);
	if (is_digit(c))
		return LEX_FAIL(l, t->begin, "a number does not begin with 0; for text write it in quotes");
	if (c == '.')
		return LEX_FAIL(l, t->end, "digits are wanted behind the decimal point; for text write it in quotes");
	return OK;
}

static int lex_duration(struct lexer *l, struct token *t)
{
	t->end = word_end(l, t->end);
	struct error why;
	int64_t ns;
	if (duration_parse(l->text + t->begin, t->end - t->begin, &ns, &why))
		return LEX_FAIL(l, t->begin, "%s", why.text);
	unsigned scale = 9;
	for (; scale && ns % 10 == 0; scale--)
		ns /= 10;
	t->kind = T_DURATION;
	t->value = value_decimal(ns, scale);
	return OK;
}

static int lex_number(struct lexer *l, struct token *t)
{
	const char *p = l->text + t->begin, *end = number_read(p, l->text + l->len, &t->value);
	if (!end)
		return LEX_FAIL(l, t->begin, "no number");
	t->kind = T_NUMBER;
	t->end = t->begin + (size_t)(end - p);
	if (is_letter(lex_peek(l, t->end)))
		return lex_duration(l, t);
	return number_rest(l, t);
}

static int lex_index(struct lexer *l, size_t at, size_t *end)
{
	size_t p = at + 1;
	if (lex_peek(l, p) == '-' && l->from_end)
		p++;
	size_t digits = p;
	while (is_digit(lex_peek(l, p)))
		p++;
	if (p == digits || lex_peek(l, p) != ']')
		return LEX_FAIL(l, at, "a number from 0 and ] are wanted behind [; a key is written .key or .`key`");
	*end = p + 1;
	return OK;
}

int lex_path_step(struct lexer *l, size_t at, size_t *end)
{
	*end = at;
	if (lex_peek(l, at) == '[')
		return lex_index(l, at, end);
	if (lex_peek(l, at) != '.')
		return OK;
	if (lex_peek(l, at + 1) != '`') {
		*end = word_end(l, at + 1);
		return *end > at + 1 ? OK : LEX_FAIL(l, at, "a name is wanted behind the dot");
	}
	const char *close = memchr(l->text + at + 2, '`', l->len - at - 2);
	if (!close)
		return LEX_FAIL(l, at + 1, "the name that begins here is not closed by another `");
	*end = (size_t)(close - l->text) + 1;
	return OK;
}

/* `name` with its backquotes removed, a doubled one inside standing for itself; *end is behind it. */
static int lex_quoted(struct lexer *l, struct token *t, char *out)
{
	size_t at = t->begin + 1, n = 0;
	for (;; at++) {
		if (at >= l->len)
			return LEX_FAIL(l, t->begin, "the name that begins here is not closed by another `");
		if (l->text[at] == '`' && lex_peek(l, ++at) != '`')
			break;
		out[n++] = l->text[at];
	}
	t->root_len = n;
	t->quoted = true;
	t->end = at;
	return n ? OK : LEX_FAIL(l, t->begin, "a name is wanted between the backquotes");
}

static int lex_name(struct lexer *l, struct token *t)
{
	char *name = arena_alloc(l->arena, l->len - t->begin + 1);
	int code = OK;
	t->kind = T_NAME;
	if (l->text[t->begin] == '`') {
		code = lex_quoted(l, t, name);
	} else {
		t->end = word_end(l, t->begin);
		t->root_len = t->end - t->begin;
		memcpy(name, l->text + t->begin, t->root_len);
	}
	size_t path = t->end;
	for (size_t step = path; !code; t->end = step) {
		code = lex_path_step(l, t->end, &step);
		if (step == t->end)
			break;
	}
	if (code)
		return code;
	memcpy(name + t->root_len, l->text + path, t->end - path);
	t->name = name;
	t->name_len = t->root_len + t->end - path;
	name[t->name_len] = 0;
	return OK;
}

static int lex_meta(struct lexer *l, struct token *t)
{
	t->kind = T_META;
	t->end = word_end(l, t->begin + 1);
	t->name_len = t->root_len = t->end - t->begin;
	t->name = arena_copy(l->arena, l->text + t->begin, t->name_len);
	if (meta_find(t->name, t->name_len) >= 0)
		return OK;
	const char *near = nearest_word(t->name, t->name_len, meta_names, META_COUNT);
	if (near)
		return LEX_FAIL(l, t->begin, "there is no %s; did you mean %s?", t->name, near);
	return LEX_FAIL(l, t->begin, "there is no %s; a field of that name is written `%s`", t->name, t->name);
}

/* The longer before those that they begin with. `hint`: what others write, and what it is here. */
static const struct operator
{
	char text[4];
	enum token_kind kind;
	const char *hint;
}
operators[] = {
	{"===", T_END, "did you mean ==?"},
	{"!==", T_END, "did you mean !=?"},
	{"==", T_EQ, NULL},
	{"=~", T_MATCH, NULL},
	{"=>", T_END, "did you mean >=?"},
	{"=<", T_END, "did you mean <=?"},
	{"=", T_ASSIGN, NULL},
	{"!=", T_NE, NULL},
	{"!~", T_NO_MATCH, NULL},
	{"!", T_NOT, NULL},
	{"<=", T_LE, NULL},
	{"<>", T_END, "did you mean !=?"},
	{"<", T_LT, NULL},
	{">=", T_GE, NULL},
	{">", T_GT, NULL},
	{"&&", T_AND, NULL},
	{"&", T_END, "did you mean &&?"},
	{"||", T_OR, NULL},
	{"|", T_END, "did you mean ||?"},
	{"??", T_DEFAULT, NULL},
	{"?", T_END, "a choice is written if(condition, then, else)"},
	{"+", T_PLUS, NULL},
	{"-", T_MINUS, NULL},
	{"**", T_END, "a power is written pow(x, y)"},
	{"^", T_END, "a power is written pow(x, y)"},
	{"*", T_STAR, NULL},
	{"//", T_SLASHES, NULL},
	{"/", T_SLASH, NULL},
	{"%", T_PERCENT, NULL},
	{"(", T_OPEN, NULL},
	{")", T_CLOSE, NULL},
	{"[", T_OPEN_LIST, NULL},
	{"]", T_CLOSE_LIST, NULL},
	{",", T_COMMA, NULL},
	{"~", T_END, "a match is written =~"},
	{"$", T_END, "a field is written without $"},
	{".", T_END, "a number begins with a digit (0.5), a field with its name"},
	{";", T_END, "an expression ends here; several are several operands"},
};

static int lex_operator(struct lexer *l, struct token *t)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		size_t n = strlen(operators[i].text);
		if (l->len - t->begin < n || memcmp(l->text + t->begin, operators[i].text, n))
			continue;
		t->kind = operators[i].kind;
		t->end = t->begin + n;
		if (operators[i].hint)
			return LEX_FAIL(l, t->begin, "%s is no operator here: %s", operators[i].text,
					operators[i].hint);
		return OK;
	}
	unsigned char c = (unsigned char)l->text[t->begin];
	if (c > ' ' && c < 0x7f)
		return LEX_FAIL(l, t->begin, "%c has no meaning here; a name that has it is written in backquotes", c);
	return LEX_FAIL(l, t->begin, "the byte 0x%02x has no meaning here", c);
}

static int lex_token(struct lexer *l, struct token *t)
{
	char c = l->text[t->begin];
	if (is_digit(c))
		return lex_number(l, t);
	if (c == '"' || c == '\'')
		return lex_string(l, t);
	if (is_letter(c) || c == '`')
		return lex_name(l, t);
	if (c == '@')
		return lex_meta(l, t);
	return lex_operator(l, t);
}

int lex_next(struct lexer *l, struct token *t)
{
	while (l->at < l->len && is_blank(l->text[l->at]))
		l->at++;
	*t = (struct token){.kind = T_END, .begin = l->at, .end = l->at};
	if (l->at >= l->len)
		return OK;
	int code = lex_token(l, t);
	l->at = t->end;
	return code;
}
