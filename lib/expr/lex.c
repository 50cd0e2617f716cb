#include "expr/lex.h"

#include <string.h>

#include "base/opt.h"
#include "base/units.h"
#include "expr/node.h"
#include "expr/utf8.h"
#include "record/batch.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static char peek(const struct lexer *l, size_t at)
{
	return at < l->len ? l->text[at] : 0;
}

#define FAIL(l, at, ...) text_error((l)->text, (l)->len, at, (l)->e, __VA_ARGS__)

static size_t word_end(const struct lexer *l, size_t at)
{
	while (is_letter(peek(l, at)) || is_digit(peek(l, at)))
		at++;
	return at;
}

/* The decimal point or digit that a number can't go on with. */
static int number_rest(struct lexer *l, const struct token *t)
{
	char c = peek(l, t->end);
	if (is_digit(c))
		return FAIL(l, t->begin, "a number does not begin with 0; for text write it in quotes");
	if (c == '.')
		return FAIL(l, t->end, "digits are wanted behind the decimal point; for text write it in quotes");
	return OK;
}

static int lex_duration(struct lexer *l, struct token *t)
{
	t->end = word_end(l, t->end);
	struct error why;
	int64_t ns;
	if (duration_parse(l->text + t->begin, t->end - t->begin, &ns, &why))
		return FAIL(l, t->begin, "%s", why.text);
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
		return FAIL(l, t->begin, "no number");
	t->kind = T_NUMBER;
	t->end = t->begin + (size_t)(end - p);
	if (is_letter(peek(l, t->end)))
		return lex_duration(l, t);
	return number_rest(l, t);
}

