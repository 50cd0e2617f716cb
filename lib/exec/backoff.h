/*
 * How long to wait before something that failed is tried again: exponential backoff with full jitter, so that many
 * who failed together do not come back together.
 */
#ifndef STREAM_EXEC_BACKOFF_H
#define STREAM_EXEC_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t first, most; /* ns */
	uint64_t state;      /* of the random numbers: the seed at first; the same seed, the same waits */
};

/* A wait in ns, of even chance between 0 and first * 2^(failures - 1), at most `most`. failures: so many in a row,
   from 1. */
int64_t backoff_next(struct backoff *b, uint64_t failures);

#endif
