/*
 * Strings of JSON, in and out.
 *
 *   in the text             in memory
 *   UTF-8                   the same
 *   \u and a scalar value   its UTF-8; a pair of surrogates is one character
 *   \udc80 .. \udcff alone  one byte 80..ff, which belongs to no valid sequence
 *   other lone surrogate    its three bytes, ed a0 80 .. ed bf bf
 *
 * Both ways give back what was there. Where a lone high surrogate would be followed by the escape of a low one, and so
 * become a pair, it is written as three bytes instead.
 */
#ifndef STREAM_FORMAT_JSON_STRING_H
#define STREAM_FORMAT_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Decodes the text between the quotes of a well-formed string into out, which has room for len bytes; returns the length. */
size_t json_string_decode(const char *p, size_t len, char *out);

/* Appends a string in quotes. `terminal`: what could steer a terminal or turn its text around (DEL, C1 and bidirectional
   controls) is escaped too. */
void json_string_append(struct buf *out, const char *s, size_t len, bool terminal);

/* Appends the text of an array or object on one line and in valid UTF-8: as it is, except that white space with a newline
   in it goes, and that within strings the rules above hold. */
void json_text_append(struct buf *out, const char *text, size_t len, bool terminal);

#endif
