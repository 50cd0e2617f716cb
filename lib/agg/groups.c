#include "agg/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

struct pair_slot {
	uint64_t pair;
	uint32_t number; /* plus 1; 0: free */
};

/* Pairs of numbers, numbered. */
struct pairs {
	struct pair_slot *slots;
	uint32_t mask, count;
};

enum { SLOTS_MIN = 16 };

void groups_init(struct groups *g, uint32_t key_count)
{
	*g = (struct groups){.key_count = key_count};
	if (key_count)
		g->keys = mem_zero(key_count * sizeof *g->keys);
	if (key_count > 1)
		g->pairs = mem_zero((key_count - 1) * sizeof *g->pairs);
}

void groups_release(struct groups *g)
{
	for (uint32_t k = 0; k < g->key_count; k++)
		keys_release(&g->keys[k]);
	for (uint32_t k = 0; k + 1 < g->key_count; k++)
		free(g->pairs[k].slots);
	free(g->keys);
	free(g->pairs);
	free(g->firsts);
	arena_release(&g->texts);
	*g = (struct groups){0};
}

static void pairs_grow(struct pairs *p)
{
	struct pairs old = *p;
	uint32_t size = old.slots ? (old.mask + 1) * 2 : SLOTS_MIN;
	if (size > UINT32_MAX / 4)
		out_of_memory((size_t)size * 2 * sizeof *p->slots);
	p->slots = mem_zero(size * sizeof *p->slots);
	p->mask = size - 1;
	for (uint32_t i = 0; old.slots && i <= old.mask; i++) {
		if (!old.slots[i].number)
			continue;
		uint32_t at = (uint32_t)hash_mix(old.slots[i].pair, 0) & p->mask;
		while (p->slots[at].number)
			at = (at + 1) & p->mask;
		p->slots[at] = old.slots[i];
	}
	free(old.slots);
}

static inline uint32_t pairs_number(struct pairs *p, uint32_t left, uint32_t right)
{
	uint64_t pair = (uint64_t)left << 32 | right;
	if (p->count >= p->mask / 2)
		pairs_grow(p);
	for (uint32_t at = (uint32_t)hash_mix(pair, 0) & p->mask;; at = (at + 1) & p->mask) {
		struct pair_slot *slot = &p->slots[at];
		if (!slot->number) {
			*slot = (struct pair_slot){pair, ++p->count};
			return p->count - 1;
		}
		if (slot->pair == pair)
			return slot->number - 1;
	}
}

/* Room for one more group's firsts. */
static struct value *add_firsts(struct groups *g)
{
	if (g->count == g->cap) {
		g->cap = (uint32_t)mem_grow(g->cap, g->cap ? g->cap + 1 : 8);
		g->firsts = mem_resize(g->firsts, (size_t)g->cap * g->key_count, sizeof *g->firsts);
	}
	return g->firsts + (size_t)g->count++ * g->key_count;
}

/* The value as this group saw it; texts that are equal are the same, but numbers of several spellings are equal. */
static struct value first_of(struct groups *g, uint32_t key, struct value v)
{
	if (v.type == TYPE_NUMBER)
		return value_keep(v, &g->texts);
	return value_has_text(v) ? g->keys[key].values[keys_number(&g->keys[key], v)] : v;
}

void groups_find(struct groups *g, uint32_t input, const struct column *const *columns, const uint32_t *rows,
		 uint32_t count, uint32_t *out, uint32_t *scratch)
{
	if (!g->key_count) {
		memset(out, 0, count * sizeof *out);
		g->count |= count != 0;
		return;
	}
	keys_find(&g->keys[0], input, columns[0], rows, count, out);
	if (g->key_count == 1) {
		g->count = g->keys[0].count;
		return;
	}
	for (uint32_t k = 1; k < g->key_count; k++) {
		keys_find(&g->keys[k], input, columns[k], rows, count, scratch);
		for (uint32_t i = 0; i < count; i++)
			out[i] = pairs_number(&g->pairs[k - 1], out[i], scratch[i]);
	}
	/* New groups turn up in the order of their numbers. */
	uint32_t known = g->pairs[g->key_count - 2].count;
	for (uint32_t i = 0; g->count < known; i++) {
		if (out[i] != g->count)
			continue;
		struct value *firsts = add_firsts(g);
		for (uint32_t k = 0; k < g->key_count; k++)
			firsts[k] = first_of(g, k, column_get(columns[k], rows ? rows[i] : i));
	}
}

uint32_t groups_number(struct groups *g, const struct value *values)
{
	if (!g->key_count) {
		g->count = 1;
		return 0;
	}
	uint32_t number = keys_number(&g->keys[0], values[0]);
	if (g->key_count == 1) {
		g->count = g->keys[0].count;
		return number;
	}
	for (uint32_t k = 1; k < g->key_count; k++)
		number = pairs_number(&g->pairs[k - 1], number, keys_number(&g->keys[k], values[k]));
	if (number == g->count) {
		struct value *firsts = add_firsts(g);
		for (uint32_t k = 0; k < g->key_count; k++)
			firsts[k] = first_of(g, k, values[k]);
	}
	return number;
}

static int compare_groups(const void *a, const void *b, void *groups)
{
	const struct groups *g = groups;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	for (uint32_t k = 0; k < g->key_count; k++) {
		int order = value_compare(groups_key(g, x, k), groups_key(g, y, k));
		if (order)
			return order;
	}
	return 0;
}

void groups_sorted(const struct groups *g, uint32_t *numbers)
{
	for (uint32_t i = 0; i < g->count; i++)
		numbers[i] = i;
	qsort_r(numbers, g->count, sizeof *numbers, compare_groups, (void *)g);
}

size_t groups_memory(const struct groups *g)
{
	size_t bytes = (size_t)g->cap * g->key_count * sizeof *g->firsts + g->texts.total;
	for (uint32_t k = 0; k < g->key_count; k++)
		bytes += keys_memory(&g->keys[k]);
	for (uint32_t k = 0; k + 1 < g->key_count; k++)
		bytes += (g->pairs[k].mask + (size_t)1) * sizeof(struct pair_slot);
	return bytes;
}
