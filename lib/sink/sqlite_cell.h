/* What becomes of a value in SQLite: its storage class, and whether a column would change it. See sqlite.h for the
   rules. */
#ifndef STREAM_SINK_SQLITE_CELL_H
#define STREAM_SINK_SQLITE_CELL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/arena.h"
#include "record/value.h"

/* The five affinities (https://www.sqlite.org/datatype3.html, section 3.1). */
enum affinity { AFFINITY_NONE, AFFINITY_INTEGER, AFFINITY_REAL, AFFINITY_TEXT, AFFINITY_NUMERIC };

struct sqlite_cell {
	int storage; /* SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL */
	union {
		int64_t i;
		double f;
		const char *s; /* the value's own, or in the arena */
	};
	size_t len;
};

struct sqlite_cell sqlite_cell_of(struct value v, bool decimals_as_text, struct arena *a);

/* Makes the cell fit a column of this affinity; false if the column would change it. */
bool sqlite_cell_fit(struct sqlite_cell *cell, enum affinity affinity, struct value v, struct arena *a);

int sqlite_cell_bind(sqlite3_stmt *s, int at, const struct sqlite_cell *cell);

/* By the declared type's words, as SQLite does it. */
enum affinity sqlite_affinity(const char *declared);

#endif
