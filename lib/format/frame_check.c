#include "format/frame_check.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "record/value.h"

/*
 * Each loop takes whole vectors and returns how many elements that were; *bad gets a bit when one of them is wrong. The
 * plain loops behind them take the rest, which is all of it where there are no vectors.
 */
#ifdef __SSE2__
static bool any(__m128i x)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128())) != 0xffff;
}

static size_t below8(const uint8_t *p, size_t n, uint8_t greatest, bool *bad)
{
	__m128i limit = _mm_set1_epi8((char)greatest), over = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 16 <= n; i += 16)
		over = _mm_or_si128(over, _mm_subs_epu8(_mm_loadu_si128((const __m128i *)(p + i)), limit));
	*bad |= any(over);
	return i;
}

static size_t below16(const uint16_t *p, size_t n, uint16_t greatest, bool *bad)
{
	__m128i limit = _mm_set1_epi16((short)greatest), over = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		over = _mm_or_si128(over, _mm_subs_epu16(_mm_loadu_si128((const __m128i *)(p + i)), limit));
	*bad |= any(over);
	return i;
}

/*
 * With all offsets and all steps between them below 2^31, no step can be downward, and none can wrap around: their
 * top bits tell.
 */
static size_t ascending(const uint32_t *p, size_t n, uint32_t *tops)
{
	__m128i seen = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		__m128i a = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i b = _mm_loadu_si128((const __m128i *)(p + i + 1));
		seen = _mm_or_si128(seen, _mm_or_si128(a, _mm_sub_epi32(b, a)));
	}
	*tops |= _mm_movemask_ps(_mm_castsi128_ps(seen)) ? UINT32_C(1) << 31 : 0;
	return i;
}
#else
static size_t below8(const uint8_t *p, size_t n, uint8_t greatest, bool *bad)
{
	(void)p, (void)n, (void)greatest, (void)bad;
	return 0;
}

static size_t below16(const uint16_t *p, size_t n, uint16_t greatest, bool *bad)
{
	(void)p, (void)n, (void)greatest, (void)bad;
	return 0;
}

static size_t ascending(const uint32_t *p, size_t n, uint32_t *tops)
{
	(void)p, (void)n, (void)tops;
	return 0;
}
#endif

bool all_below(const void *ints, size_t n, unsigned width, uint64_t limit)
{
	bool bad = false;
	size_t i = 0;
	if (!n)
		return true;
	if (!limit)
		return false;
	switch (width) {
	case 1:
		if (limit > UINT8_MAX)
			return true;
		for (i = below8(ints, n, (uint8_t)(limit - 1), &bad); i < n; i++)
			bad |= ((const uint8_t *)ints)[i] >= limit;
		return !bad;
	case 2:
		if (limit > UINT16_MAX)
			return true;
		for (i = below16(ints, n, (uint16_t)(limit - 1), &bad); i < n; i++)
			bad |= ((const uint16_t *)ints)[i] >= limit;
		return !bad;
	case 4:
		for (; i < n; i++)
			bad |= ((const uint32_t *)ints)[i] >= limit;
		return !bad;
	default:
		for (; i < n; i++)
			bad |= ((const uint64_t *)ints)[i] >= limit;
		return !bad;
	}
}

bool all_ascending(const uint32_t *offsets, size_t n, uint32_t end)
{
	uint32_t tops = offsets[n];
	for (size_t i = ascending(offsets, n, &tops); i < n; i++)
		tops |= offsets[i] | (offsets[i + 1] - offsets[i]);
	return !(tops >> 31) && offsets[0] == 0 && offsets[n] == end;
}

bool all_finite(const double *f, size_t n)
{
	bool bad = false;
	for (size_t i = 0; i < n; i++)
		bad |= !isfinite(f[i]);
	return !bad;
}

bool is_number_text(const char *p, size_t len)
{
	struct value v;
	return len && number_read(p, p + len, &v) == p + len;
}

bool all_numbers(const char *text, const uint32_t *offsets, const uint8_t *marks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(marks && marks[i]) && !is_number_text(text + offsets[i], offsets[i + 1] - offsets[i]))
			return false;
	return true;
}
