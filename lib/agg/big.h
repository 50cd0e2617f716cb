/*
 * Whole numbers of up to 5,120 bits with a sign, for the last step of a sum: everything that was added stands in one
 * exact number, and is rounded once. Enough for n * sum(x^2) - sum(x)^2 of any doubles and decimals; the operations
 * check nothing, so who calls them must know the bounds.
 */
#ifndef STREAM_AGG_BIG_H
#define STREAM_AGG_BIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { BIG_LIMBS = 80 };

struct big {
	uint64_t limb[BIG_LIMBS]; /* the lowest first; those from `count` on hold nothing */
	uint32_t count;           /* the highest limb is not 0; 0: the number is zero */
	bool negative;
};

void big_set(struct big *b, __int128 i);
void big_add(struct big *b, const struct big *other);
void big_subtract(struct big *b, const struct big *other);
void big_multiply_word(struct big *b, uint64_t factor);
void big_multiply(struct big *b, const struct big *other);
void big_shift_left(struct big *b, unsigned bits);
/* Towards zero; returns the remainder's magnitude. */
uint64_t big_divide_word(struct big *b, uint64_t divisor);
unsigned big_bits(const struct big *b); /* without the sign; 0 for zero */
bool big_fits_int64(const struct big *b, int64_t *i);

/* b / (divisors[0] * ... ) * 2^exponent, rounded once to the nearest double, ties to even; infinite when it is too
 * great. b is spent. */
double big_round(struct big *b, const uint64_t *divisors, size_t count, int exponent);

/* Appends b / 10^scale as a decimal with exactly `scale` places. b is spent. */
void big_text(struct big *b, unsigned scale, struct buf *out);

#endif
