#include "exec/backoff.h"

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

int64_t backoff_next(struct backoff *b, uint64_t failures)
{
	int64_t limit = b->first;
	for (uint64_t i = 1; i < failures && limit < b->most; i++)
		limit = limit > b->most / 2 ? b->most : limit * 2;
	if (limit > b->most)
		limit = b->most;
	return limit <= 0 ? 0 : (int64_t)(draw(&b->state) % ((uint64_t)limit + 1));
}
