#include "agg/buckets.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { ROOM = 32 };  /* buckets added on the side where one is missing, at least */

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
	free(b->high);
	*b = (struct buckets){0};
}

static uint32_t *moved(uint32_t *from, uint32_t old_size, uint32_t size, uint32_t shift)
{
	uint32_t *to = mem_zero((size_t)size * sizeof *to);
	if (old_size)
		memcpy(to + shift, from, old_size * sizeof *to);
	free(from);
	return to;
}

/* Makes buckets first..last part of the array, with room on the side that grew. */
static void cover(struct buckets *b, int32_t first, int32_t last)
{
	int32_t old_last = b->first + (int32_t)b->size - 1;
	if (!b->size) {
		b->first = first;
		old_last = first - 1;
	}
	if (first >= b->first && last <= old_last)
		return;
	int32_t room = b->size / 4 > ROOM ? (int32_t)(b->size / 4) : ROOM;
	int32_t low = first < b->first ? first - room : b->first;
	int32_t high = last > old_last ? last + room : old_last;
	uint32_t size = (uint32_t)(high - low + 1), shift = (uint32_t)(b->first - low);
	b->low = moved(b->low, b->size, size, shift);
	if (b->high)
		b->high = moved(b->high, b->size, size, shift);
	b->first = low;
	b->size = size;
}

void buckets_add_slow(struct buckets *b, int32_t number, uint64_t count)
{
	cover(b, number, number);
	uint32_t at = (uint32_t)(number - b->first);
	uint64_t sum = buckets_count(b, at) + count;
	b->low[at] = (uint32_t)sum;
	if (sum <= UINT32_MAX)
		return;
	if (!b->high)
		b->high = mem_zero((size_t)b->size * sizeof *b->high);
	b->high[at] = (uint32_t)(sum >> 32);
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
