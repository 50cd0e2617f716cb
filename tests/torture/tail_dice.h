/* Numbers drawn from a seed. */
#ifndef STREAM_TESTS_TORTURE_TAIL_DICE_H
#define STREAM_TESTS_TORTURE_TAIL_DICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct dice {
	uint64_t state;
};

static inline struct dice dice_of(uint64_t seed)
{
	return (struct dice){(seed + 1) * 0x9e3779b97f4a7c15ULL};
}

/* 0 to n - 1 (splitmix64, by Steele, Lea and Flood). */
static inline int dice(struct dice *d, int n)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (int)((z ^ z >> 31) % (uint64_t)n);
}

static inline bool one_in(struct dice *d, int n)
{
	return !dice(d, n);
}

/* Waits for less than so many microseconds. */
static inline void pause_within(struct dice *d, int microseconds)
{
	struct timespec t = {.tv_nsec = 1000L * dice(d, microseconds)};
	nanosleep(&t, NULL);
}

#endif
