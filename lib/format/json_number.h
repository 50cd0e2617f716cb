/*
 * Numbers at the speed of the decoder: up to 18 digits without an exponent, eight at a time. All other forms go to
 * number_read, with which this one agrees.
 */
#ifndef STREAM_FORMAT_JSON_NUMBER_H
#define STREAM_FORMAT_JSON_NUMBER_H

#include <stdint.h>
#include <string.h>

#include "record/value.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Eight bytes, of which those that are digits become 0 to 9. */
static inline uint64_t json_eight(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return w ^ UINT64_C(0x3030303030303030);
}

/* How many of them, from the first, are digits. */
static inline unsigned json_digit_run(uint64_t w)
{
	/* Above 9 the sum, or the byte itself, has its top bit set; a carry only spoils bytes behind the first such one. */
	uint64_t other = ((w + UINT64_C(0x7676767676767676)) | w) & UINT64_C(0x8080808080808080);
	return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* The number that the first n (1 to 8) of them stand for: pairs, then fours, then eights. */
static inline uint64_t json_digits(uint64_t w, unsigned n)
{
	w <<= 64 - 8 * n;
	w = w * (10 << 8 | 1) >> 8;
	w = (w & UINT64_C(0x00ff00ff00ff00ff)) * (100 << 16 | 1) >> 16;
	return (w & UINT64_C(0x0000ffff0000ffff)) * (UINT64_C(10000) << 32 | 1) >> 32;
}

/* Reads the digits at p, up to 24; returns how many, with *i continued by them (beyond 18 it may have overflown). */
static inline unsigned json_digit_runs(const char *p, uint64_t *i)
{
	static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	unsigned count = 0, n;
	do {
		uint64_t w = json_eight(p + count);
		n = json_digit_run(w);
		if (!n)
			break;
		*i = *i * powers[n] + json_digits(w, n);
		count += n;
	} while (n == 8 && count < 24);
	return count;
}

/* As number_read; but up to 60 bytes behind `end` may be read, and what is returned lies behind `end` if they go on there. */
static inline const char *json_number(const char *p, const char *end, struct value *v)
{
	const char *s = p + (*p == '-');
	uint64_t i = 0;
	unsigned n = json_digit_runs(s, &i), scale = 0;
	const char *q = s + n;
	if (*q == '.') {
		scale = json_digit_runs(++q, &i);
		q += scale;
		if (!scale || scale > VALUE_SCALE_MAX)
			return number_read(p, end, v);
	}
	bool negative = s != p, zero = *s == '0';
	if (!n || n + scale > 18u + zero || (zero && n > 1) || (*q | 0x20) == 'e' || (negative && !i))
		return number_read(p, end, v);
	*v = value_decimal(negative ? -(int64_t)i : (int64_t)i, scale);
	return q;
}

#else

static inline const char *json_number(const char *p, const char *end, struct value *v)
{
	return number_read(p, end, v);
}

#endif
#endif
