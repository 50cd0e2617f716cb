#include "sink/sqlite_rows.h"

#include <string.h>

/* What a field is in the table, if it is no column's number. */
enum { FIELD_UNUSED = -1, FIELD_NO_ROOM = -2, FIELD_BAD_NAME = -3 };

/* Fields are the batch's columns, then the metadata. */
struct writer {
	struct sqlite_table *table;
	const struct sqlite_rules *rules;
	struct batch *batch;
	uint32_t fields;
	int *ids;      /* by field: its column in the table */
	uint32_t *met; /* by column of the table: the row that last had it, + 1 */
	/* the row that is being written: */
	uint32_t count;
	int *columns;
	struct sqlite_cell *cells;
};

static const struct column *field_column(const struct writer *w, uint32_t field)
{
	const struct batch *b = w->batch;
	return field < b->column_count ? &b->columns[field] : &b->meta[field - b->column_count];
}

static void field_name(const struct writer *w, uint32_t field, const char **name, size_t *len)
{
	const struct batch *b = w->batch;
	if (field < b->column_count) {
		*name = b->columns[field].name;
		*len = b->columns[field].name_len;
	} else {
		*name = meta_names[field - b->column_count];
		*len = strlen(*name);
	}
}

static struct sqlite_cell cell_at(const struct writer *w, uint32_t field, uint32_t row, struct value *v)
{
	*v = column_get(field_column(w, field), row);
	return sqlite_cell_of(*v, w->rules->decimals_as_text, &w->batch->arena);
}

static bool is_constant_absent(const struct column *c)
{
	return c->form == COLUMN_CONST && c->value.type == TYPE_ABSENT;
}

/*
 * The type to declare for a new column: one that changes none of the values it has in this batch. NULL: the field is
 * in no selected row, and needs no column.
 */
static const char *declared_type(const struct writer *w, uint32_t field)
{
	unsigned kinds = 0;
	bool used = false, exact = true;
	if (is_constant_absent(field_column(w, field)))
		return NULL;
	for (uint32_t i = 0; i < batch_count(w->batch); i++) {
		struct value v;
		struct sqlite_cell cell = cell_at(w, field, batch_row(w->batch, i), &v);
		used |= v.type != TYPE_ABSENT;
		kinds |= 1u << cell.storage;
		if (cell.storage == SQLITE_INTEGER)
			exact &= sqlite_cell_fit(&cell, AFFINITY_REAL, v, &w->batch->arena);
	}
	kinds &= ~(1u << SQLITE_NULL);
	if (!used)
		return NULL;
	if (w->rules->untyped)
		return "";
	switch (kinds) {
	case 1u << SQLITE_INTEGER: return "INTEGER";
	case 1u << SQLITE_FLOAT: return "REAL";
	case 1u << SQLITE_INTEGER | 1u << SQLITE_FLOAT: return exact ? "REAL" : "";
	case 1u << SQLITE_TEXT: return "TEXT";
	case 1u << SQLITE_BLOB: return "BLOB";
	default: return "";
	}
}

static int map_field(struct writer *w, uint32_t field, int *id, struct error *e)
{
	const char *name;
	size_t len;
	field_name(w, field, &name, &len);
	*id = FIELD_BAD_NAME;
	if (memchr(name, 0, len))
		return OK;
	*id = sqlite_table_find(w->table, name, len);
	if (*id >= 0)
		return OK;
	*id = FIELD_UNUSED;
	const char *declared = declared_type(w, field);
	if (!declared)
		return OK;
	*id = FIELD_NO_ROOM;
	if (w->table->count >= (size_t)sqlite3_limit(w->table->db, SQLITE_LIMIT_COLUMN, -1))
		return OK;
	return sqlite_table_add(w->table, name, len, declared, id, e);
}

static int map_shape(struct writer *w, const struct shape *shape, bool *mapped, struct error *e)
{
	for (uint32_t i = 0; i < shape->count; i++) {
		uint32_t field = shape->columns[i];
		int rc = mapped[field] ? OK : map_field(w, field, &w->ids[field], e);
		if (rc)
			return rc;
		mapped[field] = true;
	}
	return OK;
}

static bool *flags(struct arena *a, uint32_t count)
{
	bool *p = arena_array(a, count, sizeof *p);
	if (count)
		memset(p, 0, count * sizeof *p);
	return p;
}

/* New columns come in the order in which the records have them, not in that of the batch, which may know fields from
   before. */
