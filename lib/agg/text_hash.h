/*
 * A hash of short texts for tables in memory, and their equality, both without a call: eight bytes at a time, the last
 * eight overlapping those before, so that no byte outside the text is read.
 */
#ifndef STREAM_AGG_TEXT_HASH_H
#define STREAM_AGG_TEXT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "record/value.h"

static inline uint64_t text_load64(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

static inline uint64_t text_load32(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

/* All of 1 to 7 bytes in one word; for a given length no two texts give the same. */
static inline uint64_t text_short(const char *p, size_t len)
{
	if (len >= 4)
		return text_load32(p) | text_load32(p + len - 4) << 32;
	if (!len)
		return 0;
	return (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[len / 2] << 8 | (uint64_t)(uint8_t)p[len - 1] << 16;
}

/* Lengths up to 32 take one path for each class, without a loop: keys are short, and a loop's end would be guessed
 * wrong. */
static inline uint64_t text_hash(const char *p, size_t len, uint64_t seed)
{
	if (len < 8)
		return hash_mix(text_short(p, len) ^ seed, len);
	const char *last = p + len - 8;
	if (len <= 16)
		return hash_mix(text_load64(p) ^ len ^ seed, text_load64(last));
	uint64_t h = len ^ seed;
	for (; len > 32; p += 16, len -= 16)
		h = hash_mix(text_load64(p) ^ h, text_load64(p + 8));
	return hash_mix(text_load64(p) ^ h, text_load64(p + 8)) ^
	       hash_mix(text_load64(last - 8) ^ h, ~text_load64(last));
}

static inline bool text_equal(const char *a, const char *b, size_t len)
{
	if (len < 8)
		return text_short(a, len) == text_short(b, len);
	const char *x = a + len - 8, *y = b + len - 8;
	if (len <= 16)
		return !((text_load64(a) ^ text_load64(b)) | (text_load64(x) ^ text_load64(y)));
	for (; len > 32; a += 16, b += 16, len -= 16)
		if ((text_load64(a) ^ text_load64(b)) | (text_load64(a + 8) ^ text_load64(b + 8)))
			return false;
	return !((text_load64(a) ^ text_load64(b)) | (text_load64(a + 8) ^ text_load64(b + 8)) |
		 (text_load64(x - 8) ^ text_load64(y - 8)) | (text_load64(x) ^ text_load64(y)));
}

#endif
