#include "sink/sqlite_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sink/sqlite_lock.h"

enum { INSERTS_MAX = 64 };

/* A prepared statement and the columns it writes. */
struct sqlite_insert {
	int *columns;
	size_t count;
	sqlite3_stmt *statement;
};

int sqlite_fail(sqlite3 *db, struct error *e)
{
	int code = sqlite3_errcode(db);
	const char *text = sqlite3_errmsg(db);
	int errnum = sqlite3_system_errno(db);
	if (code == SQLITE_BUSY) {
		char holder[160];
		sqlite_lock_holder(sqlite3_db_filename(db, "main"), holder, sizeof holder);
		return error_set(e, ERR_FAILED, "%s keeps the database locked; end it, or wait longer (timeout=)",
				 holder);
	}
	if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && errnum)
		return error_set(e, ERR_FAILED, "%s: %s", text, strerror(errnum));
	return error_set(e, ERR_FAILED, "%s", text);
}

int sqlite_run(sqlite3 *db, const char *sql, struct error *e)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) ? sqlite_fail(db, e) : OK;
}

/* An identifier in double quotes, those inside doubled. */
static void append_name(struct buf *sql, const char *name)
{
	buf_byte(sql, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_byte(sql, '"');
		buf_byte(sql, *name);
	}
	buf_byte(sql, '"');
}

/* "a", "b" */
static void append_keys(const struct sqlite_table *t, struct buf *sql)
{
	for (size_t i = 0; i < t->key_count; i++) {
		if (i)
			buf_byte(sql, ',');
		append_name(sql, t->keys[i]);
	}
}

static int run_buf(struct sqlite_table *t, struct buf *sql, struct error *e)
{
	int rc = sqlite_run(t->db, buf_string(sql), e);
	buf_release(sql);
	return rc;
}

static void note(struct sqlite_table *t, const char *name, size_t len, const char *declared)
{
	if (t->count == t->cap) {
		t->cap = mem_grow(t->cap, t->count + 1);
		t->columns = mem_resize(t->columns, t->cap, sizeof *t->columns);
	}
	t->columns[t->count++] = (struct sqlite_column){
		.name = arena_copy(&t->names, name, len),
		.affinity = sqlite_affinity(declared),
	};
}

static void forget_inserts(struct sqlite_table *t)
{
	for (size_t i = 0; i < t->insert_count; i++) {
		sqlite3_finalize(t->inserts[i].statement);
		free(t->inserts[i].columns);
	}
	t->insert_count = 0;
}

int sqlite_table_load(struct sqlite_table *t, struct error *e)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(t->db, "SELECT name, type FROM pragma_table_info(?1)", -1, &s, NULL))
		return sqlite_fail(t->db, e);
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	int rc;
	forget_inserts(t);
	arena_clear(&t->names);
	t->count = 0;
	t->keyed = false;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		note(t, (const char *)sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0),
		     (const char *)sqlite3_column_text(s, 1));
	int result = rc == SQLITE_DONE ? OK : sqlite_fail(t->db, e);
	sqlite3_finalize(s);
	return result;
}

int sqlite_table_find(const struct sqlite_table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->count; i++)
		if (!sqlite3_strnicmp(t->columns[i].name, name, (int)len) && !t->columns[i].name[len])
			return (int)i;
	return -1;
}

int sqlite_table_add(struct sqlite_table *t, const char *name, size_t len, const char *declared, int *id,
		     struct error *e)
{
	struct buf sql = BUF_INIT;
	char *column = mem_copy(name, len);
	buf_string_append(&sql, t->count ? "ALTER TABLE " : "CREATE TABLE ");
	append_name(&sql, t->name);
	buf_string_append(&sql, t->count ? " ADD COLUMN " : "(");
	append_name(&sql, column);
	buf_printf(&sql, " %s%s", declared, t->count ? "" : ")");
	free(column);
	int rc = run_buf(t, &sql, e);
	if (rc)
		return rc;
	note(t, name, len, declared);
	*id = (int)t->count - 1;
	return OK;
}

