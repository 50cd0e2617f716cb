/*
 * The table that a SQLite sink writes to: its columns, as they are in the database and as they grow, and the
 * statements that write a row. The database handle is borrowed. Errors are prefixed with nothing; the sink adds the
 * file's name.
 */
#ifndef STREAM_SINK_SQLITE_TABLE_H
#define STREAM_SINK_SQLITE_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "sink/sqlite_cell.h"

struct sqlite_column {
	const char *name;
	enum affinity affinity;
};

struct sqlite_insert;

struct sqlite_table {
	sqlite3 *db;
	const char *name; /* borrowed */
	struct sqlite_column *columns;
	size_t count, cap; /* count 0: the table is not there yet */
	const char **keys; /* names, borrowed; key_count of them */
	size_t key_count;
	bool keyed; /* their unique index is known to be there */
	struct sqlite_insert *inserts;
	size_t insert_count;
	struct arena names;
};

/* Reads the columns, if the table is there; what was known of it is forgotten. */
int sqlite_table_load(struct sqlite_table *t, struct error *e);
/* The column that SQLite would take for that name (without a NUL in it), or -1. */
int sqlite_table_find(const struct sqlite_table *t, const char *name, size_t len);
/* Adds a column, and makes the table with the first. `declared`: its type or "". *id is its number. */
int sqlite_table_add(struct sqlite_table *t, const char *name, size_t len, const char *declared, int *id,
		     struct error *e);
/* Adds the key's columns, if they are not there, and its unique index. */
int sqlite_table_key(struct sqlite_table *t, struct error *e);
/* The statement that writes these columns, in this order; borrowed until the next call. */
int sqlite_table_insert(struct sqlite_table *t, const int *columns, size_t count, sqlite3_stmt **out, struct error *e);
void sqlite_table_release(struct sqlite_table *t);

/* Runs statements that give no rows. */
int sqlite_run(sqlite3 *db, const char *sql, struct error *e);
/* ERR_FAILED with what SQLite says, in words that help. */
int sqlite_fail(sqlite3 *db, struct error *e);

#endif