/* Four hexadecimal digits at `at`, or -1. */
static int32_t hex4(const struct lexer *l, size_t at)
{
	int32_t code = 0;
	for (size_t i = at; i < at + 4; i++) {
		char c = peek(l, i);
		int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* \u at `at`, with the surrogate behind it if it is half of a pair; a lone one stays, as its three bytes. */
static int lex_unicode(struct lexer *l, size_t *at, char **out)
{
	int32_t code = hex4(l, *at + 2);
	if (code < 0)
		return FAIL(l, *at, "\\u wants four hexadecimal digits");
	*at += 6;
	if (code >= 0xd800 && code < 0xdc00 && peek(l, *at) == '\\' && peek(l, *at + 1) == 'u') {
		int32_t low = hex4(l, *at + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			*at += 6;
		}
	}
	*out += utf8_put((uint32_t)code, *out);
	return OK;
}

static int lex_escape(struct lexer *l, size_t *at, char **out)
{
	static const char names[] = "\"'\\/bfnrt", bytes[] = "\"'\\/\b\f\n\r\t";
	char c = peek(l, *at + 1);
	if (c == 'u')
		return lex_unicode(l, at, out);
	const char *found = c ? strchr(names, c) : NULL;
	if (!found)
		return FAIL(l, *at, "\\%c is no escape in a string; a pattern stands in slashes, a backslash is \\\\",
			    c >= ' ' && c < 0x7f ? c : '?');
	*(*out)++ = bytes[found - names];
	*at += 2;
	return OK;
}

static int lex_string(struct lexer *l, struct token *t)
{
	char quote = l->text[t->begin];
	/* Decoding never makes it longer. */
	char *text = arena_alloc(l->arena, l->len - t->begin + 1), *out = text;
	size_t at = t->begin + 1;
	while (at < l->len && l->text[at] != quote) {
		if (l->text[at] != '\\') {
			*out++ = l->text[at++];
			continue;
		}
		int code = lex_escape(l, &at, &out);
		if (code)
			return code;
	}
	if (at >= l->len)
		return FAIL(l, t->begin, "the string that begins here is not closed by another %c", quote);
	*out = 0;
	t->kind = T_STRING;
	t->end = at + 1;
	t->value = value_string(text, (size_t)(out - text));
	return OK;
}

/* Behind the bracket that closes the class which begins at `at`: a slash in it ends no pattern. */
static size_t class_end(const struct lexer *l, size_t at)
{
	at++;
	if (peek(l, at) == '^')
		at++;
	if (peek(l, at) == ']')
		at++;
	for (; at < l->len && l->text[at] != ']'; at++) {
		if (l->text[at] == '\\') {
			at++;
		} else if (l->text[at] == '[' && peek(l, at + 1) == ':') {
			const char *close = memmem(l->text + at, l->len - at, ":]", 2);
			if (close)
				at = (size_t)(close - l->text) + 1;
		}
	}
	return at + 1;
}

static int lex_flags(struct lexer *l, struct token *t)
{
	size_t n = 0, end = word_end(l, t->end);
	for (; t->end < end; t->end++) {
		char c = l->text[t->end];
		if (!strchr("imsx", c) || n + 1 >= sizeof t->flags)
			return FAIL(l, t->end, "behind a pattern stand its flags, which are i, m, s and x");
		t->flags[n++] = c;
	}
	t->flags[n] = 0;
	return OK;
}

int lex_pattern(struct lexer *l, struct token *t)
{
	size_t begin = t->begin + 1, at = begin;
	while (at < l->len && l->text[at] != '/')
		at = l->text[at] == '\\' ? at + 2 : l->text[at] == '[' ? class_end(l, at) : at + 1;
	if (at >= l->len)
		return FAIL(l, t->begin, "the pattern that begins here is not closed by another slash");
	t->kind = T_PATTERN;
	t->value = value_string(arena_copy(l->arena, l->text + begin, at - begin), at - begin);
	t->end = at + 1;
	int code = lex_flags(l, t);
	l->at = t->end;
	return code;
}

static int lex_index(struct lexer *l, size_t at, size_t *end)
{
	size_t p = at + 1;
	if (peek(l, p) == '-' && l->from_end)
		p++;
	size_t digits = p;
	while (is_digit(peek(l, p)))
		p++;
	if (p == digits || peek(l, p) != ']')
		return FAIL(l, at, "a number from 0 and ] are wanted behind [; a key is written .key or .`key`");
	*end = p + 1;
	return OK;
}

int lex_path_step(struct lexer *l, size_t at, size_t *end)
{
	*end = at;
	if (peek(l, at) == '[')
		return lex_index(l, at, end);
	if (peek(l, at) != '.')
		return OK;
	if (peek(l, at + 1) != '`') {
		*end = word_end(l, at + 1);
		return *end > at + 1 ? OK : FAIL(l, at, "a name is wanted behind the dot");
	}
	const char *close = memchr(l->text + at + 2, '`', l->len - at - 2);
	if (!close)
		return FAIL(l, at + 1, "the name that begins here is not closed by another `");
	*end = (size_t)(close - l->text) + 1;
	return OK;
}

/* `name` with its backquotes removed, a doubled one inside standing for itself; *end is behind it. */
static int lex_quoted(struct lexer *l, struct token *t, char *out)
{
	size_t at = t->begin + 1, n = 0;
	for (;; at++) {
		if (at >= l->len)
			return FAIL(l, t->begin, "the name that begins here is not closed by another `");
		if (l->text[at] == '`' && peek(l, ++at) != '`')
			break;
		out[n++] = l->text[at];
	}
	t->root_len = n;
	t->quoted = true;
	t->end = at;
	return n ? OK : FAIL(l, t->begin, "a name is wanted between the backquotes");
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
		return FAIL(l, t->begin, "there is no %s; did you mean %s?", t->name, near);
	return FAIL(l, t->begin, "there is no %s; a field of that name is written `%s`", t->name, t->name);
}

/* The longer before those that they begin with. `hint`: what others write, and what it is here. */
static const struct operator {
	char text[4];
	enum token_kind kind;
	const char *hint;
} operators[] = {
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
			return FAIL(l, t->begin, "%s is no operator here: %s", operators[i].text, operators[i].hint);
		return OK;
	}
	unsigned char c = (unsigned char)l->text[t->begin];
	if (c > ' ' && c < 0x7f)
		return FAIL(l, t->begin, "%c has no meaning here; a name that has it is written in backquotes", c);
	return FAIL(l, t->begin, "the byte 0x%02x has no meaning here", c);
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
