/*
 * Quantiles of a group: exact up to SKETCH_EXACT values (or always, on request), then from buckets (buckets.h).
 *
 * The q-quantile of n values is the one of rank ceil(q n), at least 1, in ascending order ("nearest rank"): always a
 * value that came, never one between two. In exact mode it is returned as it came, text and all (of equal numbers: the
 * plainest spelling, so that order can't show). From buckets it is within a relative error of 0.5 %: BUCKETS_ERROR, and
 * rounding to four digits, so that nothing is shown that is not known; never outside [least, greatest value], which are
 * exact. Which mode it is depends on how many values there were, and on nothing else.
 *
 * All bytes 0 is an empty sketch.
 */
#ifndef STREAM_AGG_SKETCH_H
#define STREAM_AGG_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "agg/buckets.h"
#include "agg/sum.h"
#include "base/arena.h"
#include "base/buf.h"
#include "record/value.h"

enum { SKETCH_EXACT = 256 };

/* q = number / 10^scale, 0 <= q <= 1. */
struct quantile {
	int64_t number;
	unsigned scale;
};

struct sketch_rest;

/* One cache line. */
struct sketch {
	uint64_t count;
	struct value *kept;       /* `count` values, while exact */
	struct sketch_rest *rest; /* what only buckets need, and seldom; NULL: exact */
	struct buckets positive;
	double least, greatest; /* of the bucketed ones */
	uint32_t cap;           /* of kept */
};

void sketch_release(struct sketch *s);

void sketch_add_slow(struct sketch *s, struct value v, bool exact, struct arena *texts);

/* number_double, in line for the usual ints and decimals: both sides of the quotient are exact. */
static inline double sketch_double(struct value v)
{
	const int64_t limit = INT64_C(1) << 53;
	if (v.type == TYPE_INT && v.i < limit && v.i > -limit)
		return v.scale ? (double)v.i / (double)powers_of_ten[v.scale] : (double)v.i;
	return number_double(v);
}

/* v: a number that sum_takes (sum.h); its text, if it has one, is copied to `texts`. `exact`: never bucket. */
static inline void sketch_add(struct sketch *s, struct value v, bool exact, struct arena *texts)
{
	if (s->rest) {
		double x = sketch_double(v);
		if (x > s->least && x < s->greatest && x > 0) {
			s->count++;
			buckets_add(&s->positive, buckets_number(x));
			return;
		}
	} else if (s->count < s->cap && v.type == TYPE_INT) {
		s->kept[s->count++] = v;
		return;
	}
	sketch_add_slow(s, v, exact, texts);
}

void sketch_merge(struct sketch *to, const struct sketch *from, bool exact, struct arena *texts);

struct state_reader;

/* The sketch as bytes (state.h), and bytes added to a sketch; r->bad if they make no sense. */
void sketch_save(const struct sketch *s, struct buf *out);
void sketch_load(struct sketch *s, bool exact, struct state_reader *r, struct arena *texts);

/* Null if there are no values. Moves kept values about. */
struct value sketch_quantile(struct sketch *s, struct quantile q);

#endif
