/*
 * Event time from a field (`--time FIELD[=FORMAT]`, `stream-window -t FIELD`): sets @time of a batch's rows.
 *
 * FIELD is a column's name or, where there is no such column, a path like `a.b[0]` into a json cell, or a metadatum
 * (`@arrived`). With a FORMAT a value's text is read by it (timestamp_scan); without one a time is itself, a string is read
 * by RFC 3339 and its relatives (timestamp_read) or as a number, and a number's magnitude tells its unit.
 */
#ifndef STREAM_PATTERN_EVENTTIME_H
#define STREAM_PATTERN_EVENTTIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"

enum { EVENT_TIME_TEXT_MAX = 64 };

struct event_time {
	const char *field; /* borrowed from the text of the option */
	size_t field_len;
	const char *format;             /* NULL: none */
	char text[EVENT_TIME_TEXT_MAX]; /* the last text that was read, */
	uint32_t text_len;
	int64_t base, ns; /* near to what, and what it is */
};

/* ERR_USAGE: no field, or a format with a directive that there is not. */
int event_time_parse(const char *text, struct event_time *t, struct error *e);

/* NULL, or why it is no time. base: what a time without a year is near to. */
const char *event_time_read(struct event_time *t, struct value v, int64_t base, int64_t *ns);

/*
 * Sets META_TIME of b, in its arena. Rows whose field is no time, or missing, become rejects and leave the selection.
 * Returns how many.
 */
uint32_t event_time_apply(struct event_time *t, struct batch *b, int64_t base);

#endif
