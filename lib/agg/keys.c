#include "agg/keys.h"

#include <stdlib.h>
#include <string.h>

#include "agg/text_hash.h"
#include "base/error.h"
#include "base/mem.h"

/* Texts are many and short, and tables too: a session has one for itself. So blocks begin smaller than an arena's. */
struct key_texts {
	struct key_texts *next;
	char data[];
};

enum {
	TEXTS_MIN = 48,
	TEXTS_MAX = 1 << 16,
	SLOTS_MIN = 8,
	SMALL_MIN = 1024,    /* ints below this always have a table, */
	SMALL_PER_KEY = 32,  /* greater ones if it stays this full, */
	SMALL_MAX = 1 << 22, /* up to this */
	CHUNK = 128,         /* rows hashed before the first is looked up, so that the memory accesses overlap */
};

void keys_release(struct keys *k)
{
	free(k->values);
	free(k->slots);
	free(k->small);
	free(k->codes);
	for (struct key_texts *block = k->texts, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*k = (struct keys){0};
}

size_t keys_memory(const struct keys *k)
{
	return (size_t)k->cap * sizeof *k->values + (k->mask + (size_t)1) * sizeof *k->slots + k->text_total +
	       ((size_t)k->small_size + k->codes_size) * sizeof(uint32_t);
}

static uint64_t key_hash(const struct keys *k, struct value v)
{
	return v.type == TYPE_STRING ? text_hash(v.s, v.len, k->seed) : value_hash(v, k->seed);
}

static void rehash(struct keys *k)
{
	uint32_t size = k->slots ? (k->mask + 1) * 2 : SLOTS_MIN;
	if (size > UINT32_MAX / 4)
		out_of_memory((size_t)size * 2 * sizeof *k->slots);
	free(k->slots);
	k->slots = mem_zero(size * sizeof *k->slots);
	k->mask = size - 1;
	for (uint32_t n = 0; n < k->count; n++) {
		uint64_t hash = key_hash(k, k->values[n]);
		uint32_t at = (uint32_t)hash & k->mask;
		while (k->slots[at].number)
			at = (at + 1) & k->mask;
		k->slots[at] = (struct key_slot){(uint32_t)(hash >> 32), n + 1};
	}
}

static struct value keep(struct keys *k, struct value v)
{
	if (!value_has_text(v))
		return v;
	if ((size_t)(k->text_end - k->text_at) < v.len) {
		size_t size = k->text_total < TEXTS_MIN   ? TEXTS_MIN
			      : k->text_total > TEXTS_MAX ? TEXTS_MAX
							  : k->text_total;
		size = size < v.len ? v.len : size;
		struct key_texts *block = mem_alloc(sizeof *block + size);
		block->next = k->texts;
		k->texts = block;
		k->text_at = block->data;
		k->text_end = block->data + size;
		k->text_total += sizeof *block + size;
	}
	if (v.len)
		memcpy(k->text_at, v.s, v.len);
	v.s = k->text_at;
	k->text_at += v.len;
	return v;
}

static uint32_t insert(struct keys *k, struct value v, uint64_t hash, uint32_t at)
{
	uint32_t number = k->count++;
	if (number == k->cap) {
		k->cap = (uint32_t)mem_grow(k->cap, k->cap ? k->count : 2);
		k->values = mem_resize(k->values, k->cap, sizeof *k->values);
	}
	k->values[number] = keep(k, v);
	k->slots[at] = (struct key_slot){(uint32_t)(hash >> 32), number + 1};
	if (k->count > k->mask / 2)
		rehash(k);
	return number;
}

/* A table of its own place in memory has a seed of its own. */
static void start(struct keys *k)
{
	rehash(k);
	k->seed = hash_mix((uint64_t)(uintptr_t)k->slots, (uint64_t)(uintptr_t)k);
}

/* Strings are nearly always compared with strings: that is done in line. */
static inline bool same(struct value a, struct value b)
{
	if (a.type == TYPE_STRING && b.type == TYPE_STRING)
		return a.len == b.len && text_equal(a.s, b.s, a.len);
	return value_equal(a, b);
}

static inline uint32_t lookup(struct keys *k, struct value v, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & k->mask;
	for (;; at = (at + 1) & k->mask) {
		struct key_slot slot = k->slots[at];
		if (!slot.number)
			return insert(k, v, hash, at);
		if (slot.hash == (uint32_t)(hash >> 32) && same(k->values[slot.number - 1], v))
			return slot.number - 1;
	}
}

/* Room for an int in the table of small ones, if that is worth it. */
static bool small_room(struct keys *k, int64_t i)
{
	uint64_t most = (uint64_t)k->count * SMALL_PER_KEY;
	most = most > SMALL_MAX ? SMALL_MAX : most < SMALL_MIN ? SMALL_MIN : most;
	if (i < 0 || (uint64_t)i >= most)
		return false;
	uint32_t size = k->small_size ? k->small_size : 64;
	while (size <= (uint64_t)i)
		size *= 2;
	if (size > k->small_size) {
		k->small = mem_resize(k->small, size, sizeof *k->small);
		memset(k->small + k->small_size, 0, (size - k->small_size) * sizeof *k->small);
		k->small_size = size;
	}
	return true;
}

static uint32_t int_slow(struct keys *k, int64_t i)
{
	uint32_t number = lookup(k, value_int(i), key_hash(k, value_int(i)));
	if (small_room(k, i))
		k->small[i] = number + 1;
	return number;
}

static inline uint32_t int_number(struct keys *k, int64_t i)
{
	if ((uint64_t)i < k->small_size && k->small[i])
		return k->small[i] - 1;
	return int_slow(k, i);
}

uint32_t keys_number(struct keys *k, struct value v)
{
	if (!k->slots)
		start(k);
	if (v.type == TYPE_INT && !v.scale)
		return int_number(k, v.i);
	if (!value_is_missing(v))
		return lookup(k, v, key_hash(k, v));
	uint32_t *known = &k->missing[v.type];
	if (!*known)
		*known = lookup(k, v, key_hash(k, v)) + 1;
	return *known - 1;
}

/* -- columns -- */

static void find_values(struct keys *k, const struct value *values, const uint32_t *rows, uint32_t count, uint32_t *out)
{
	uint64_t hashes[CHUNK];
	for (uint32_t done = 0; done < count; done += CHUNK) {
		uint32_t n = count - done < CHUNK ? count - done : CHUNK;
		for (uint32_t i = 0; i < n; i++) {
			const struct value *v = &values[rows ? rows[done + i] : done + i];
			hashes[i] = v->type == TYPE_STRING ? text_hash(v->s, v->len, k->seed) : 0;
		}
		for (uint32_t i = 0; i < n; i++) {
			struct value v = values[rows ? rows[done + i] : done + i];
			out[done + i] = v.type == TYPE_STRING ? lookup(k, v, hashes[i]) : keys_number(k, v);
		}
	}
}

__attribute__((always_inline)) static inline void
find_ints(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count, uint32_t *out, unsigned width)
{
	struct column fixed = *c;
	fixed.width = (uint8_t)width;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t raw = column_raw(&fixed, rows ? rows[i] : i);
		out[i] = int_number(k, (int64_t)(raw + (uint64_t)c->bias));
	}
}

