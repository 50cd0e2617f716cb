/* The rows of a table of a database as records: its types are null, int, float, string and bytes. */
#include <sqlite3.h>
#include <string.h>

#include "join/lookup.h"

enum { BUSY_MS = 2000 };

static struct value cell(sqlite3_stmt *s, int column)
{
	const char *p;
	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER: return value_int(sqlite3_column_int64(s, column));
	case SQLITE_FLOAT: return value_float(sqlite3_column_double(s, column));
	case SQLITE_TEXT:
		p = (const char *)sqlite3_column_text(s, column);
		return value_string(p, (size_t)sqlite3_column_bytes(s, column));
	case SQLITE_BLOB:
		p = sqlite3_column_blob(s, column);
		return value_text(TYPE_BYTES, p, (size_t)sqlite3_column_bytes(s, column));
	default: return value_null();
	}
}

static int fail(sqlite3 *db, const char *path, struct error *e)
{
	return error_set(e, ERR_FAILED, "%s: %s", path, sqlite3_errmsg(db));
}

static int add_rows(struct lookup *l, sqlite3 *db, sqlite3_stmt *s, const char *path, struct key_spec *key,
		    struct error *e)
{
	struct batch b;
	int r = 0, step, count = sqlite3_column_count(s);
	batch_init(&b);
	struct field *fields = arena_array(&l->nothing.arena, (size_t)count + 1, sizeof *fields);
	while (!r && (step = sqlite3_step(s)) == SQLITE_ROW) {
		for (int c = 0; c < count; c++)
			fields[c] = (struct field){sqlite3_column_name(s, c), cell(s, c)};
		if (!batch_add_row(&b, fields, (uint32_t)count))
			r = error_set(e, ERR_FAILED, "%s: too many columns", path);
		if (!r && b.rows == BATCH_ROWS) {
			r = lookup_add(l, key, &b, e);
			batch_clear(&b);
		}
	}
	if (!r && step != SQLITE_DONE)
		r = fail(db, path, e);
	if (!r && b.rows)
		r = lookup_add(l, key, &b, e);
	batch_release(&b);
	return r;
}

int lookup_read_sqlite(struct lookup *l, const char *path, const char *table, struct key_spec *key, struct error *e)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
	int r = 0;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) || sqlite3_busy_timeout(db, BUSY_MS) ||
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL))
		r = fail(db, path, e);
	else
		r = add_rows(l, db, s, path, key, e);
	sqlite3_finalize(s);
	sqlite3_close(db);
	sqlite3_free(sql);
	return r;
}
