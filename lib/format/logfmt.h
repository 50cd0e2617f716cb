/* The pairs of a logfmt line, for logfmt_*.c alone; format/text.h says what is read. */
#ifndef STREAM_FORMAT_LOGFMT_H
#define STREAM_FORMAT_LOGFMT_H

#include "base/arena.h"
#include "record/value.h"

struct logfmt_pair {
	const char *key;
	size_t key_len;
	struct value value;
};

/* What separates pairs, and ends what stands without quotes. */
static inline bool logfmt_is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

/*
 * Reads the pair at p < end, which is no blank; CELL_SLACK bytes behind end may be read. Returns the byte behind it, or
 * NULL and *wrong. Texts with escapes are in the arena, others point into the line.
 */
const char *logfmt_pair_read(const char *p, const char *end, struct arena *a, struct logfmt_pair *pair,
			     const char **wrong);

#endif
