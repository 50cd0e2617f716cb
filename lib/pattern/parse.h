/*
 * Parsing batch by batch (stream-parse): the field `line` of one batch becomes the rows of another.
 *
 * The patterns are tried in order; the first that matches a line makes the row, and a line that none matches, or that
 * has something in it that can't be read, becomes a reject of `to` with the reason (with several patterns: that of the last). Metadata come along;
 * @time is the pattern's, and where it has none that of the input. Other fields of the input (`file` and `offset` of stream-tail)
 * follow those of the line, which wins where both have one. A record without a `line` that is a string is a reject.
 */
#ifndef STREAM_PATTERN_PARSE_H
#define STREAM_PATTERN_PARSE_H

#include "pattern/eventtime.h"
#include "pattern/pattern.h"

struct parse {
	struct pattern **patterns; /* at least one; made with `timeless` if there is a time */
	size_t count;
	struct event_time *time; /* --time; NULL: none */
};

/*
 * Parses the selected rows of `from` from the `first`-th on into `to`, which is cleared before. Returns how many were taken: fewer
 * than there are when `to` is full; call it again with the rest. `to` borrows from `from`. *consumed is how many became no
 * record (the header of csv).
 */
uint32_t parse_batch(struct parse *p, const struct batch *from, uint32_t first, struct batch *to, uint32_t *consumed);

#endif
