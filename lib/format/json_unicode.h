/*
 * The surrogates that JSON's escapes are made of.
 */
#ifndef STREAM_FORMAT_JSON_UNICODE_H
#define STREAM_FORMAT_JSON_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 0x20) - 'a' + 10;
}

/* The code unit of the escape \uXXXX at p. */
static inline unsigned code_unit(const char *p)
{
	return hex_digit(p[2]) << 12 | hex_digit(p[3]) << 8 | hex_digit(p[4]) << 4 | hex_digit(p[5]);
}

static inline bool is_high(unsigned unit)
{
	return unit >> 10 == 0xd800 >> 10;
}
static inline bool is_low(unsigned unit)
{
	return unit >> 10 == 0xdc00 >> 10;
}

/* By the pattern of UTF-8, for surrogates too. */
static inline char *put_code(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
	*out++ = (char)(lead[tail] | code >> 6 * tail);
	while (tail--)
		*out++ = (char)(0x80 | (code >> 6 * tail & 0x3f));
	return out;
}

#endif
