/*
 * How many cells of a terminal a text takes. By Unicode 14: East Asian Wide and Fullwidth (UAX 11), emoji among them,
 * take two; nonspacing and enclosing marks, format characters and the later parts of Hangul syllables take none. No
 * locale is asked. Sequences that a font joins into one glyph count as their parts.
 */
#ifndef STREAM_FORMAT_WIDTH_H
#define STREAM_FORMAT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* 0, 1 or 2; a control takes 1, for it is shown escaped or not at all. */
unsigned code_width(uint32_t code);

/* Cells of the text; a byte that is no valid UTF-8 takes one. */
size_t text_width(const char *s, size_t len);

/* The bytes of the longest start of the text, whole characters with their marks, that fits into `width` cells. */
size_t text_fit(const char *s, size_t len, size_t width);

#endif
