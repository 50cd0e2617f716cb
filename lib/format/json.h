/*
 * JSON by RFC 8259: pieces that others need too. The decoder and encoder are found through format/text.h.
 *
 * Bytes that are not UTF-8 survive: a byte 0x80..0xff that belongs to no valid sequence is written as the escape
 * \udc80..\udcff, a lone surrogate that came as an escape is kept as its three bytes and written as that escape again;
 * both are read back as they were. What is written is always valid UTF-8.
 *
 * Records, as json_decoder_new reads them: values one behind the other, with or without white space, over as many lines as
 * they like; those of a top-level array are records each. A key that comes twice has its first place and its last value.
 * More than 65,535 keys, or 4 GiB, are a reject. So is what is no JSON, up to where reading goes on (format/json_skip.h);
 * its reason names the column, and the line when that is another one than the record's first. Columns count bytes from 1.
 */
#ifndef STREAM_FORMAT_JSON_H
#define STREAM_FORMAT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"
#include "record/value.h"

enum { JSON_DEPTH_MAX = 512 };

/*
 * One value from the start of [p, end) (white space before it is skipped); DECODE_SLACK bytes behind end may be read. Returns
 * the byte behind it, or NULL with an error (`incomplete` set when more bytes could make it whole). A string with escapes is decoded
 * into the arena; an array or object is checked and kept as its text.
 */
const char *json_read(const char *p, const char *end, struct arena *a, struct value *v, bool *incomplete,
		      struct error *e);

/* Appends a value as JSON: a time as an RFC 3339 string, bytes as base64 in a string, absent as null. */
void json_write(struct value v, struct buf *out);
/* Appends a string in quotes. */
void json_write_string(const char *s, size_t len, struct buf *out);
/* Appends one selected row as an object, without a newline. */
void json_write_row(const struct batch *b, uint32_t row, bool meta, struct buf *out);

/*
 * Reaches into a JSON text by a path like `a.b[0]` (the part behind the column's name: `.b[0]` or `[0].c`, keys in
 * backquotes where they need it). Absent where there is no such thing. Borrowed from text, or decoded into the arena.
 */
struct value json_path(const char *text, size_t len, const char *path, size_t path_len, struct arena *a);

#endif
