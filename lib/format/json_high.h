/*
 * Bytes from 0x80 on, on their way out: UTF-8 as it is, all else as escapes of surrogates (format/json_string.h).
 */
#ifndef STREAM_FORMAT_JSON_HIGH_H
#define STREAM_FORMAT_JSON_HIGH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One string, or one text with strings in it, that is being written. */
struct json_high {
	struct buf *out;
	bool terminal;
	size_t highs_end; /* the end in out of a run of lone high surrogates' escapes; 0: none yet */
	size_t highs;     /* how many they are */
};

/* Appends \uXXXX. */
void json_escape_put(struct buf *out, unsigned unit);

/* Writes the bytes from 0x80 on at s, as far as they go; returns how many, at least one. */
size_t json_high_put(struct json_high *w, const char *s, size_t len);

/* The escape of a lone high surrogate was just written. */
void json_high_note(struct json_high *w);

#endif
