/*
 * What a window is: the specification that stream-window reads, and that travels in the WINDOW frame to the stages
 * that aggregate.
 *
 *   tumble SIZE           [k SIZE, (k + 1) SIZE)                      also SIZE alone
 *   hop SIZE SLIDE        [k SLIDE, k SLIDE + SIZE)                   SLIDE <= SIZE: no record may fall between windows
 *   cumulate SIZE STEP    [k SIZE, k SIZE + j STEP), j = 1 .. SIZE / STEP;  STEP divides SIZE
 *   session GAP           a run of records less than or exactly GAP apart; ends GAP after the last
 *   count N               N records as they arrive; a last window that is not full never closes
 *
 * k counts from the epoch plus `offset`. A window holds its start and not its end.
 *
 * In a zone, k counts from 1970-01-01T00:00 local time, plus `offset`. Sizes that divide an hour (of a hop: the slide) are
 * stretches of real time, there and back through a change of clocks. Larger ones go by the clock: edges stand where
 * zone_instant puts them (base/zone.h), so that a day is 23 or 25 hours long, and 4 hours of the clock are 3 or 5. Of
 * edges that fall into a gap of the clock, and so on one instant, windows with the same end count once.
 *
 * Aggregation keeps *panes*: the longest stretches of time that no window's edge cuts. A tumbling window is one pane, a
 * cumulating one consists of panes of a STEP, and a hopping one has at most two panes per SLIDE, whatever the lengths
 * ("paired windows": Krishnamurthy, Wu and Franklin, On-the-fly sharing for streamed aggregation, 2006).
 * Sessions and counts have no panes: who aggregates assigns them (lib/agg/table.h).
 *
 * Times are int64 nanoseconds; a window that would reach beyond TIMESTAMP_MIN or TIMESTAMP_MAX is cut there.
 */
#ifndef STREAM_WINDOW_SPEC_H
#define STREAM_WINDOW_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/zone.h"
#include "record/batch.h"

enum window_kind { WINDOW_TUMBLE, WINDOW_HOP, WINDOW_CUMULATE, WINDOW_SESSION, WINDOW_COUNT, WINDOW_KIND_COUNT };

#define DELAY_UNLIMITED INT64_MAX /* nothing is late, and nothing closes before the end */

struct window_spec {
	enum window_kind kind;
	int64_t size;          /* of tumble, hop, cumulate: > 0 */
	int64_t slide;         /* SLIDE of hop, STEP of cumulate: > 0, <= size */
	int64_t gap;           /* of session: > 0 */
	int64_t count;         /* of count: > 0 */
	int64_t offset;        /* of tumble, hop, cumulate; any sign and size */
	int64_t delay;         /* the bound on disorder, >= 0, or DELAY_UNLIMITED */
	int64_t lateness;      /* how long a closed window takes corrections, >= 0 */
	const char *const *by; /* fields that sessions and counts are kept apart by; borrowed */
	size_t by_count;
	const struct zone *zone; /* of tumble, hop, cumulate; NULL: UTC; borrowed */
	const char *zone_name;   /* NULL: UTC; borrowed */
	bool by_clock;           /* edges go by the zone's clock */
	int64_t phase;           /* else: how far the zone's grid is ahead of that of UTC */
};

/*
 * Reads the words of a SPEC, one (`hop 10m 5m`) or several (`hop` `10m` `5m`); sets all members, those that
 * a SPEC does not speak of to 0. Errors are ERR_USAGE and say what to write instead.
 */
int window_parse(const char *const *words, size_t count, struct window_spec *s, struct error *e);

/* Sets the zone of a spec whose kind and lengths are set; it and its name live in the arena. Errors are zone_load's.
   Who keeps a spec beyond the arena that window_read was given sets the zone anew, from zone_name (NULL will do). */
int window_set_zone(struct window_spec *s, const char *name, struct arena *a, struct error *e);

/* The SPEC as window_parse reads it; at most WINDOW_TEXT_MAX bytes with NUL. */
enum { WINDOW_TEXT_MAX = 96 };
void window_text(const struct window_spec *s, char out[WINDOW_TEXT_MAX]);

/*
 * The WINDOW frame. Its first row holds kind (string), those of size, slide, gap, count that the kind has, offset,
 * lateness (ints: ns, or records), delay (int, ns; null: unlimited) and zone (string). `by` is a column of strings: one
 * row for each field, and so rows behind the first may hold nothing else. Reading goes by name, so that fields can be
 * added; what is missing or makes no sense is ERR_FAILED. What by and zone point to is taken from the arena.
 */
void window_write(const struct window_spec *s, struct batch *b); /* b is reset first */
int window_read(const struct batch *b, struct arena *a, struct window_spec *s, struct error *e);

/* -- assignment -- */

struct span {
	int64_t start, end; /* [start, end) */
};

/* The greatest start <= t of a grid of `size` moved by `offset`. */
int64_t window_floor(int64_t t, int64_t size, int64_t offset);

/* The pane of a time, of tumble, hop and cumulate. */
struct span window_pane(const struct window_spec *s, int64_t t);

/*
 * The windows that a pane lies in, by rising end: window_first gives the first that ends after `after`, window_next the
 * one behind *w; false where there is none.
 *
 *   for (more = window_first(s, pane, TIMESTAMP_MIN, &w); more; more = window_next(s, pane, &w))
 */
bool window_first(const struct window_spec *s, struct span pane, int64_t after, struct span *w);
bool window_next(const struct window_spec *s, struct span pane, struct span *w);

/* The end of the last window that a record of this time lies in; a session's as if it were alone.
   TIMESTAMP_MAX for count windows, which time does not close. */
int64_t window_last_end(const struct window_spec *s, int64_t t);

/* a + b, cut at the ends of time. b >= 0 in time_add, time_subtract. */
static inline int64_t time_add(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}
static inline int64_t time_subtract(int64_t a, int64_t b)
{
	int64_t difference;
	return __builtin_sub_overflow(a, b, &difference) ? INT64_MIN : difference;
}

#endif