static int map_fields(struct writer *w, struct error *e)
{
	struct batch *b = w->batch;
	bool *mapped = flags(&b->arena, w->fields), *seen = flags(&b->arena, b->shape_count);
	int rc = OK;
	for (uint32_t i = 0, n = batch_count(b); i < n && !rc; i++) {
		uint32_t row = batch_row(b, i), shape = b->shape_of ? b->shape_of[row] : 0;
		if (!seen[shape])
			rc = map_shape(w, &b->shapes[shape], mapped, e);
		seen[shape] = true;
	}
	for (uint32_t i = b->column_count; i < w->fields && !rc; i++)
		rc = map_field(w, i, &w->ids[i], e);
	return rc ? rc : sqlite_table_key(w->table, e);
}

/* Adds one field to the row; false if it was rejected. */
static bool take_field(struct writer *w, uint32_t field, uint32_t row)
{
	struct value v;
	struct sqlite_cell cell = cell_at(w, field, row, &v);
	int id = w->ids[field];
	const char *name;
	size_t len;
	if (v.type == TYPE_ABSENT)
		return true;
	field_name(w, field, &name, &len);
	if (id < 0) {
		batch_reject_row(w->batch, row,
				 id == FIELD_BAD_NAME ? "the field name `%.*s…` has a NUL byte"
						      : "no column for field `%.*s`: SQLite allows no more",
				 (int)len, name);
		return false;
	}
	if (w->met[id] == row + 1) {
		batch_reject_row(w->batch, row, "fields `%.*s` and `%s` are one column to SQLite", (int)len, name,
				 w->table->columns[id].name);
		return false;
	}
	w->met[id] = row + 1;
	if (!sqlite_cell_fit(&cell, w->table->columns[id].affinity, v, &w->batch->arena)) {
		batch_reject_row(w->batch, row, "the type of column `%s` would change the value (see types=any)",
				 w->table->columns[id].name);
		return false;
	}
	w->columns[w->count] = id;
	w->cells[w->count++] = cell;
	return true;
}

static bool take_fields(struct writer *w, uint32_t row)
{
	const struct batch *b = w->batch;
	const struct shape *shape = batch_shape(b, row);
	w->count = 0;
	for (uint32_t i = 0; i < shape->count; i++)
		if (!take_field(w, shape->columns[i], row))
			return false;
	for (uint32_t i = b->column_count; i < w->fields; i++)
		if (!is_constant_absent(field_column(w, i)) && !take_field(w, i, row))
			return false;
	return true;
}

/* Every field of the key must have a value: two NULLs would be two rows. */
static bool has_key(struct writer *w, uint32_t row)
{
	for (size_t k = 0; k < w->table->key_count; k++) {
		const char *key = w->table->keys[k];
		int id = sqlite_table_find(w->table, key, strlen(key));
		bool found = false;
		for (uint32_t i = 0; i < w->count && !found; i++)
			found = w->columns[i] == id && w->cells[i].storage != SQLITE_NULL;
		if (!found) {
			batch_reject_row(w->batch, row, "no value in the key field `%s`", key);
			return false;
		}
	}
	return true;
}

/* The row's own fault, and not the database's: a constraint of the user's, a value that is too long. */
static bool is_row_fault(int code)
{
	return code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG;
}

static int write_row(struct writer *w, uint32_t row, uint64_t *taken, struct error *e)
{
	sqlite3_stmt *s;
	int rc = sqlite_table_insert(w->table, w->columns, w->count, &s, e);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < w->count && !rc; i++)
		rc = sqlite_cell_bind(s, (int)i + 1, &w->cells[i]);
	if (!rc)
		rc = sqlite3_step(s);
	int result = OK;
	if (rc == SQLITE_DONE)
		++*taken;
	else if (is_row_fault(rc & 0xff))
		batch_reject_row(w->batch, row, "%s", sqlite3_errmsg(w->table->db));
	else
		result = sqlite_fail(w->table->db, e);
	sqlite3_reset(s);
	return result;
}

int sqlite_rows_write(struct sqlite_table *t, const struct sqlite_rules *rules, struct batch *b, uint64_t *taken,
		      struct error *e)
{
	struct writer w = {
		.table = t,
		.rules = rules,
		.batch = b,
		.fields = b->column_count + (rules->meta ? META_COUNT : 0),
	};
	w.ids = arena_array(&b->arena, w.fields, sizeof *w.ids);
	w.columns = arena_array(&b->arena, w.fields, sizeof *w.columns);
	w.cells = arena_array(&b->arena, w.fields, sizeof *w.cells);
	int rc = map_fields(&w, e);
	w.met = arena_array(&b->arena, t->count, sizeof *w.met);
	if (t->count)
		memset(w.met, 0, t->count * sizeof *w.met);
	for (uint32_t i = 0, n = batch_count(b); i < n && !rc; i++) {
		uint32_t row = batch_row(b, i);
		if (!take_fields(&w, row) || !has_key(&w, row))
			continue;
		if (t->count)
			rc = write_row(&w, row, taken, e);
		else
			batch_reject_row(b, row, "a record without fields can't make a table");
	}
	return rc;
}
