/*
 * A regex whose named groups are fields: what grok expressions, regexes and most named patterns come down to.
 * For lib/pattern only.
 */
#ifndef STREAM_PATTERN_CAPTURES_H
#define STREAM_PATTERN_CAPTURES_H

#include "pattern/kind.h"

enum capture_type { CAPTURE_STRING, CAPTURE_INT, CAPTURE_FLOAT };

struct capture {
	const char *group; /* name of the regex's group */
	const char *field;
	enum capture_type type;
	const char *const
		*formats; /* a time: the formats that it may have (timestamp_scan; "" is timestamp_read), NULL at the
	                                end; static. NULL: no time */
};

/*
 * Groups that `captures` (count of them) does not list are strings, fields by their own name. `nothing` is a text that
 * is null, or NULL. Names are copied. ERR_USAGE: a bad regex, or one without named groups.
 */
int captures_new(const char *regex, const struct capture *captures, size_t count, const char *nothing,
		 struct pattern **out, struct error *e);

#endif
