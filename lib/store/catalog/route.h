/*
 * Routing: from a record's partition key to a point of the 128-bit hash space, which the shards of a stream divide.
 *
 *   xxh3      XXH3-128 of the key's plain text, seed 0 (the default)
 *   md5       MD5 of it, read as a big-endian number: every key lands in the shard where Kinesis would put it
 *   murmur2   Kafka's default partitioner: partition p = (murmur2 & 0x7fffffff) mod N for a stream made with N shards;
 *             the point lies in the p-th of N equal parts of the space, so the n-th shard is Kafka's partition n
 *
 * The key of a record without one (absent or null) is the empty text, so all of them go to one shard.
 * Without any key the point is drawn at random.
 */
#ifndef STREAM_STORE_ROUTE_H
#define STREAM_STORE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "codec/hash.h"

enum hash_kind { HASH_XXH3, HASH_MD5, HASH_MURMUR2, HASH_KIND_COUNT };

/* `xxh3` `md5` `murmur2` */
extern const char *const hash_kind_names[HASH_KIND_COUNT];

struct router {
	enum hash_kind kind;
	uint32_t parts; /* the shards that the stream was made with; at least 1 */
};

struct hash128 route_key(const struct router *r, const void *key, size_t len);

static inline int hash128_compare(struct hash128 a, struct hash128 b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return a.low < b.low ? -1 : a.low > b.low;
}

/* The point behind it; behind the last, the first. */
static inline struct hash128 hash128_next(struct hash128 h)
{
	return (struct hash128){h.high + (h.low == UINT64_MAX), h.low + 1};
}

/* The point before it; before the first, the last. */
static inline struct hash128 hash128_before(struct hash128 h)
{
	return (struct hash128){h.high - (h.low == 0), h.low - 1};
}

#define HASH128_MAX ((struct hash128){UINT64_MAX, UINT64_MAX})

/* Part i of `parts`: floor(2^128 / parts) wide, the last one up to the end (as Kinesis divides a new stream). */
void route_part(uint32_t i, uint32_t parts, struct hash128 *from, struct hash128 *to);

/* The number as a decimal, as Kinesis writes it; returns the length (at most 39). */
size_t hash128_text(struct hash128 h, char out[40]);
/* False if it is no decimal, or 2^128 or more. */
bool hash128_parse(const char *text, struct hash128 *h);
/* The first point of the second half of a range of two points or more. */
struct hash128 hash128_middle(struct hash128 from, struct hash128 to);

/* 16 bytes, big-endian, so that they sort as the numbers do. */
void hash128_bytes(struct hash128 h, uint8_t out[16]);
struct hash128 hash128_from_bytes(const uint8_t in[16]);

/* MurmurHash2, 32 bits, as Kafka seeds it (0x9747b28c). */
uint32_t murmur2(const void *p, size_t len);

#endif
