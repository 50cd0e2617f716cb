/*
 * How many different values there were: exact up to DISTINCT_EXACT, then HyperLogLog.
 *
 * Values are known by 64 bits of hash, so "exact" means: but for two among the 4,096 that hash alike, which happens
 * once in 2^41 groups. Beyond, 2^16 registers of a byte hold the greatest rank seen (Heule, Nunkesser and Hall,
 * HyperLogLog in practice, 2013: 64-bit hashes, exact while small), and the estimate is the improved raw estimator of
 * O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017, which has no bias at any size and
 * needs no tables: standard error 1.04 / sqrt(2^16) = 0.41 %. Which it is depends on the number of different values
 * alone, so neither order nor merging shows. Values that value_equal calls equal (1 and 1.0) are one.
 *
 * All bytes 0 is an empty counter. At most 64 KiB each.
 */
#ifndef STREAM_AGG_DISTINCT_H
#define STREAM_AGG_DISTINCT_H

#include <stdint.h>

enum { DISTINCT_EXACT = 4096, DISTINCT_BITS = 16 };

struct distinct {
	uint64_t *set; /* open addressing, 0: free; NULL when there are registers */
	uint8_t *registers;
	uint32_t count, cap; /* of the set */
};

void distinct_release(struct distinct *d);
/* hash: value_hash with seed 0; it need not be good in all its bits */
void distinct_add(struct distinct *d, uint64_t hash);
void distinct_merge(struct distinct *to, const struct distinct *from);

struct buf;
struct state_reader;

/* The counter as bytes (state.h), and bytes added to a counter; r->bad if they make no sense. */
void distinct_save(const struct distinct *d, struct buf *out);
void distinct_load(struct distinct *d, struct state_reader *r);

uint64_t distinct_count(const struct distinct *d);

#endif
