/* hash64 with vectors of 32 bytes, for processors that have them; used by hash.c alone. */
#ifndef STREAM_CODEC_HASH_WIDE_H
#define STREAM_CODEC_HASH_WIDE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define HASH_WIDE 1
#else
#define HASH_WIDE 0
#endif

uint64_t hash64_wide(const void *p, size_t len);

#endif
