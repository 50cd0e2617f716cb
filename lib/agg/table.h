/*
 * A table of aggregates: all of stream-agg but its options. Records go in, rows of results come out: window_start and
 * window_end where there is a window, then the keys, then the aggregates, ordered by window (its end, then its start),
 * then by keys (value_compare), in batches of up to BATCH_ROWS rows whose `sorted` says so.
 *
 *   table_new(by, ..., calls, ..., exact, &t, e);
 *   table_window(t, &spec, e);                     when a WINDOW frame comes, before the first record
 *   table_feed(t, input, b);                       for each batch; the loop reports its rejects
 *   table_close(t, watermark, emit, self, e);      with a window: for each WATERMARK; TIMESTAMP_MAX at END(final)
 *   table_result(t, emit, self, e);                without: at END(final), and in between as often as wanted
 *
 * What it holds can go elsewhere, to be merged (agg/partial.h), or be kept for a process that goes on (agg/snapshot.h).
 *
 * A record that makes no sense (a key or argument that can't be computed, a sum of a string, no event time) is rejected
 * before it touched any state.
 *
 * Memory grows with the windows that are open, times the groups in them: a window's state is freed when it is closed
 * (with lateness: when that has passed too; corrected results are then emitted again, whole, at the next table_close).
 * Windows without records have no rows. Without keys and windows there is one row, also when nothing came.
 *
 * Sessions are kept apart by the fields of the spec's `by`; two sessions become one when a record is within the gap of
 * both. A count window is closed by its last record and comes out at the next table_close, whatever the watermark; its
 * window_start and window_end are the least and greatest event time of its records, null if they have none.
 */
#ifndef STREAM_AGG_TABLE_H
#define STREAM_AGG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"
#include "window/spec.h"

struct table;

/*
 * by: the arguments of -b, each a list `NAME` or `NAME = EXPR` with commas between; calls: `NAME = FUNC(EXPR)`,
 * `FUNC(EXPR)`, `FUNC`; none: `count`. The texts need not stay. ERR_USAGE when they make no sense, or two columns have
 * one name.
 */
int table_new(const char *const *by, size_t by_count, const char *const *calls, size_t call_count, bool exact,
	      struct table **out, struct error *e);
void table_free(struct table *t);

/* Fields that records are read by, those of the window's `by` among them; owned by t. For flow_fields. */
size_t table_fields(const struct table *t, const char *const **names);

/* Windows from here on: before the first record. The spec is copied; table_fields may say more from now on (what it said before stays).
 * ERR_USAGE if a column is called as the window's
 * are. */
int table_window(struct table *t, const struct window_spec *spec, struct error *e);

bool table_has_window(const struct table *t);
/* The names of the keys, in order; owned by t. */
size_t table_keys(const struct table *t, const char *const **names);

/* Where records were split by a key, an expression as it was written: whether all of a group, and all that a window that is made of
   records can be made of (sessions, counts; others always), are in one share. */
bool table_groups_tell(const struct table *t, const char *key);
bool table_windows_tell(const struct table *t, const char *key);

/*
 * Adds the selected rows. Rejected rows are noted in b->rejects. `input`: number of the input the batch came from.
 * Returns how many records came after all their windows were closed; they are not added (after stream-window there are
 * none).
 */
uint32_t table_feed(struct table *t, uint32_t input, struct batch *b);

/* Takes a batch of results; it is valid until it returns. An error ends what is going on, and is passed on. */
typedef int (*table_emit)(void *self, struct batch *b, struct error *e);

/* Both do nothing where the other is meant. */
int table_close(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e);
int table_result(struct table *t, table_emit emit, void *self, struct error *e);

/* The end of the last window that is open; TIMESTAMP_MIN: none is. */
int64_t table_last_end(const struct table *t);

/*
 * Bounds the memory to about `limit` bytes: what is beyond goes to a temporary file in `dir` (borrowed), and comes out in the same order and
 * the same as it would have; sessions and counts can't, and are an error then. Of a table that gives partial results (partial.h) it
 * goes out as such instead. table_shrink does it: after each table_feed, with that batch; it is quick while there is room.
 * What is one value, and the panes themselves, must fit: ERR_FAILED.
 */
void table_limit(struct table *t, size_t limit, const char *dir);
int table_shrink(struct table *t, const struct batch *b, table_emit emit, void *self, struct error *e);

/* Bytes of state, about. Looks at every group: to be asked now and then, not for every batch. */
size_t table_memory(const struct table *t);

#endif
