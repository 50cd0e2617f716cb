/* Strings and patterns. */
#include <string.h>

#include "expr/lex.h"
#include "expr/lex_private.h"
#include "expr/utf8.h"

/* Four hexadecimal digits at `at`, or -1. */
static int32_t hex4(const struct lexer *l, size_t at)
{
	int32_t code = 0;
	for (size_t i = at; i < at + 4; i++) {
		char c = lex_peek(l, i);
		int digit = is_digit(c)            ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
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
		return LEX_FAIL(l, *at, "\\u wants four hexadecimal digits");
	*at += 6;
	if (code >= 0xd800 && code < 0xdc00 && lex_peek(l, *at) == '\\' && lex_peek(l, *at + 1) == 'u') {
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
	char c = lex_peek(l, *at + 1);
	if (c == 'u')
		return lex_unicode(l, at, out);
	const char *found = c ? strchr(names, c) : NULL;
	if (!found)
		return LEX_FAIL(l, *at,
				"\\%c is no escape in a string; a pattern stands in slashes, a backslash is \\\\",
				c >= ' ' && c < 0x7f ? c : '?');
	*(*out)++ = bytes[found - names];
	*at += 2;
	return OK;
}

int lex_string(struct lexer *l, struct token *t)
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
		return LEX_FAIL(l, t->begin, "the string that begins here is not closed by another %c", quote);
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
	if (lex_peek(l, at) == '^')
		at++;
	if (lex_peek(l, at) == ']')
		at++;
	for (; at < l->len && l->text[at] != ']'; at++) {
		if (l->text[at] == '\\') {
			at++;
		} else if (l->text[at] == '[' && lex_peek(l, at + 1) == ':') {
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
			return LEX_FAIL(l, t->end, "behind a pattern stand its flags, which are i, m, s and x");
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
		return LEX_FAIL(l, t->begin, "the pattern that begins here is not closed by another slash");
	t->kind = T_PATTERN;
	t->value = value_string(arena_copy(l->arena, l->text + begin, at - begin), at - begin);
	t->end = at + 1;
	int code = lex_flags(l, t);
	l->at = t->end;
	return code;
}
