/* Inside lib/expr: UTF-8 by RFC 3629, where a byte that belongs to no valid sequence stands for itself. */
#ifndef STREAM_EXPR_UTF8_H
#define STREAM_EXPR_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID UINT32_MAX

/* The bytes of the character at p (p < end), and its code, or 1 and UTF8_INVALID. */
static inline size_t utf8_get(const char *p, const char *end, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)*p;
	*code = c;
	if (c < 0x80)
		return 1;
	size_t n = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 1;
	*code = UTF8_INVALID;
	if (n == 1 || (size_t)(end - p) < n)
		return 1;
	uint32_t got = c & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 1;
		got = got << 6 | ((unsigned char)p[i] & 0x3f);
	}
	if (got < least[n] || got > 0x10ffff || (got >= 0xd800 && got < 0xe000))
		return 1;
	*code = got;
	return n;
}

/* Writes a code (surrogates too) as at most 4 bytes; returns how many. */
static inline size_t utf8_put(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	return n;
}

/* Characters in [p, end). */
static inline int64_t utf8_count(const char *p, const char *end)
{
	int64_t n = 0;
	for (uint32_t code; p < end; n++)
		p += (unsigned char)*p < 0x80 ? 1 : utf8_get(p, end, &code);
	return n;
}

/* Behind so many characters, or end. */
static inline const char *utf8_skip(const char *p, const char *end, int64_t count)
{
	for (uint32_t code; p < end && count > 0; count--)
		p += utf8_get(p, end, &code);
	return p;
}

#endif
