/*
 * The event time of one input, for stages that go by time without windows: makes @time a time in every record, judges which records
 * are late, and says how far time has come.
 *
 * A record is late when it is behind the watermark of its own shard (lib/window/watermark.h): the greatest time so far, by records
 * and by WATERMARK frames, less the delay. Behind stream-window, which has judged already, a clock is not started.
 */
#ifndef STREAM_EVENT_CLOCK_H
#define STREAM_EVENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pattern/eventtime.h"
#include "record/batch.h"
#include "window/watermark.h"

enum { EVENT_DELAY_AUTO = -1 }; /* 5s, or on input that has an end none at all */

struct event_clock {
	const char *field; /* NULL: @time; borrowed */
	struct event_time time;
	struct watermark watermark;
	bool started;
	bool restored; /* it was not started, but the watermark is that of an earlier run */
};

/* ERR_USAGE: that is no field. */
int event_clock_init(struct event_clock *c, const char *field, struct error *e);
void event_clock_release(struct event_clock *c);
/* Does nothing if it was started. `ends`: the input is known to have an end. */
void event_clock_start(struct event_clock *c, int64_t delay, bool ends);

/*
 * Rows without a time become rejects, and leave the selection. A batch in which @time is absent altogether is ERR_USAGE that
 * says what to do; `name` is the input's, or NULL.
 */
int event_clock_times(const struct event_clock *c, struct batch *b, const char *name, struct error *e);

/* Of a started clock, for rows that have times: late ones leave the selection. Returns how many. */
uint32_t event_clock_judge(struct event_clock *c, struct batch *b);
int event_clock_frame(struct event_clock *c, const struct batch *body, struct error *e);
/* How far it has come, as rows for a snapshot, none if it was not started; and back, into one that was not started. */
void event_clock_save(const struct event_clock *c, struct batch *b);
int event_clock_load(struct event_clock *c, const struct batch *b, struct error *e);
/* Shards not heard of for `idle` ns hold nothing back. */
void event_clock_idle(struct event_clock *c, int64_t idle);

/* No record before this will come that is not late. */
static inline int64_t event_clock_at(struct event_clock *c)
{
	return watermark_at(&c->watermark);
}

#endif
