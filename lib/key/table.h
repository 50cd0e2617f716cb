/*
 * Keys (encode.h) numbered from 0 in the order they came. Nothing is borrowed. A key is never taken out: who forgets
 * keeps several tables, one for each stretch of time, and frees a whole one.
 */
#ifndef STREAM_KEY_TABLE_H
#define STREAM_KEY_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct key_table {
	struct buf bytes;
	size_t *ends; /* where the key of that number ends in bytes */
	uint32_t count, cap;
	struct key_place *places; /* open addressing */
	uint32_t mask;            /* places - 1; a power of two less 1 */
	uint64_t seed;
};

#define KEY_NONE UINT32_MAX

/* All bytes 0 is an empty one. */
void key_table_release(struct key_table *t);

/* The number of a key, KEY_NONE if it is not there. */
uint32_t key_table_find(const struct key_table *t, const char *key, size_t len);
/* The same; a key that is not there gets the next number. */
uint32_t key_table_number(struct key_table *t, const char *key, size_t len);

/*
 * For a snapshot: appends keys, from the from-th on, as rows `key` (bytes, as encode.h makes them) and, unless times is NULL, `time`, that of
 * the same number. Returns how many, at most BATCH_ROWS.
 */
uint32_t key_table_save(const struct key_table *t, uint32_t from, const int64_t *times, struct batch *b);
/* The key in such a row; ERR_FAILED if there is none. Borrowed from the batch. */
int key_of_row(const struct batch *b, uint32_t row, struct value *key, struct error *e);

size_t key_table_memory(const struct key_table *t); /* bytes */

#endif
