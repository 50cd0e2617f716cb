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

static inline uint64_t text_hash(const char *p, size_t len)
{
	if (len < 8)
		return hash_mix(text_short(p, len), len);
	uint64_t h = len;
	const char *last = p + len - 8;
	for (; p < last; p += 8)
		h = hash_mix(text_load64(p) ^ h, h);
	return hash_mix(text_load64(last) ^ h, h);
}

static inline bool text_equal(const char *a, const char *b, size_t len)
{
	if (len < 8)
		return text_short(a, len) == text_short(b, len);
	for (size_t i = 0; i < len - 8; i += 8)
		if (text_load64(a + i) != text_load64(b + i))
			return false;
	return text_load64(a + len - 8) == text_load64(b + len - 8);
}

#endif
