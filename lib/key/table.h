/*
 * Keys (encode.h) numbered from 0 in the order they came. Nothing is borrowed. A key is never taken out: who forgets
 * keeps several tables, one for each stretch of time, and frees a whole one.
 */
#ifndef STREAM_KEY_TABLE_H
#define STREAM_KEY_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

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

size_t key_table_memory(const struct key_table *t); /* bytes */

#endif
