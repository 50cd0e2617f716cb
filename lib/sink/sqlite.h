/*
 * `sqlite:FILE?table=T&key=F,…` -- records as rows of a table, exactly once: a commit is one transaction
 * (synchronous=EXTRA), and in a checkpointed flow the checkpoint stands in the same transaction, in the table
 * `stream_commits`.
 *
 * Parameters: table (must be given), key, types, decimals, timeout.
 *
 * The table is made when the first records come, and widened (ALTER TABLE ADD COLUMN) when a new field comes. SQLite
 * converts a value by the column's declared type, and would make 870 of the text `0870`. So a new column gets a type
 * only if all its values in the batch that brought it are of one kind, and no type, which keeps each value as it is,
 * if not:
 *
 *   record                        stored as    column
 *   int, bool                     INTEGER      INTEGER (bool: 0, 1)
 *   1.5, 1.10, 1E5                REAL         REAL. The number is kept, the text is not: 1.10 becomes 1.1. A decimal
 *                                              that REAL can't hold exactly as it prints is TEXT.
 *                                              `decimals=text` keeps all as TEXT
 *   whole numbers beyond int64    TEXT         TEXT
 *   string; time (RFC 3339); json TEXT         TEXT
 *   bytes                         BLOB         BLOB
 *   null, absent                  NULL
 *
 * A later value that a typed column would change (the text `0870` for an INTEGER one, an int above 2^53 for a REAL
 * one) is rejected; `types=any` gives no column a type, and no value is ever rejected for that. In a TEXT column
 * numbers keep their text.
 *
 * Names of columns are those of the fields. SQLite takes `A` and `a` for one: fields that differ only in the case of
 * ASCII letters share a column, and a record that has two of them is rejected.
 *
 * key=F,…: a record replaces what the fields it has say in the row of that key, or becomes a new row. A record
 * without a value in a key field is rejected. The unique index is made if there is none.
 *
 * A row that a constraint of the user's own table refuses is rejected; other failures (disk full, locked for longer
 * than `timeout`, 10s) are errors. In a plain pipeline the database is locked for writing from the first record to the
 * commit (1 s later, or `every`); in a checkpointed flow only at the barrier: till then records lie aside (stash.h), and what is
 * rejected is found out by sink_prepare.
 */
#ifndef STREAM_SINK_SQLITE_H
#define STREAM_SINK_SQLITE_H

#include "sink/sink.h"

int sqlite_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e);

#endif
