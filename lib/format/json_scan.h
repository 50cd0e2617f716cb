/*
 * Finding one's way in JSON text without taking it apart: where a string stops, where a value ends, and whether what
 * lies between is JSON at all.
 *
 * json_scan is the one place that knows what is JSON and what is not, and says what is wrong. It can be stopped at any
 * byte and goes on when more have come, so a record that arrives in a thousand pieces is looked at once.
 */
#ifndef STREAM_FORMAT_JSON_SCAN_H
#define STREAM_FORMAT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "format/json.h"

enum json_status {
	JSON_WHOLE, /* a value, checked to its end */
	JSON_MORE,  /* so far it is one, but it goes on behind the last byte */
	JSON_BAD,   /* no JSON: `reason` */
};

struct json_scan {
	size_t at;            /* bytes looked at; WHOLE: where the value ends; BAD: the byte that is wrong */
	size_t token;         /* where the number that ends at `at` began */
	const char *reason;   /* what is wrong, without the place */
	uint64_t newlines;    /* met so far, outside strings (inside they are an error) */
	uint32_t depth, base; /* open brackets; those that were open around the value */
	uint8_t state;
	uint64_t objects[JSON_DEPTH_MAX / 64]; /* a bit per depth: the bracket is a brace */
};

/* Before the first json_scan of a value that has `around` brackets around it, which count for JSON_DEPTH_MAX. */
static inline void json_scan_begin(struct json_scan *s, uint32_t around)
{
	s->at = 0;
	s->newlines = 0;
	s->depth = s->base = around;
	s->state = 0;
}

/*
 * Looks at the value at the start of `text`, which has come to `len` bytes; what was there at the last call is not looked
 * at again. White space before the value is skipped, what follows it is not looked at. `last`: there will be no more.
 * Nothing behind the len bytes is read.
 */
enum json_status json_scan(struct json_scan *s, const char *text, size_t len, bool last);

/* Skips white space and counts its newlines. */
static inline const char *json_space(const char *p, const char *end, uint64_t *newlines)
{
	for (; p < end && (unsigned char)*p <= ' '; p++) {
		if (*p == '\n')
			++*newlines;
		else if (*p != ' ' && *p != '\t' && *p != '\r')
			break;
	}
	return p;
}

const char *json_string_stop_tail(const char *p, const char *end);

#if defined(__SSE2__)
/* A bit for each of 16 bytes that is a quote, a backslash or a control byte. */
static inline unsigned json_stops(const char *p)
{
	const __m128i blank = _mm_set1_epi8(' ');
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* With bit 1 turned a quote becomes a blank, and the control bytes stay below it. */
	__m128i turned = _mm_xor_si128(v, _mm_set1_epi8(2));
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(turned, blank), turned);
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}
#endif

/* The first quote, backslash or control byte in [p, end), or end. */
static inline const char *json_string_stop(const char *p, const char *end)
{
#if defined(__SSE2__)
	/* Two at once: most strings end in the first turn, so that their length costs no mispredicted branch. */
	for (; end - p >= 32; p += 32) {
		unsigned stops = json_stops(p) | json_stops(p + 16) << 16;
		if (stops)
			return p + __builtin_ctz(stops);
	}
#endif
	return json_string_stop_tail(p, end);
}

/*
 * The quote that ends the string whose first byte (behind its quote) is p, or NULL when there is none before `end` or the
 * string is malformed. *escaped is set when there is a backslash in it, else left alone.
 */
const char *json_string_end(const char *p, const char *end, bool *escaped);

/* Length of the escape at p (a backslash): 2 or 6; 0 when it is no escape, -1 when it may become one behind end. */
int json_escape_length(const char *p, const char *end);

#endif
