/*
 * Exact sums: whatever the order, the batches and the shards, the same result to the last digit.
 *
 * Ints and decimals are added in 128 bits at a common scale, the greatest seen so far (so 1.10 + 2.20 = 3.30); what
 * does not fit there goes on to a wider number. Doubles go to a row of digits of 32 bits that spans the whole range of
 * the type (after R. M. Neal, Fast exact summation using small and large superaccumulators, 2015). Nothing is rounded
 * before the result, and that once.
 *
 * A `struct sum` is either a sum of values or one of their squares: its `power`, 1 or 2, is the caller's to remember.
 * All bytes 0 is an empty one. What is rare (doubles, great numbers) is allocated in the arena given, and lives there.
 */
#ifndef STREAM_AGG_SUM_H
#define STREAM_AGG_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "record/value.h"

struct sum_more;

struct sum {
	__int128 at;           /* in units of 10^-(scale * power) */
	struct sum_more *more; /* NULL: all of it is in `at` */
	uint64_t count : 56;   /* values added */
	uint64_t scale : 8;    /* the greatest of theirs */
};

/* Whether sums take this value: a number that a double can hold, if nothing better does. */
bool sum_takes(struct value v);

void sum_add_slow(struct sum *s, struct value v, unsigned power, struct arena *a);

static inline void sum_add_int(struct sum *s, int64_t i, unsigned scale, struct arena *a)
{
	__int128 at;
	if (scale > s->scale || __builtin_add_overflow(s->at, (__int128)i * powers_of_ten[s->scale - scale], &at)) {
		sum_add_slow(s, value_decimal(i, scale), 1, a);
		return;
	}
	s->at = at;
	s->count++;
}

static inline void sum_add_square(struct sum *s, int64_t i, unsigned scale, struct arena *a)
{
	__int128 at;
	if (scale != s->scale || __builtin_add_overflow(s->at, (__int128)i * i, &at)) {
		sum_add_slow(s, value_decimal(i, scale), 2, a);
		return;
	}
	s->at = at;
	s->count++;
}

/* v must be one that sum_takes. */
static inline void sum_add(struct sum *s, struct value v, struct arena *a)
{
	if (v.type == TYPE_INT)
		sum_add_int(s, v.i, v.scale, a);
	else
		sum_add_slow(s, v, 1, a);
}

struct state_reader;

/* The sum as bytes (state.h), and bytes added to a sum; r->bad if they make no sense. */
void sum_save(struct sum *s, unsigned power, struct buf *out);
void sum_load(struct sum *s, unsigned power, struct state_reader *r, struct arena *a);

void sum_merge(struct sum *to, const struct sum *from, unsigned power, struct arena *a);

/*
 * The sum: an int or decimal while only such were added, with the greatest scale of all (as text, TYPE_NUMBER in
 * `texts`, where it does not fit 64 bits: values survive, and no sum overflows); else the nearest double. 0 if nothing
 * was added.
 */
struct value sum_result(const struct sum *s, struct arena *texts);
/* sum / count, the nearest double; null if nothing was added. */
struct value sum_average(const struct sum *s);
/* The sum per second over `ns` nanoseconds; null if ns is not positive. */
struct value sum_rate(const struct sum *s, int64_t ns);
/* The variance of the sample (by n - 1), the nearest double; null with less than two values, or beyond the range of
 * doubles. */
struct value sum_variance(const struct sum *s, const struct sum *squares);

#endif