static void find_int_column(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count, uint32_t *out)
{
	switch (c->width) {
	case 1: find_ints(k, c, rows, count, out, 1); break;
	case 2: find_ints(k, c, rows, count, out, 2); break;
	case 4: find_ints(k, c, rows, count, out, 4); break;
	default: find_ints(k, c, rows, count, out, 8);
	}
}

static void find_each(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count, uint32_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = keys_number(k, column_get(c, rows ? rows[i] : i));
}

/* The table of codes is ready for this dictionary; false if that is not worth its size for so few rows. */
static bool codes_ready(struct keys *k, uint32_t input, const struct column *c, uint32_t count)
{
	bool known = k->codes && c->dict_id && k->codes_dict == c->dict_id && k->codes_input == input;
	if (known && k->codes_size >= c->dict_size)
		return true;
	if (count < c->dict_size / 8)
		return false;
	uint32_t kept = known ? k->codes_size : 0;
	if (k->codes_size < c->dict_size) {
		k->codes = mem_resize(k->codes, c->dict_size, sizeof *k->codes);
		k->codes_size = c->dict_size;
	}
	memset(k->codes + kept, 0, (k->codes_size - kept) * sizeof *k->codes);
	k->codes_dict = c->dict_id;
	k->codes_input = input;
	return true;
}

__attribute__((always_inline)) static inline void
find_codes(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count, uint32_t *out, unsigned width)
{
	struct column fixed = *c;
	fixed.width = (uint8_t)width;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t code = (uint32_t)column_raw(&fixed, rows ? rows[i] : i);
		if (!k->codes[code])
			k->codes[code] = keys_number(k, c->dict[code]) + 1;
		out[i] = k->codes[code] - 1;
	}
}

static void find_dict(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count, uint32_t *out)
{
	switch (c->width) {
	case 1: find_codes(k, c, rows, count, out, 1); break;
	case 2: find_codes(k, c, rows, count, out, 2); break;
	default: find_codes(k, c, rows, count, out, 4);
	}
}

/* A row without a value has no code to look at. */
static void find_marked_dict(struct keys *k, const struct column *c, const uint32_t *rows, uint32_t count,
			     uint32_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = rows ? rows[i] : i;
		if (c->marks[row])
			out[i] = keys_number(k, column_get(c, row));
		else
			find_dict(k, c, &row, 1, &out[i]);
	}
}

void keys_find(struct keys *k, uint32_t input, const struct column *c, const uint32_t *rows, uint32_t count,
	       uint32_t *out)
{
	if (!count)
		return;
	if (!k->slots)
		start(k);
	if (c->form == COLUMN_VALUES) {
		find_values(k, c->values, rows, count, out);
	} else if (c->form == COLUMN_CONST) {
		uint32_t number = keys_number(k, c->value);
		for (uint32_t i = 0; i < count; i++)
			out[i] = number;
	} else if (c->form == COLUMN_INT && c->type == TYPE_INT && !c->scale && !c->marks) {
		find_int_column(k, c, rows, count, out);
	} else if (c->form == COLUMN_DICT && codes_ready(k, input, c, count)) {
		if (c->marks)
			find_marked_dict(k, c, rows, count, out);
		else
			find_dict(k, c, rows, count, out);
	} else {
		find_each(k, c, rows, count, out);
	}
}
