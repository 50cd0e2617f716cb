#include "format/logfmt.h"

#include <ctype.h>

#include "format/cell.h"
#include "format/json_unicode.h"

/* Whether \uXXXX is at p. */
static bool is_unit(const char *p, const char *end)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && isxdigit((unsigned char)p[2]) &&
	       isxdigit((unsigned char)p[3]) && isxdigit((unsigned char)p[4]) && isxdigit((unsigned char)p[5]);
}

/* Decodes the escape at p < end - 1. Returns the byte behind it; one that is unknown stays as it is. */
static const char *read_escape(const char *p, const char *end, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *known = memchr(from, p[1], sizeof from - 1);
	if (known) {
		*(*to)++ = into[known - from];
		return p + 2;
	}
	if (!is_unit(p, end)) {
		*(*to)++ = '\\';
		return p + 1;
	}
	uint32_t code = code_unit(p);
	p += 6;
	if (is_high(code) && is_unit(p, end) && is_low(code_unit(p))) {
		code = 0x10000 + ((code - 0xd800) << 10) + (code_unit(p) - 0xdc00);
		p += 6;
	}
	*to = put_code(*to, code);
	return p;
}

static struct value unescape(const char *s, const char *end, struct arena *a)
{
	/* An escape is never shorter than what it stands for. */
	char *text = arena_alloc(a, (size_t)(end - s)), *to = text;
	while (s < end) {
		if (*s == '\\' && s + 1 < end)
			s = read_escape(s, end, &to);
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
