/*
 * What a piece of text is that stands without quotes, in CSV and logfmt.
 *
 *   number   what is one, as a whole, by the grammar of RFC 8259; its text is kept. With an exponent it must also have
 *            a point or a sign in the exponent: `1.5e3` and `1e+3` are numbers, `12e45` is far more often an id.
 *            So `0870`, `+1`, `.5`, `1.`, `0x10`, `1,5`, `NaN` are strings.
 *   bool     `true` and `false`, in lower case
 *   string   all else, blanks included
 *
 * A bool and a number print as they came, so a column always comes back as it was.
 */
#ifndef STREAM_FORMAT_CELL_H
#define STREAM_FORMAT_CELL_H

#include <string.h>

#include "format/json_number.h"
#include "record/value.h"

/* What the text is; it may be empty. */
struct value cell_read(const char *p, size_t len);

/* A string of this text must be quoted, lest it be taken for a number or a bool (or be no cell at all: it is empty). */
bool cell_needs_quotes(const char *p, size_t len);

enum { CELL_SLACK = 48 };

/* What the text is when it does begin like a number, but is no plain decimal. */
struct value cell_read_number(const char *p, size_t len);

static inline bool cell_begins_number(char c)
{
	return (unsigned char)(c - '0') <= 9 || c == '-';
}

static inline struct value cell_read_word(const char *p, size_t len)
{
	if (len == 4 && !memcmp(p, "true", 4))
		return value_bool(true);
	if (len == 5 && !memcmp(p, "false", 5))
		return value_bool(false);
	return value_string(p, len);
}

/* The same as cell_read, for len > 0, where CELL_SLACK bytes behind the text may be read. */
static inline struct value cell_read_fast(const char *p, size_t len)
{
	struct value v;
	if (cell_begins_number(*p)) {
		const char *end = p + len, *stop = json_number(p, end, &v);
		if (stop == end && v.type == TYPE_INT)
			return v;
		/* Digits behind the text may have been taken for its own. */
		return stop && stop < end ? value_string(p, len) : cell_read_number(p, len);
	}
	return cell_read_word(p, len);
}

#endif
