/*
 * What a terminal would obey instead of show, made visible. A text encoder that writes to a terminal passes every text
 * that came from outside through here.
 *
 *   escaped                                   as
 *   C0 controls but tab and newline, DEL      \x1b
 *   C1 controls U+0080..U+009F                \u009b
 *   bidi controls (U+061C, U+200E, U+200F,    \u202e
 *     U+202A..U+202E, U+2066..U+2069)
 *   bytes that are no valid UTF-8             \xff
 *   tab, newline, CR with ESCAPE_BLANKS       \t \n \r
 *
 * A backslash stands as it is: this is for eyes, not to be read back. JSON writes its own escapes for the same
 * characters, and asks escape_steers.
 */
#ifndef STREAM_FORMAT_ESCAPE_H
#define STREAM_FORMAT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { ESCAPE_BLANKS = 1 };

/* Whether a terminal could obey this code point; tab and newline do no harm. */
bool escape_steers(uint32_t code);

/* The length of the longest start of the text that needs no escape; len: none is needed. */
size_t escape_find(const char *s, size_t len, unsigned flags);

/* Appends the text, escaped where needed. */
void escape_append(const char *s, size_t len, unsigned flags, struct buf *out);

/*
 * The valid UTF-8 sequence (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF) at the start of s, whose
 * len is not 0. Returns its bytes and *code, or 0.
 */
size_t utf8_read(const char *s, size_t len, uint32_t *code);

#endif
