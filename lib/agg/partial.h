/*
 * Partial results: the state of a table as records, a row for each pane and group. They can be merged, in any order and any
 * number, into a table of the same keys and calls, which then gives what one table would have given that had seen all.
 *
 *   field                        holds
 *   window_start window_end      times: the pane's; only where there is a window
 *   (the keys)                   the group's
 *   partial                      json: what it is a state of, see below
 *   state                        bytes: see state.h
 *
 * A pane is a tumbling window, a step of a cumulating one, a stretch that no edge of a hopping one cuts, a session as far
 * as it is known, or a count window (null times while it is open). Whoever merges makes windows of panes by the
 * specification, which travels in `partial`:
 *
 *   {"version":1,"window":{"kind":"hop","size":...},"by":["path"],"of":["count","sum(bytes)"]}
 *
 * "window" has the fields of a WINDOW frame (lib/window/spec.h), but for the delay, and is left out without one; "by" names the
 * keys; "of" has the states, in order, each with its argument as it was written. Calls that need the same states are the same:
 * avg(x) can be merged from what sum(x) left. Times as RFC 3339 and bytes in base64 are read too, so that all of it survives
 * text; what text would not keep of a key, its type, is in the state.
 *
 * All that is emitted as a partial result leaves the table: it is the change since the last one. So corrections of closed windows,
 * updates and what --limit pushes out add up.
 */
#ifndef STREAM_AGG_PARTIAL_H
#define STREAM_AGG_PARTIAL_H

#include "agg/table.h"

/*
 * Before the first record: records are partial results (`in`; table_load instead of table_feed), results are (`out`), or both.
 * Changes what table_fields says. ERR_USAGE if a column is called as theirs are.
 */
int table_partials(struct table *t, bool in, bool out, struct error *e);

/*
 * Adds partial results; the first one's window is the table's. Rows that are none, or damaged, are noted in b->rejects. Adds to *late
 * those whose windows are all closed. ERR_USAGE when they are of other keys or calls: it names the difference.
 */
int table_load(struct table *t, struct batch *b, uint32_t *late, struct error *e);

/* Emits all panes and groups as partial results, and keeps them. */
int table_save(struct table *t, table_emit emit, void *self, struct error *e);

/*
 * How far event time has come for those who merge what this table gives: the watermark, but with sessions as partial results not past
 * the start of one that is still to come. To be called for each watermark, after table_close.
 */
int64_t table_passed(struct table *t, int64_t watermark);

#endif
