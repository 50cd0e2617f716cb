/*
 * Groups: tuples of key values, numbered from 0 in the order they came.
 *
 * Each key is numbered by itself (keys.h); a tuple of several is a chain of pairs of numbers, so that all keys profit
 * from the short cuts for one, and what is hashed per row is one word per key. The values that were seen first in a
 * group are the ones that print.
 */
#ifndef STREAM_AGG_GROUPS_H
#define STREAM_AGG_GROUPS_H

#include "agg/keys.h"

struct pairs;

struct groups {
	uint32_t count; /* groups so far; with no key the first row makes the one group */
	uint32_t key_count;
	struct keys *keys;    /* one per key */
	struct pairs *pairs;  /* key_count - 1, if there are several keys */
	struct value *firsts; /* key_count per group, if there are several keys */
	uint32_t cap;
	struct arena texts; /* of numbers among the firsts */
};

void groups_init(struct groups *g, uint32_t key_count);
void groups_release(struct groups *g);

/* out[i] is the group of row rows[i] (rows NULL: row i), i < count, by key_count columns. `scratch` has room for count
 * numbers. */
void groups_find(struct groups *g, uint32_t input, const struct column *const *columns, const uint32_t *rows,
		 uint32_t count, uint32_t *out, uint32_t *scratch);

/* The group of these key_count values. */
uint32_t groups_number(struct groups *g, const struct value *values);

static inline struct value groups_key(const struct groups *g, uint32_t group, uint32_t key)
{
	return g->key_count == 1 ? g->keys[0].values[group] : g->firsts[(size_t)group * g->key_count + key];
}

/* numbers[0 .. count): all groups, in value_compare order of their keys. */
void groups_sorted(const struct groups *g, uint32_t *numbers);

size_t groups_memory(const struct groups *g); /* bytes, about */

#endif
