#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gen/gen.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

static inline uint64_t rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *r)
{
	uint64_t result = rotate(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;
	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotate(r->s[3], 45);
	return result;
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

void alias_init(struct alias *a, const double *weights, uint32_t n)
{
	double sum = 0;
	uint32_t *small = mem_array(n, sizeof *small), *large = mem_array(n, sizeof *large);
	uint32_t smalls = 0, larges = 0;
	a->n = n;
	a->other = mem_array(n, sizeof *a->other);
	a->keep = mem_array(n, sizeof *a->keep);
	for (uint32_t i = 0; i < n; i++)
		sum += weights[i];
	for (uint32_t i = 0; i < n; i++) {
		a->keep[i] = weights[i] * n / sum;
		a->other[i] = i;
		if (a->keep[i] < 1)
			small[smalls++] = i;
		else
			large[larges++] = i;
	}
	while (smalls && larges) {
		uint32_t s = small[--smalls], l = large[larges - 1];
		a->other[s] = l;
		a->keep[l] -= 1 - a->keep[s];
		if (a->keep[l] < 1) {
			larges--;
			small[smalls++] = l;
		}
	}
	free(small);
	free(large);
}

void alias_init_zipf(struct alias *a, uint32_t n, double exponent)
{
	double *weights = mem_array(n, sizeof *weights);
	for (uint32_t i = 0; i < n; i++)
		weights[i] = pow(i + 1, -exponent);
	alias_init(a, weights, n);
	free(weights);
}

uint32_t alias_draw(const struct alias *a, struct rng *r)
{
	uint32_t i = rng_below(r, a->n);
	return rng_unit(r) < a->keep[i] ? i : a->other[i];
}

void alias_release(struct alias *a)
{
	free(a->other);
	free(a->keep);
}
