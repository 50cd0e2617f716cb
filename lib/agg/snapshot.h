/*
 * Snapshots of a table: all that it has to remember, as batches, so that another process goes on where this one stood. What it then gives
 * is what this one would have given, byte for byte (but for where the partial results of --limit are cut).
 *
 * A snapshot is whole, or it has what changed since the one before it, which the table knows after the first one: panes that records
 * came to and the groups of them, and panes that are gone. Who restores gives the newest one first, back to the last whole one. Then
 * the first thing that is said of a pane or of a group counts: a group's state replaces the older one, and does not add to it.
 *
 * Groups that --limit has sent to disk are written once for each time they went there, a run of a pane by itself. Each is of a
 * `generation` of the pane: the groups in memory are of the newest, and what is said of them in older snapshots is void when they
 * have become a run.
 *
 * A batch has rows of a field `state`, bytes; the first row of a snapshot also has `partial` (partial.h), which says of what, and
 * int fields `closed`, `oldest`, `oldest_at`, `last`. The bytes are entries, one behind the other, of values and varints as state.h draws them:
 *
 *   1 gone     varint id of a pane
 *   2 pane     varint id; zigzag start, end, least and greatest event time; varint records; 1 byte: touched; varint generation;
 *              of sessions and counts: keys, a varint count and as many values
 *   3 of       varint id, varint generation; varint: 0 in memory, else 1 + level of the run. The groups that follow are of it
 *   4 group    keys; varint length, and as many bytes: its states
 *
 * A pane stands before what is of it, and each row begins anew with what its groups are of.
 */
#ifndef STREAM_AGG_SNAPSHOT_H
#define STREAM_AGG_SNAPSHOT_H

#include "agg/table.h"

enum { TABLE_SNAPSHOT_VERSION = 2 }; /* raised with any change of the above, or of state.h */

/*
 * Emits a snapshot: of the `changes` since the last one, or whole, as the first one has to be. Directly after a table_close, so that count
 * windows that are full are out. The table stays as it is; from now on it takes a bit for each group, and next to no time.
 */
int table_snapshot(struct table *t, bool changes, table_emit emit, void *self, struct error *e);

/*
 * Takes a batch of a snapshot, into a table that was made (and limited) in the same way and has had nothing else; in the end b NULL, also if there was none.
 * The window is set as it was; table_window may say it again. ERR_USAGE: it is of another table; ERR_FAILED: it makes no sense.
 */
int table_restore(struct table *t, const struct batch *b, struct error *e);

#endif
