#include "join/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "input/input.h"
#include "record/batch_rows.h"

static const char sqlite_scheme[] = "sqlite:";

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	hold_release(&l->hold);
	key_table_release(&l->keys);
	free(l->entries);
	free(l->firsts);
	free(l->lasts);
	batch_release(&l->nothing);
	free(l);
}

/* -- versions -- */

/* The path of `sqlite:PATH?table=NAME`, in the arena; NULL: it is a plain file. *name is NULL if it is missing. */
static const char *database_path(const char *table, struct arena *a, const char **name)
{
	*name = NULL;
	if (strncmp(table, sqlite_scheme, sizeof sqlite_scheme - 1))
		return NULL;
	const char *path = table + sizeof sqlite_scheme - 1, *query = strchr(path, '?');
	if (!query)
		return arena_copy(a, path, strlen(path));
	if (!strncmp(query, "?table=", 7) && query[7] && !strchr(query, '&'))
		*name = query + 7;
	return arena_copy(a, path, (size_t)(query - path));
}

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct lookup_version lookup_look(const char *table)
{
	struct lookup_version v = {0};
	struct arena a = {0};
	struct stat st;
	const char *name, *path = database_path(table, &a, &name);
	if (!stat(path ? path : table, &st)) {
		v.inode = st.st_ino;
		v.size = (uint64_t)st.st_size;
		v.changed = nanoseconds(st.st_mtim);
	}
	if (path && !stat(arena_printf(&a, "%s-wal", path), &st)) {
		v.log_size = (uint64_t)st.st_size;
		v.log_changed = nanoseconds(st.st_mtim);
	}
	arena_release(&a);
	return v;
}

bool lookup_same(const struct lookup_version *a, const struct lookup_version *b)
{
	return a->inode == b->inode && a->size == b->size && a->changed == b->changed && a->log_size == b->log_size &&
	       a->log_changed == b->log_changed;
}

/* -- records -- */

static void note_columns(struct lookup *l, const struct batch *b)
{
	struct batch *n = &l->nothing;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name)
			batch_column(n, b->columns[c].name, b->columns[c].name_len);
}

static void add_entry(struct lookup *l, uint32_t key, struct row_ref ref)
{
	if (l->count == l->cap) {
		l->cap = (uint32_t)mem_grow(l->cap, l->count + 1);
		l->entries = mem_resize(l->entries, l->cap, sizeof *l->entries);
	}
	if (key >= l->key_cap) {
		uint32_t cap = (uint32_t)mem_grow(l->key_cap, key + 1);
		l->firsts = mem_resize(l->firsts, cap, sizeof *l->firsts);
		l->lasts = mem_resize(l->lasts, cap, sizeof *l->lasts);
		memset(l->firsts + l->key_cap, 0, (cap - l->key_cap) * sizeof *l->firsts);
		l->key_cap = cap;
	}
	l->entries[l->count++] = (struct lookup_entry){.ref = ref};
	if (l->firsts[key]) {
		l->entries[l->lasts[key] - 1].next = l->count;
		l->several = true;
	} else {
		l->firsts[key] = l->count;
	}
	l->lasts[key] = l->count;
}

int lookup_add(struct lookup *l, struct key_spec *key, struct batch *b, struct error *e)
{
	struct key_list keys = {0};
	int r = 0;
	note_columns(l, b);
	key_spec_apply(key, b, &keys);
	uint32_t count = batch_count(b);
	if (b->reject_count)
		r = error_set(e, ERR_FAILED, "%s", b->rejects[0].reason);
	for (uint32_t first = 0; first < count && r >= 0;) {
		struct row_ref at;
		r = hold_add(&l->hold, b, first, &at, e);
		for (int i = 0; i < r; i++, first++, at.row++)
			if (!key_row_lacks(key, batch_row(b, first)))
				add_entry(l, key_table_number(&l->keys, key_bytes(&keys, first), key_len(&keys, first)),
					  at);
	}
	key_list_release(&keys);
	return r < 0 ? r : 0;
}

const struct lookup_entry *lookup_first(const struct lookup *l, const char *key, size_t len)
{
	uint32_t number = key_table_find(&l->keys, key, len);
	return number == KEY_NONE ? NULL : &l->entries[l->firsts[number] - 1];
}

/* -- a file -- */

static int take_batch(struct lookup *l, struct key_spec *key, struct batch *b, struct error *e)
{
	if (b->reject_count)
		return error_set(e, ERR_FAILED, "line %llu: %s", (unsigned long long)b->rejects[0].line,
				 b->rejects[0].reason);
	return batch_count(b) ? lookup_add(l, key, b, e) : 0;
}

static int read_file(struct lookup *l, const char *path, struct key_spec *key, struct error *e)
{
	struct input_options o = {0};
	struct stat st;
	if (stat(path, &st))
		return error_errno(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, ERR_USAGE, "%s: a TABLE is a file; a stream wants --within D", path);
	struct input *in = input_new(&path, 1, &o);
	struct batch *b;
	int r = 0;
	for (int event; !r && (event = input_next(in, &b, e)) != INPUT_END;) {
		if (event == INPUT_CUT)
			r = error_set(e, ERR_UPSTREAM, "ended without END: its writer died");
		else if (event == INPUT_BATCH)
			r = take_batch(l, key, b, e);
		else if (event < 0)
			r = event;
		if (r && strncmp(e->text, path, strlen(path)))
			error_prefix(e, "%s", path);
	}
	input_free(in);
	return r;
}

/* -- all of it -- */

/* The fields of the table, as one row of nulls. */
static int finish(struct lookup *l, const char *table, const struct key_spec *key, struct error *e)
{
	struct batch *n = &l->nothing;
	for (size_t i = 0; n->column_count && i < key->field_count; i++)
		if (batch_find(n, key->fields[i], strlen(key->fields[i])) < 0 &&
		    meta_find(key->fields[i], strlen(key->fields[i])) < 0 && !strpbrk(key->fields[i], ".["))
			return error_set(e, ERR_USAGE, "%s: no record has the field `%s`", table, key->fields[i]);
	if (!n->column_count)
		return 0;
	uint16_t *columns = arena_array(&n->arena, n->column_count, sizeof *columns);
	uint32_t row = batch_begin(n);
	for (uint32_t c = 0; c < n->column_count; c++) {
		columns[c] = (uint16_t)c;
		n->columns[c].values[row] = value_null();
	}
	int shape = batch_shape_of(n, columns, n->column_count);
	if (shape < 0)
		return error_set(e, ERR_FAILED, "%s: too many fields", table);
	batch_end(n, (uint32_t)shape, 0);
	return 0;
}

static int read_any(struct lookup *l, const char *table, struct key_spec *key, struct error *e)
{
	struct arena a = {0};
	const char *name, *path = database_path(table, &a, &name);
	int r = !path  ? read_file(l, table, key, e)
		: name ? lookup_read_sqlite(l, path, name, key, e)
		       : error_set(e, ERR_USAGE, "%s: it is written sqlite:FILE?table=NAME", table);
	arena_release(&a);
	return r ? r : finish(l, table, key, e);
}

int lookup_load(const char *table, struct key_spec *key, struct lookup **out, struct error *e)
{
	struct lookup *l = mem_zero(sizeof *l);
	batch_init(&l->nothing);
	l->version = lookup_look(table);
	int r = read_any(l, table, key, e);
	struct lookup_version now = lookup_look(table);
	if (!r && !lookup_same(&now, &l->version))
		r = error_set(e, ERR_FAILED, "%s: changed while it was read", table);
	if (r) {
		lookup_free(l);
		return r;
	}
	*out = l;
	return 0;
}
