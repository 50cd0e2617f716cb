/* Lines of text, for formats whose record is a line: the line end is LF or CR LF, or the end of the input. */
#ifndef STREAM_FORMAT_LINE_H
#define STREAM_FORMAT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Finds the line at the start of [p, p + len), len > 0. Returns its bytes with the line end, and *content is how many
 * of them are before that; 0: it is not whole. *seen is for the caller to keep: how much of a line that is not whole
 * was searched, so that no byte is searched twice; 0 at first.
 */
static inline size_t line_find(const char *p, size_t len, bool last, size_t *seen, size_t *content)
{
	const char *lf = memchr(p + *seen, '\n', len - *seen);
	if (!lf && !last) {
		*seen = len;
		return 0;
	}
	*seen = 0;
	*content = lf ? (size_t)(lf - p) : len;
	if (!lf)
		return len;
	size_t whole = *content + 1;
	if (*content && lf[-1] == '\r')
		--*content;
	return whole;
}

#endif
