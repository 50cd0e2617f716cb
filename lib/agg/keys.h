/*
 * The different values of one key, numbered from 0 in the order they came. What value_equal calls equal is one key, and
 * the value seen first stands for it. Texts are copied: nothing is borrowed.
 *
 * Besides the hash table there are two short cuts to a number, both filled from it: a table by value for small ints,
 * and one by code for the dictionary met last, so that a dictionary's values are looked up once, and not once per row.
 */
#ifndef STREAM_AGG_KEYS_H
#define STREAM_AGG_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "record/column.h"

struct key_texts;

struct key_slot {
	uint32_t hash;   /* the upper half */
	uint32_t number; /* plus 1; 0: free */
};

struct keys {
	struct value *values; /* by number */
	uint32_t count, cap;
	struct key_slot *slots;
	uint32_t mask;       /* slots - 1 */
	uint64_t seed;       /* of hashes: not known to those who send the keys */
	uint32_t missing[2]; /* number + 1 of absent and null; 0: not met */
	uint32_t *small;     /* number + 1 by int; 0: not known */
	uint32_t small_size;
	uint32_t *codes; /* number + 1 by code; 0: not looked up */
	uint32_t codes_size;
	uint32_t codes_input; /* which dictionary that is */
	uint64_t codes_dict;
	struct key_texts *texts;  /* the newest block of copied texts */
	char *text_at, *text_end; /* the free part of it */
	size_t text_total;
};

/* All bytes 0 is an empty one. */
void keys_release(struct keys *k);

/* The number of a value, a new one if it is new. */
uint32_t keys_number(struct keys *k, struct value v);

/* out[i] is the number of row rows[i] (rows NULL: row i), i < count. `input` tells dictionaries of different inputs
 * apart. */
void keys_find(struct keys *k, uint32_t input, const struct column *c, const uint32_t *rows, uint32_t count,
	       uint32_t *out);

size_t keys_memory(const struct keys *k); /* bytes, about */

#endif
