/* Writes the rows of a batch into a table, which it widens where it must. */
#ifndef STREAM_SINK_SQLITE_ROWS_H
#define STREAM_SINK_SQLITE_ROWS_H

#include "record/batch.h"
#include "sink/sqlite_table.h"

struct sqlite_rules {
	bool untyped; /* no column gets a type */
	bool decimals_as_text;
	bool meta; /* metadata are columns too */
};

/* Adds the rows that were written to *taken; the others become rejects of b. A transaction must be open. */
int sqlite_rows_write(struct sqlite_table *t, const struct sqlite_rules *rules, struct batch *b, uint64_t *taken,
		      struct error *e);

#endif
