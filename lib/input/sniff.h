/* Which format bytes are in, by what they begin with and what their file is called. */
#ifndef STREAM_INPUT_SNIFF_H
#define STREAM_INPUT_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "format/text.h"

/*
 * frames by their stream line; json by a brace, or a bracket with a JSON value behind it; csv, tsv and logfmt by the name's
 * ending (`.gz` and its like looked through); otherwise lines. FORMAT_AUTO: too little to tell, and more may come: that
 * happens only while the bytes are a beginning of a stream line or nothing but white space.
 */
enum format sniff_format(const char *p, size_t len, bool last, const char *name);

#endif
