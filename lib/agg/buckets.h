/*
 * Counts in buckets whose borders grow by a fixed ratio: the store of DDSketch (Masson, Rim and Lee, DDSketch: a fast
 * and fully-mergeable quantile sketch with relative-error guarantees, 2019). Each positive double has a bucket, whose
 * middle is within BUCKETS_ERROR of it.
 *
 * The bucket's number is floor(scale * L(x)), where L stands for log2: its whole part is the exponent of x, and its
 * fraction P(s) = ((6/35 s - 3/5) s + 10/7) s, with 1 + s the mantissa of x. P runs from 0 to 1 and rises, and
 * P'(s) (1 + s) >= 10/7, at s = 0, whereas that of log2 is 1/ln 2 = 1.4427: so 1 % more buckets than with the logarithm
 * keep the same error. With L steeper than 10/7 per unit of ln x everywhere, two numbers in one bucket differ at most
 * by the factor exp(7 / (10 scale)), and the harmonic middle of the borders is off by at most tanh(7 / (20 scale)).
 */
#ifndef STREAM_AGG_BUCKETS_H
#define STREAM_AGG_BUCKETS_H

#include <stdint.h>
#include <string.h>

#define BUCKETS_SCALE 78.0      /* buckets per doubling */
#define BUCKETS_ERROR 0.0044872 /* tanh(7 / (20 * 78)) */

struct buckets {
	uint32_t *low; /* counts; with `wide` another `size` of them behind, the upper halves */
	int32_t first; /* the number of the bucket of low[0] */
	uint32_t size : 31;
	uint32_t wide : 1;
};

/* x > 0 and finite. */
static inline int32_t buckets_number(double x)
{
	uint64_t bits;
	int64_t below = 0;
	if (x < 0x1p-1022) {
		x *= 0x1p52;
		below = 52;
	}
	memcpy(&bits, &x, sizeof bits);
	int64_t exponent = (int64_t)(bits >> 52) - 1023 - below;
	bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
	double s;
	memcpy(&s, &bits, sizeof s);
	s -= 1;
	double at = BUCKETS_SCALE * ((double)exponent + ((6.0 / 35 * s - 3.0 / 5) * s + 10.0 / 7) * s);
	int32_t number = (int32_t)at;
	return number - (at < number);
}

/* The value that stands for a bucket. */
double buckets_middle(int32_t number);

void buckets_release(struct buckets *b);
void buckets_add_slow(struct buckets *b, int32_t number, uint64_t count);

static inline void buckets_add(struct buckets *b, int32_t number)
{
	uint32_t at = (uint32_t)number - (uint32_t)b->first;
	if (at < b->size && b->low[at] != UINT32_MAX)
		b->low[at]++;
	else
		buckets_add_slow(b, number, 1);
}

static inline uint64_t buckets_count(const struct buckets *b, uint32_t at)
{
	return b->low[at] | (b->wide ? (uint64_t)b->low[b->size + at] << 32 : 0);
}

void buckets_merge(struct buckets *to, const struct buckets *from);

#endif
