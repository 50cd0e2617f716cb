/*
 * A table to enrich records from: a file of records in any format that has an end, or `sqlite:FILE?table=T`; in memory, by
 * key. A key may be there several times; a record whose key is absent or null is not found by any.
 */
#ifndef STREAM_JOIN_LOOKUP_H
#define STREAM_JOIN_LOOKUP_H

#include <stdbool.h>

#include "base/error.h"
#include "hold/hold.h"
#include "key/spec.h"
#include "key/table.h"

/* What tells versions of a file apart. */
struct lookup_version {
	uint64_t inode, size, log_size;
	int64_t changed, log_changed; /* ns */
};

struct lookup_entry {
	struct row_ref ref;
	uint32_t next; /* number + 1 of the next with that key, in their order; 0: none */
};

struct lookup {
	struct hold hold;
	struct key_table keys;
	struct lookup_entry *entries;
	uint32_t count, cap;
	uint32_t *firsts, *lasts; /* entries by number of key */
	uint32_t key_cap;
	bool several; /* some key is there several times */
	/* One row with all fields of the table, null; no row if it has no records. */
	struct batch nothing;
	struct lookup_version version;
};

/*
 * Reads it whole; `key` is of its records. A record that cannot be read, a table without the key's fields, or one that changes while
 * it is read, is an error.
 */
int lookup_load(const char *table, struct key_spec *key, struct lookup **out, struct error *e);
void lookup_free(struct lookup *l);

/* The version that is there now; all 0 if there is none. */
struct lookup_version lookup_look(const char *table);
bool lookup_same(const struct lookup_version *a, const struct lookup_version *b);

/* The first entry with that key, or NULL; the next one behind it. */
const struct lookup_entry *lookup_first(const struct lookup *l, const char *key, size_t len);
static inline const struct lookup_entry *lookup_next(const struct lookup *l, const struct lookup_entry *entry)
{
	return entry->next ? &l->entries[entry->next - 1] : NULL;
}

/* For lookup_load: adds the selected rows. */
int lookup_add(struct lookup *l, struct key_spec *key, struct batch *b, struct error *e);
/* The same from a database: sqlite_source.c. `path` and `table` are not NUL-free beyond what SQLite takes. */
int lookup_read_sqlite(struct lookup *l, const char *path, const char *table, struct key_spec *key, struct error *e);

#endif
