#include "format/logfmt.h"

#include "format/cell.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code of `uXXXX` at p, or -1. */
static int32_t read_unit(const char *p, const char *end)
{
	int32_t code = 0;
	if (end - p < 5 || *p != 'u')
		return -1;
	for (int i = 1; i < 5; i++) {
		int digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

static char *write_utf8(uint32_t c, char *to)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* Decodes the escape behind the backslash at p - 1. Returns the byte behind it; one that is unknown stays as it is. */
static const char *read_escape(const char *p, const char *end, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *known = memchr(from, *p, sizeof from - 1);
	if (known) {
		*(*to)++ = into[known - from];
		return p + 1;
	}
	int32_t unit = read_unit(p, end);
	if (unit < 0) {
		*(*to)++ = '\\';
		return p;
	}
	p += 5;
	uint32_t code = (uint32_t)unit;
	if (code >= 0xd800 && code < 0xdc00 && end - p > 1 && *p == '\\') {
		int32_t low = read_unit(p + 1, end);
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
			p += 6;
		}
	}
	*to = write_utf8(code, *to);
	return p;
}

static struct value unescape(const char *s, const char *end, struct arena *a)
{
	/* An escape is never shorter than what it stands for. */
	char *text = arena_alloc(a, (size_t)(end - s)), *to = text;
	while (s < end) {
		if (*s == '\\' && s + 1 < end)
			s = read_escape(s + 1, end, &to);
		else
			*to++ = *s++;
	}
	return value_string(text, (size_t)(to - text));
}

/* Reads from the quote at p. */
static const char *read_quoted(const char *p, const char *end, struct arena *a, struct value *v)
{
	const char *s = p + 1, *q = s;
	bool escaped = false;
	while (q < end && *q != '"') {
		escaped |= *q == '\\';
		q += *q == '\\' ? 2 : 1;
	}
	if (q >= end)
		return NULL;
	*v = escaped ? unescape(s, q, a) : value_string(s, (size_t)(q - s));
	return q + 1;
}

static const char *read_value(const char *p, const char *end, struct arena *a, struct value *v, const char **wrong)
{
	if (p < end && *p == '"') {
		p = read_quoted(p, end, a, v);
		if (!p)
			*wrong = "a quoted value is not closed";
		else if (p < end && !logfmt_is_blank(*p))
			*wrong = "a value goes on behind its closing quote";
		return *wrong ? NULL : p;
	}
	const char *s = p;
	while (p < end && !logfmt_is_blank(*p))
		p++;
	size_t len = (size_t)(p - s);
	if (!len || (len == 4 && !memcmp(s, "null", 4)))
		*v = value_null();
	else
		*v = cell_read_fast(s, len);
	return p;
}

const char *logfmt_pair_read(const char *p, const char *end, struct arena *a, struct logfmt_pair *pair,
			     const char **wrong)
{
	*wrong = NULL;
	if (*p == '"') {
		struct value key;
		p = read_quoted(p, end, a, &key);
		if (!p)
			*wrong = "a quoted key is not closed";
		else if (p < end && *p != '=' && !logfmt_is_blank(*p))
			*wrong = "a key goes on behind its closing quote";
		if (*wrong)
			return NULL;
		pair->key = key.s;
		pair->key_len = key.len;
	} else {
		pair->key = p;
		while (p < end && !logfmt_is_blank(*p) && *p != '=')
			p++;
		pair->key_len = (size_t)(p - pair->key);
		if (!pair->key_len) {
			*wrong = "a value has no key";
			return NULL;
		}
	}
	if (p < end && *p == '=')
		return read_value(p + 1, end, a, &pair->value, wrong);
	pair->value = value_bool(true);
	return p;
}
