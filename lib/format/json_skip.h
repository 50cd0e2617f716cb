/*
 * Where reading goes on behind a record that is no JSON.
 *
 *   - At the next line; but a record over many lines goes on as long as brackets are open and lines are indented or begin
 *     with a closing bracket, so that its remains are not taken for records.
 *   - In the bad record itself, at a line that begins with `{`: what stood before was cut off.
 *   - In an array at the `,` or `]` behind the bad element, when its brackets and quotes tell where that is.
 */
#ifndef STREAM_FORMAT_JSON_SKIP_H
#define STREAM_FORMAT_JSON_SKIP_H

#include <stdbool.h>
#include <stddef.h>

struct json_skip {
	size_t at;    /* bytes looked at; in the end, where reading goes on */
	size_t error; /* the byte that was wrong */
	size_t depth; /* open brackets, as far as one can tell */
	bool quoted;
	bool array; /* the record is an element of an array */
};

static inline void json_skip_begin(struct json_skip *s, size_t error, bool array)
{
	*s = (struct json_skip){.error = error, .array = array};
}

/* Looks on in the text that begins with the bad record. False: more bytes are needed (never with `last`). */
bool json_skip(struct json_skip *s, const char *text, size_t len, bool last);

#endif
