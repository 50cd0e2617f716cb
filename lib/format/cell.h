/*
 * What a piece of text is that stands without quotes, in CSV and logfmt.
 *
 *   number   what is one, as a whole, by the grammar of RFC 8259; its text is kept. With an exponent it must also have
 *            a point or a sign in the exponent: `1.5e3` and `1e+3` are numbers, `12e45` is far more often an id.
 *            So `0870`, `+1`, `.5`, `1.`, `0x10`, `1,5`, `NaN` are strings.
 *   bool     `true` and `false`, in lower case
 *   string   all else, blanks included
 *
 * A bool and a number print as they came, so a column always comes back as it was.
 */
#ifndef STREAM_FORMAT_CELL_H
#define STREAM_FORMAT_CELL_H

#include <string.h>

#include "record/value.h"

/* The meaning: what the text is. CELL_SLACK bytes behind it are not needed here. */
struct value cell_read(const char *p, size_t len);

/* A string of this text must be quoted, lest it be taken for a number or a bool (or be no cell at all: it is empty). */
bool cell_needs_quotes(const char *p, size_t len);

enum { CELL_SLACK = 8 };

/* The same as cell_read, for len > 0, where CELL_SLACK bytes behind the text may be read. */
static inline struct value cell_read_fast(const char *p, size_t len);

/* -- how -- */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define CELL_ALL(byte) ((byte) * UINT64_C(0x0101010101010101))

static inline uint64_t cell_load(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

/* The number that `len` digits (1 to 8) in the low bytes of text make, the first in the lowest; -1 if one is no digit. */
static inline int64_t cell_digits(uint64_t text, size_t len)
{
	unsigned shift = 64 - 8 * (unsigned)len;
	uint64_t d = (text ^ CELL_ALL('0')) << shift;  /* zeros come in at the front */
	if ((d | (d + CELL_ALL(0x76))) & CELL_ALL(0x80))
		return -1;
	d = (d * 10 + (d >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	d = (d * 100 + (d >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (int64_t)((d * 10000 + (d >> 32)) & 0xffffffff);
}

/* An unsigned number without an exponent, of at most 8 bytes. False: it may still be a number in another way. */
static inline bool cell_short_number(const char *p, size_t len, struct value *v)
{
	uint64_t text = cell_load(p);
	int64_t n = cell_digits(text, len);
	if (n >= 0) {
		*v = value_int(n);
		return *p != '0' || len == 1;
	}
	uint64_t differs = text ^ CELL_ALL('.');
	uint64_t points = (differs - CELL_ALL(1)) & ~differs & CELL_ALL(0x80);
	size_t whole = points ? (size_t)__builtin_ctzll(points) / 8 : 8;
	if (!whole || whole + 1 >= len || (*p == '0' && whole > 1))
		return false;
	uint64_t low = (UINT64_C(1) << 8 * whole) - 1;
	n = cell_digits((text & low) | (text >> 8 & ~low), len - 1);
	*v = value_decimal(n, (unsigned)(len - 1 - whole));
	return n >= 0;
}

#else

static inline bool cell_short_number(const char *p, size_t len, struct value *v)
{
	(void)p, (void)len, (void)v;
	return false;
}

#endif

/* For what begins like a number. */
struct value cell_read_number(const char *p, size_t len);

static inline bool cell_begins_number(char c)
{
	return (unsigned char)(c - '0') <= 9 || c == '-';
}

static inline struct value cell_read_fast(const char *p, size_t len)
{
	struct value v;
	if (cell_begins_number(*p))
		return len <= 8 && cell_short_number(p, len, &v) ? v : cell_read_number(p, len);
	if (len == 4 && !memcmp(p, "true", 4))
		return value_bool(true);
	if (len == 5 && !memcmp(p, "false", 5))
		return value_bool(false);
	return value_string(p, len);
}

#endif
