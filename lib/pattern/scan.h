/*
 * Finding a byte, for the scanner of access logs. `p` must be at least 16 bytes behind the start of the text, or `end` be:
 * the last bytes are looked at by a load that ends at `end`. Nothing behind `end` is read.
 */
#ifndef STREAM_PATTERN_SCAN_H
#define STREAM_PATTERN_SCAN_H

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#include <stddef.h>

enum { SCAN_MIN = 16 };

#if defined(__SSE2__)

/* A bit per byte that is a or b. */
static inline unsigned scan_mask(const char *p, char a, char b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)p);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(a)), _mm_cmpeq_epi8(x, _mm_set1_epi8(b)));
	return (unsigned)_mm_movemask_epi8(hit);
}

/* The first a or b of [p, end), or end. */
static inline const char *scan_either(const char *p, const char *end, char a, char b)
{
	for (; end - p >= SCAN_MIN; p += SCAN_MIN) {
		unsigned mask = scan_mask(p, a, b);
		if (mask)
			return p + __builtin_ctz(mask);
	}
	if (p >= end)
		return end;
	unsigned mask = scan_mask(end - SCAN_MIN, a, b) >> (SCAN_MIN - (end - p));
	return mask ? p + __builtin_ctz(mask) : end;
}

#else

static inline const char *scan_either(const char *p, const char *end, char a, char b)
{
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

#endif

static inline const char *scan_byte(const char *p, const char *end, char c)
{
	return scan_either(p, end, c, c);
}

/* The quote that ends a quoted text, or end; a backslash takes the byte behind it along. */
static inline const char *scan_quote(const char *p, const char *end)
{
	for (;;) {
		p = scan_either(p, end, '"', '\\');
		if (p == end || *p == '"')
			return p;
		if (end - p < 2)
			return end;
		p += 2;
	}
}

#endif
