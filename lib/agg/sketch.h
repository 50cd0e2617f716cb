/*
 * Quantiles of a group: exact up to SKETCH_EXACT values (or always, on request), then from buckets (buckets.h).
 *
 * The q-quantile of n values is the one of rank ceil(q n), at least 1, in ascending order ("nearest rank"): always a value
 * that came, never one between two. In exact mode it is returned as it came, text and all (of equal numbers: the plainest
 * spelling, so that order can't show). From buckets it is within a relative error of 0.5 %: BUCKETS_ERROR, and rounding to
 * four digits, so that nothing is shown that is not known; never outside [least, greatest value], which are exact. Which
 * mode it is depends on how many values there were, and on nothing else.
 *
 * All bytes 0 is an empty sketch.
 */
#ifndef STREAM_AGG_SKETCH_H
#define STREAM_AGG_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "agg/buckets.h"
#include "base/arena.h"
#include "record/value.h"

enum { SKETCH_EXACT = 256 };

/* q = number / 10^scale, 0 <= q <= 1. */
struct quantile {
	int64_t number;
	unsigned scale;
};

struct sketch_rest;

struct sketch {
	struct value *kept;         /* `count` values, while exact; NULL: in buckets */
	uint64_t count;
	uint32_t cap;
	struct buckets positive;
	double least, greatest;     /* of the bucketed ones */
	struct sketch_rest *rest;   /* what only buckets need, and seldom */
};

void sketch_release(struct sketch *s);

/* x is the nearest double of v. */
void sketch_add_slow(struct sketch *s, struct value v, double x, bool exact, struct arena *texts);

/* v: a number that sum_takes (sum.h), x its nearest double; its text, if it has one, is copied to `texts`. `exact`: never bucket. */
static inline void sketch_add(struct sketch *s, struct value v, double x, bool exact, struct arena *texts)
{
	if (!s->rest || x <= s->least || x >= s->greatest || x <= 0) {
		sketch_add_slow(s, v, x, exact, texts);
		return;
	}
	s->count++;
	buckets_add(&s->positive, buckets_number(x));
}

void sketch_merge(struct sketch *to, const struct sketch *from, bool exact, struct arena *texts);

/* Null if there are no values. Moves kept values about. */
struct value sketch_quantile(struct sketch *s, struct quantile q);

#endif