/* INSERT INTO "t"("a","b") VALUES(?1,?2) ON CONFLICT("a") DO UPDATE SET "b"=excluded."b" */
static void build_insert(const struct sqlite_table *t, const int *columns, size_t count, struct buf *sql)
{
	buf_string_append(sql, "INSERT INTO ");
	append_name(sql, t->name);
	if (!count)
		buf_string_append(sql, " DEFAULT VALUES");
	for (size_t i = 0; i < count; i++) {
		buf_byte(sql, i ? ',' : '(');
		append_name(sql, t->columns[columns[i]].name);
	}
	for (size_t i = 0; i < count; i++)
		buf_printf(sql, "%s?%zu", i ? "," : ") VALUES(", i + 1);
	if (count)
		buf_byte(sql, ')');
	if (!t->key_count)
		return;
	buf_string_append(sql, " ON CONFLICT(");
	append_keys(t, sql);
	buf_string_append(sql, ") DO ");
	size_t set = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = t->columns[columns[i]].name;
		bool key = false;
		for (size_t k = 0; k < t->key_count && !key; k++)
			key = !sqlite3_stricmp(name, t->keys[k]);
		if (key)
			continue;
		buf_string_append(sql, set++ ? "," : "UPDATE SET ");
		append_name(sql, name);
		buf_string_append(sql, "=excluded.");
		append_name(sql, name);
	}
	if (!set)
		buf_string_append(sql, "NOTHING");
}

static sqlite3_stmt *prepare_insert(struct sqlite_table *t, const int *columns, size_t count)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *s = NULL;
	build_insert(t, columns, count, &sql);
	sqlite3_prepare_v3(t->db, buf_string(&sql), -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
	buf_release(&sql);
	return s;
}

static int create_key_index(struct sqlite_table *t, struct error *e)
{
	struct buf sql = BUF_INIT, name = BUF_INIT;
	buf_printf(&name, "%s_key", t->name);
	for (size_t i = 0; i < t->key_count; i++)
		buf_printf(&name, "_%s", t->keys[i]);
	buf_string_append(&sql, "CREATE UNIQUE INDEX ");
	append_name(&sql, buf_string(&name));
	buf_string_append(&sql, " ON ");
	append_name(&sql, t->name);
	buf_byte(&sql, '(');
	append_keys(t, &sql);
	buf_byte(&sql, ')');
	buf_release(&name);
	return run_buf(t, &sql, e) ? error_prefix(e, "no unique key on table %s", t->name) : OK;
}

/* The columns of the key, made where they are not there. */
static int key_columns(struct sqlite_table *t, int *columns, struct error *e)
{
	for (size_t i = 0; i < t->key_count; i++) {
		size_t len = strlen(t->keys[i]);
		columns[i] = sqlite_table_find(t, t->keys[i], len);
		int rc = columns[i] < 0 ? sqlite_table_add(t, t->keys[i], len, "", &columns[i], e) : OK;
		if (rc)
			return rc;
	}
	return OK;
}

int sqlite_table_key(struct sqlite_table *t, struct error *e)
{
	if (t->keyed || !t->key_count)
		return OK;
	int *columns = mem_array(t->key_count, sizeof *columns);
	int rc = key_columns(t, columns, e);
	if (!rc) {
		/* a primary key or a unique index may be there already: then an upsert can be prepared */
		sqlite3_stmt *s = prepare_insert(t, columns, t->key_count);
		if (!s)
			rc = create_key_index(t, e);
		sqlite3_finalize(s);
	}
	free(columns);
	t->keyed = !rc;
	return rc;
}

int sqlite_table_insert(struct sqlite_table *t, const int *columns, size_t count, sqlite3_stmt **out, struct error *e)
{
	for (size_t i = 0; i < t->insert_count; i++) {
		struct sqlite_insert found = t->inserts[i];
		if (found.count != count || (count && memcmp(found.columns, columns, count * sizeof *columns)))
			continue;
		t->inserts[i] = t->inserts[0]; /* the next row is likely to be of the same kind */
		t->inserts[0] = found;
		*out = found.statement;
		return OK;
	}
	if (!t->inserts)
		t->inserts = mem_array(INSERTS_MAX, sizeof *t->inserts);
	if (t->insert_count == INSERTS_MAX)
		forget_inserts(t);
	*out = prepare_insert(t, columns, count);
	if (!*out)
		return sqlite_fail(t->db, e);
	struct sqlite_insert *new = &t->inserts[t->insert_count++];
	*new = (struct sqlite_insert){.columns = mem_array(count, sizeof *columns), .count = count, .statement = *out};
	if (count)
		memcpy(new->columns, columns, count * sizeof *columns);
	return OK;
}

void sqlite_table_release(struct sqlite_table *t)
{
	forget_inserts(t);
	free(t->inserts);
	free(t->columns);
	arena_release(&t->names);
}
