/* One value of any kind, for the files that implement format/json.h. */
#ifndef STREAM_FORMAT_JSON_VALUE_H
#define STREAM_FORMAT_JSON_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "record/value.h"

/*
 * Reads the value at p with the white space before it; `around`: the brackets around it. Returns the byte behind it, or
 * NULL if it is malformed or goes on behind end (json_scan tells). Nothing behind end is read. newlines is counted up. Without
 * `keep` the value is checked, but an escaped string is not decoded.
 */
const char *json_value_read(const char *p, const char *end, uint32_t around, bool keep, struct arena *a,
			    struct value *v, uint64_t *newlines);

/* json_write with the terminal's escapes. */
void json_value_append(struct buf *out, struct value v, bool terminal);

#endif
