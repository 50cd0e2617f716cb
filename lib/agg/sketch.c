#include "agg/sketch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agg/order.h"
#include "agg/sketch_private.h"
#include "base/error.h"
#include "base/mem.h"

void sketch_release(struct sketch *s)
{
	free(s->kept);
	buckets_release(&s->positive);
	if (s->rest)
		buckets_release(&s->rest->negative);
	free(s->rest);
	*s = (struct sketch){0};
}

static void bucket(struct sketch *s, double x)
{
	if (x > 0)
		buckets_add(&s->positive, buckets_number(x));
	else if (x < 0)
		buckets_add(&s->rest->negative, buckets_number(-x));
	else
		s->rest->zeros++;
}

/* Ends need no text of their own: an int or decimal has none, and a double is what is left of the others. */
static struct value plain(struct value v, double x)
{
	return v.type == TYPE_INT ? v : value_float(x);
}

static void bound(struct sketch *s, struct value v, double x)
{
	struct sketch_rest *r = s->rest;
	if (x <= s->least && order_total(plain(v, x), r->least) < 0) {
		r->least = plain(v, x);
		s->least = x;
	}
	if (x >= s->greatest && order_total(plain(v, x), r->greatest) > 0) {
		r->greatest = plain(v, x);
		s->greatest = x;
	}
}

/* From kept values to buckets. */
static void start_buckets(struct sketch *s)
{
	s->rest = mem_zero(sizeof *s->rest);
	double x = number_double(s->kept[0]);
	s->least = s->greatest = x;
	s->rest->least = s->rest->greatest = plain(s->kept[0], x);
	for (uint64_t i = 0; i < s->count; i++) {
		x = sketch_double(s->kept[i]);
		bound(s, s->kept[i], x);
		bucket(s, x);
	}
	free(s->kept);
	s->kept = NULL;
	s->cap = 0;
}

static void keep(struct sketch *s, struct value v, struct arena *texts)
{
	if (s->count == s->cap) {
		/* By fours to just SKETCH_EXACT; only with `exact` beyond it. */
		size_t cap = !s->cap ? 4 : s->cap < SKETCH_EXACT ? s->cap * (size_t)4 : s->cap * (size_t)2;
		if (cap > UINT32_MAX)
			out_of_memory(cap * sizeof v);
		s->cap = (uint32_t)cap;
		s->kept = mem_resize(s->kept, cap, sizeof *s->kept);
	}
	s->kept[s->count++] = value_keep(v, texts);
}

void sketch_add_slow(struct sketch *s, struct value v, bool exact, struct arena *texts)
{
	if (!s->rest && (exact || s->count < SKETCH_EXACT)) {
		keep(s, v, texts);
		return;
	}
	if (!s->rest)
		start_buckets(s);
	double x = sketch_double(v);
	bound(s, v, x);
	bucket(s, x);
	s->count++;
}

void sketch_merge(struct sketch *to, const struct sketch *from, bool exact, struct arena *texts)
{
	if (!from->rest) {
		for (uint64_t i = 0; i < from->count; i++)
			sketch_add(to, from->kept[i], exact, texts);
		return;
	}
	const struct sketch_rest *r = from->rest;
	if (!to->rest && to->count) {
		start_buckets(to);
	} else if (!to->rest) {
		to->rest = mem_zero(sizeof *to->rest);
		to->rest->least = r->least;
		to->rest->greatest = r->greatest;
		to->least = from->least;
		to->greatest = from->greatest;
	}
	bound(to, r->least, from->least);
	bound(to, r->greatest, from->greatest);
	buckets_merge(&to->positive, &from->positive);
	buckets_merge(&to->rest->negative, &r->negative);
	to->rest->zeros += r->zeros;
	to->count += from->count;
}

/* From 1 to n. */
static uint64_t rank_of(struct quantile q, uint64_t n)
{
	unsigned __int128 unit = 1;
	for (unsigned i = 0; i < q.scale; i++)
		unit *= 10;
	unsigned __int128 rank = ((unsigned __int128)q.number * n + unit - 1) / unit;
	return rank < 1 ? 1 : rank > n ? n : (uint64_t)rank;
}

/* The value in the middle of the bucket that holds the one of this rank, to four digits. */
static double estimate(const struct sketch *s, uint64_t rank)
{
	const struct buckets *negative = &s->rest->negative, *positive = &s->positive;
	double x = 0;
	for (uint32_t i = negative->size; i-- > 0;) {
		uint64_t count = buckets_count(negative, i);
		if (rank <= count) {
			x = -buckets_middle(negative->first + (int32_t)i);
			goto found;
		}
		rank -= count;
	}
	if (rank <= s->rest->zeros)
		return 0;
	rank -= s->rest->zeros;
	for (uint32_t i = 0; i < positive->size; i++) {
		uint64_t count = buckets_count(positive, i);
		if (rank <= count) {
			x = buckets_middle(positive->first + (int32_t)i);
			break;
		}
		rank -= count;
	}
found:;
	char text[32];
	snprintf(text, sizeof text, "%.4g", x);
	double rounded = strtod(text, NULL);
	return isfinite(rounded) ? rounded : x;
}

struct value sketch_quantile(struct sketch *s, struct quantile q)
{
	if (!s->count)
		return value_null();
	uint64_t rank = rank_of(q, s->count);
	if (!s->rest) {
		order_select(s->kept, s->count, rank - 1);
		return s->kept[rank - 1];
	}
	if (rank == 1)
		return s->rest->least;
	if (rank == s->count)
		return s->rest->greatest;
	double x = estimate(s, rank);
	if (x <= s->least)
		return s->rest->least;
	return x >= s->greatest ? s->rest->greatest : value_float(x);
}
