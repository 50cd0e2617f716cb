#include "agg/buckets.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

enum { ROOM = 32 }; /* buckets added on the side where one is missing, at least */

static double polynomial(double s)
{
	return ((6.0 / 35 * s - 3.0 / 5) * s + 10.0 / 7) * s;
}

/* The x whose place on the scale is `at`: L has no handy inverse, but it rises. */
static double border(double at)
{
	double whole = floor(at / BUCKETS_SCALE), want = at / BUCKETS_SCALE - whole;
	double low = 0, high = 1;
	for (int i = 0; i < 54; i++) {
		double s = (low + high) / 2;
		if (polynomial(s) < want)
			low = s;
		else
			high = s;
	}
	return ldexp(1 + low, (int)whole);
}

double buckets_middle(int32_t number)
{
	double low = border(number), high = border(number + 1.0);
	/* The last number of the range may be rounded into the bucket behind it. */
	if (!isfinite(low))
		return DBL_MAX;
	return isfinite(high) ? low * (2 / (1 + low / high)) : low;
}

void buckets_release(struct buckets *b)
{
	free(b->low);
	*b = (struct buckets){0};
}

/* Buckets first..last, which have all that are there among them, and room for great counts if `wide`. */
static void resize(struct buckets *b, int32_t first, int32_t last, bool wide)
{
	uint32_t size = (uint32_t)(last - first + 1), shift = (uint32_t)(b->first - first);
	uint32_t *counts = mem_zero(((size_t)size << wide) * sizeof *counts);
	if (b->size)
		memcpy(counts + shift, b->low, b->size * sizeof *counts);
	if (b->wide)
		memcpy(counts + size + shift, b->low + b->size, b->size * sizeof *counts);
	free(b->low);
	*b = (struct buckets){.low = counts, .first = first, .size = size, .wide = wide};
}

/* Makes buckets first..last part of the array, with room on the side that grew. */
static void cover(struct buckets *b, int32_t first, int32_t last)
{
	if (!b->size)
		b->first = first;
	int32_t old_last = b->first + (int32_t)b->size - 1;
	if (first >= b->first && last <= old_last)
		return;
	int32_t room = b->size / 4 > ROOM ? (int32_t)(b->size / 4) : ROOM;
	resize(b, first < b->first ? first - room : b->first, last > old_last ? last + room : old_last, b->wide);
}

void buckets_add_slow(struct buckets *b, int32_t number, uint64_t count)
{
	cover(b, number, number);
	uint32_t at = (uint32_t)(number - b->first);
	uint64_t sum = buckets_count(b, at) + count;
	if (sum > UINT32_MAX && !b->wide)
		resize(b, b->first, b->first + (int32_t)b->size - 1, true);
	b->low[at] = (uint32_t)sum;
	if (b->wide)
		b->low[b->size + at] = (uint32_t)(sum >> 32);
}

void buckets_merge(struct buckets *to, const struct buckets *from)
{
	if (!from->size)
		return;
	cover(to, from->first, from->first + (int32_t)from->size - 1);
	for (uint32_t i = 0; i < from->size; i++) {
		uint64_t count = buckets_count(from, i);
		if (count)
			buckets_add_slow(to, from->first + (int32_t)i, count);
	}
}
