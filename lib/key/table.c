#include "key/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "record/value.h"

struct key_place {
	uint32_t hash;   /* the upper half */
	uint32_t number; /* plus 1; 0: free */
};

enum { PLACES_MIN = 16 };

void key_table_release(struct key_table *t)
{
	buf_release(&t->bytes);
	free(t->ends);
	free(t->places);
	*t = (struct key_table){0};
}

size_t key_table_memory(const struct key_table *t)
{
	return t->bytes.cap + t->cap * sizeof *t->ends + (t->places ? t->mask + (size_t)1 : 0) * sizeof *t->places;
}

static size_t key_start(const struct key_table *t, uint32_t number)
{
	return number ? t->ends[number - 1] : 0;
}

static bool is_key(const struct key_table *t, uint32_t number, const char *key, size_t len)
{
	size_t from = key_start(t, number);
	return t->ends[number] - from == len && !memcmp(t->bytes.data + from, key, len);
}

static void rehash(struct key_table *t)
{
	uint32_t size = t->places ? (t->mask + 1) * 2 : PLACES_MIN;
	if (size > UINT32_MAX / 4)
		out_of_memory((size_t)size * 2 * sizeof *t->places);
	free(t->places);
	t->places = mem_zero(size * sizeof *t->places);
	t->mask = size - 1;
	/* Not known to those who send the keys. */
	if (!t->seed)
		t->seed = hash_mix((uint64_t)(uintptr_t)t->places, (uint64_t)(uintptr_t)t) | 1;
	for (uint32_t n = 0; n < t->count; n++) {
		size_t from = key_start(t, n);
		uint64_t hash = bytes_hash(t->bytes.data + from, t->ends[n] - from, t->seed);
		uint32_t at = (uint32_t)hash & t->mask;
		while (t->places[at].number)
			at = (at + 1) & t->mask;
		t->places[at] = (struct key_place){(uint32_t)(hash >> 32), n + 1};
	}
}

/* The place of a key: where it is, or the free one where it would be. */
static struct key_place *place(const struct key_table *t, const char *key, size_t len, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash & t->mask;; at = (at + 1) & t->mask) {
		struct key_place *p = &t->places[at];
		if (!p->number || (p->hash == (uint32_t)(hash >> 32) && is_key(t, p->number - 1, key, len)))
			return p;
	}
}

uint32_t key_table_find(const struct key_table *t, const char *key, size_t len)
{
	if (!t->count)
		return KEY_NONE;
	return place(t, key, len, bytes_hash(key, len, t->seed))->number - 1; /* 0 - 1 is KEY_NONE */
}

uint32_t key_table_number(struct key_table *t, const char *key, size_t len)
{
	if (!t->places || t->count > t->mask / 2)
		rehash(t);
	uint64_t hash = bytes_hash(key, len, t->seed);
	struct key_place *p = place(t, key, len, hash);
	if (p->number)
		return p->number - 1;
	if (t->count == t->cap) {
		t->cap = (uint32_t)mem_grow(t->cap, t->count + 1);
		t->ends = mem_resize(t->ends, t->cap, sizeof *t->ends);
	}
	buf_append(&t->bytes, key, len);
	t->ends[t->count] = t->bytes.len;
	*p = (struct key_place){(uint32_t)(hash >> 32), ++t->count};
	return t->count - 1;
}
