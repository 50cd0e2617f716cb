/* Hashes of bytes: XXH3 (xxHash's specification, version 0.8; seed 0 where none is given). */
#ifndef STREAM_CODEC_HASH_H
#define STREAM_CODEC_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t high, low;
};

uint64_t hash64(const void *p, size_t len);
uint64_t hash64_seeded(const void *p, size_t len, uint64_t seed);
struct hash128 hash128(const void *p, size_t len);

#endif
