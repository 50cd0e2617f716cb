/* Loops that check what a frame holds, a vector at a time where the machine has SSE2. */
#ifndef STREAM_FORMAT_FRAME_CHECK_H
#define STREAM_FORMAT_FRAME_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each of n unsigned ints of width 1, 2, 4 or 8 is below limit. */
bool all_below(const void *ints, size_t n, unsigned width, uint64_t limit);
/* n + 1 offsets start with 0, never fall, and end with `end` (which is below 2^31). */
bool all_ascending(const uint32_t *offsets, size_t n, uint32_t end);
/* n doubles are neither infinite nor NaN. */
bool all_finite(const double *f, size_t n);
/* Each of n texts (n + 1 checked offsets) that has no mark (marks may be NULL) is a number by RFC 8259. */
bool all_numbers(const char *text, const uint32_t *offsets, const uint8_t *marks, size_t n);

bool is_number_text(const char *p, size_t len);

#endif
