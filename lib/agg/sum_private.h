/* Inside of sums: sum.c adds, sum_result.c makes numbers of it. */
#ifndef STREAM_AGG_SUM_PRIVATE_H
#define STREAM_AGG_SUM_PRIVATE_H

#include "agg/big.h"
#include "agg/sum.h"

enum {
	WIDE_LIMBS = 6,  /* 384 bits: 2^64 squares of 64 bits, in units of 10^-36 */
	DIGITS_SUM = 70, /* of 32 bits: 2^-1074 to 2^1024, and 2^64 of them */
	DIGITS_SQUARES = 138,
	PENDING_MAX = 1 << 30, /* additions that a digit of 63 bits surely takes */
	DOUBLE_LOW = -1074,    /* the exponent of the least double */
};

struct sum_more {
	uint64_t wide[WIDE_LIMBS]; /* what did not fit `at`, in units of 10^-(18 * power) */
	int64_t *digits;           /* the doubles, in units of 2^(DOUBLE_LOW * power); NULL: none came */
	uint32_t pending;          /* additions since carries were last passed on */
	bool negative;             /* of wide */
};

/* What did not fit `at`. */
void sum_wide(const struct sum_more *m, struct big *b);
/* x, which is in units of 10^-(scale * power), in those of `wide`. */
void sum_to_wide(__int128 x, unsigned scale, unsigned power, struct big *b);
uint32_t sum_digit_count(unsigned power);
/* Passes on carries, so that all digits but the last are in [0, 2^32); the last has the sign. */
void sum_carry(int64_t *digits, uint32_t count);

#endif
