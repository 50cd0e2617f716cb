#include "codec/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash64(const void *p, size_t len)
{
	return XXH3_64bits(p, len);
}

uint64_t hash64_seeded(const void *p, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, len, seed);
}

struct hash128 hash128(const void *p, size_t len)
{
	XXH128_hash_t h = XXH3_128bits(p, len);
	return (struct hash128){.high = h.high64, .low = h.low64};
}
