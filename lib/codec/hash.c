#include "codec/hash.h"

#include "codec/hash_wide.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Below that, the call and the question cost more than wide vectors save. */
enum { WIDE_FROM = 1024 };

uint64_t hash64(const void *p, size_t len)
{
#if HASH_WIDE
	if (len >= WIDE_FROM && __builtin_cpu_supports("avx2"))
		return hash64_wide(p, len);
#endif
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
