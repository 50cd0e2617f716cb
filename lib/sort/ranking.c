#include "sort/ranking.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sort/order.h"
#include "sort/ranking_private.h"

enum { SWEEP_MIN = 4096 };

struct ranking *ranking_new(uint32_t n, bool ties)
{
	struct ranking *r = mem_zero(sizeof *r);
	r->n = n;
	r->ties = ties;
	return r;
}

void ranking_free(struct ranking *r)
{
	if (!r)
		return;
	key_table_release(&r->groups);
	for (uint32_t g = 0; g < r->heap_count; g++)
		free(r->heaps[g].slots);
	free(r->heaps);
	free(r->slots);
	buf_release(&r->keys);
	hold_release(&r->hold);
	free(r->order);
	free(r);
}

size_t ranking_memory(const struct ranking *r)
{
	return key_table_memory(&r->groups) + r->heap_cap * sizeof *r->heaps + r->slot_cap * sizeof *r->slots +
	       r->live * sizeof(uint32_t) + r->keys.cap + hold_memory(&r->hold);
}

/* -- heaps -- */

static int compare_keys(const struct ranking *r, uint32_t a, uint32_t b)
{
	const struct slot *x = &r->slots[a], *y = &r->slots[b];
	return order_compare(r->keys.data + x->key_at, x->key_len, r->keys.data + y->key_at, y->key_len);
}

static int compare_slots(const struct ranking *r, uint32_t a, uint32_t b)
{
	const struct slot *x = &r->slots[a], *y = &r->slots[b];
	int order = compare_keys(r, a, b);
	return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static void sift_down(const struct ranking *r, struct heap *h)
{
	for (uint32_t at = 0;;) {
		uint32_t last = at, left = 2 * at + 1, right = left + 1, swap = h->slots[at];
		if (left < h->count && compare_slots(r, h->slots[left], h->slots[last]) > 0)
			last = left;
		if (right < h->count && compare_slots(r, h->slots[right], h->slots[last]) > 0)
			last = right;
		if (last == at)
			return;
		h->slots[at] = h->slots[last];
		h->slots[last] = swap;
		at = last;
	}
}

static void push(const struct ranking *r, struct heap *h, uint32_t slot)
{
	if (h->count == h->cap) {
		h->cap = (uint32_t)mem_grow(h->cap, h->count + 1);
		h->slots = mem_resize(h->slots, h->cap, sizeof *h->slots);
	}
	uint32_t at = h->count++;
	for (; at && compare_slots(r, slot, h->slots[(at - 1) / 2]) > 0; at = (at - 1) / 2)
		h->slots[at] = h->slots[(at - 1) / 2];
	h->slots[at] = slot;
}

static struct heap *heap_of(struct ranking *r, uint32_t group)
{
	if (group < r->heap_count)
		return &r->heaps[group];
	if (r->heap_count == r->heap_cap) {
		r->heap_cap = (uint32_t)mem_grow(r->heap_cap, r->heap_count + 1);
		r->heaps = mem_resize(r->heaps, r->heap_cap, sizeof *r->heaps);
	}
	r->heaps[r->heap_count] = (struct heap){0};
	return &r->heaps[r->heap_count++];
}

/* -- in -- */

static uint32_t add_slot(struct ranking *r, const char *key, size_t len, uint64_t seq)
{
	if (r->slot_count == r->slot_cap) {
		r->slot_cap = (uint32_t)mem_grow(r->slot_cap, r->slot_count + 1);
		r->slots = mem_resize(r->slots, r->slot_cap, sizeof *r->slots);
	}
	r->slots[r->slot_count] = (struct slot){.key_at = r->keys.len, .key_len = (uint32_t)len, .seq = seq};
	buf_append(&r->keys, key, len);
	return r->slot_count++;
}

static void pop(const struct ranking *r, struct heap *h)
{
	h->slots[0] = h->slots[--h->count];
	sift_down(r, h);
}

static uint32_t count_tied(const struct ranking *r, const struct heap *h)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < h->count; i++)
		n += !compare_keys(r, h->slots[i], h->slots[0]);
	return n;
}

/* consider with ties: those on top, which have the same key, go when there are enough without them. */
static bool consider_ties(struct ranking *r, struct heap *h, const char *key, size_t len, uint64_t seq)
{
	int order = -1;
	if (h->count >= r->n) {
		const struct slot *worst = &r->slots[h->slots[0]];
		order = order_compare(key, len, r->keys.data + worst->key_at, worst->key_len);
	}
	if (order > 0)
		return false;
	push(r, h, add_slot(r, key, len, seq));
	r->live++;
	if (h->count <= r->n) {
		h->tied = count_tied(r, h);
	} else if (!order) {
		h->tied++;
	} else if (h->count - h->tied >= r->n) {
		for (; h->tied; h->tied--, r->live--)
			pop(r, h);
		h->tied = count_tied(r, h);
	}
	return true;
}

/* Whether a record is among the first of its group so far; it then has a slot. */
static bool consider(struct ranking *r, struct heap *h, const char *key, size_t len, uint64_t seq)
{
	if (r->ties)
		return consider_ties(r, h, key, len, seq);
	if (h->count == r->n) {
		const struct slot *worst = &r->slots[h->slots[0]];
		/* With the same key the one that came before stays. */
		if (order_compare(key, len, r->keys.data + worst->key_at, worst->key_len) >= 0)
			return false;
		h->slots[0] = add_slot(r, key, len, seq);
		sift_down(r, h);
		return true;
	}
	push(r, h, add_slot(r, key, len, seq));
	r->live++;
	return true;
}

static int compare_places(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	return (a > b) - (a < b);
}

/* Copies the records of these slots, which are rows of one block after another, to `to`. */
static int move_rows(struct ranking *r, const uint32_t *order, uint32_t count, struct hold *to, struct error *e)
{
	uint32_t *rows = mem_array(count + 1, sizeof *rows);
	int code = 0;
	for (uint32_t i = 0, n; i < count && code >= 0; i += n) {
		struct block *block = r->slots[order[i]].ref.block;
		for (n = 0; i + n < count && r->slots[order[i + n]].ref.block == block; n++)
			rows[n] = r->slots[order[i + n]].ref.row;
		batch_select(&block->rows, rows, n);
		for (uint32_t first = 0; first < n;) {
			struct row_ref at;
			code = hold_add(to, &block->rows, first, &at, e);
			if (code < 0)
				break;
			for (uint32_t k = first; k < first + (uint32_t)code; k++, at.row++)
				r->slots[order[i + k]].ref = at;
			first += (uint32_t)code;
		}
		batch_select(&block->rows, NULL, 0);
	}
	free(rows);
	return code < 0 ? code : 0;
}

uint32_t *ranking_live(const struct ranking *r)
{
	uint32_t *order = mem_array(r->live + 1, sizeof *order), n = 0;
	for (uint32_t g = 0; g < r->heap_count; g++)
		for (uint32_t i = 0; i < r->heaps[g].count; i++)
			order[n++] = r->heaps[g].slots[i];
	if (n)
		qsort(order, n, sizeof *order, compare_places);
	return order;
}

/* Keeps what is in a heap, and nothing else. Slots are in order of arrival, and so are blocks and rows. */
static int sweep(struct ranking *r, struct error *e)
{
	uint32_t *order = ranking_live(r), n = r->live;
	uint32_t *moved = mem_array(r->slot_count + 1, sizeof *moved);
	struct hold kept = {0};
	struct buf keys = BUF_INIT;
	int code = move_rows(r, order, n, &kept, e);
	hold_release(&r->hold);
	r->hold = kept;
	for (uint32_t i = 0; i < n; i++) {
		struct slot s = r->slots[order[i]];
		size_t at = keys.len;
		buf_append(&keys, r->keys.data + s.key_at, s.key_len);
		s.key_at = at;
		r->slots[i] = s;
		moved[order[i]] = i;
	}
	for (uint32_t g = 0; g < r->heap_count; g++)
		for (uint32_t i = 0; i < r->heaps[g].count; i++)
			r->heaps[g].slots[i] = moved[r->heaps[g].slots[i]];
	buf_release(&r->keys);
	r->keys = keys;
	r->slot_count = n;
	free(order);
	free(moved);
	return code;
}

int ranking_hold(struct ranking *r, struct batch *b, const uint32_t *rows, uint32_t n, struct error *e)
{
	uint32_t first_slot = r->slot_count - n;
	batch_select(b, rows, n);
	for (uint32_t first = 0; first < n;) {
		struct row_ref at;
		int taken = hold_add(&r->hold, b, first, &at, e);
		if (taken < 0)
			return taken;
		for (uint32_t i = first; i < first + (uint32_t)taken; i++, at.row++)
			r->slots[first_slot + i].ref = at;
		first += (uint32_t)taken;
	}
	return r->slot_count > 2 * r->live + SWEEP_MIN ? sweep(r, e) : 0;
}

bool ranking_consider(struct ranking *r, const struct key_list *keys, const struct key_list *groups, uint32_t k,
		      uint64_t seq)
{
	uint32_t group = groups ? key_table_number(&r->groups, key_bytes(groups, k), key_len(groups, k)) : 0;
	return consider(r, heap_of(r, group), key_bytes(keys, k), key_len(keys, k), seq);
}

int ranking_add(struct ranking *r, struct batch *b, const struct key_list *keys, const struct key_list *groups,
		const uint32_t *which, uint64_t seq, struct error *e)
{
	uint32_t count = batch_count(b), n = 0, *rows = arena_array(&b->arena, count, sizeof *rows);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = which ? which[i] : i;
		if (ranking_consider(r, keys, groups, k, seq + k))
			rows[n++] = batch_row(b, i);
	}
	return ranking_hold(r, b, rows, n, e);
}

/* -- out -- */

struct candidate {
	const char *group, *key;
	size_t group_len, key_len;
	uint64_t seq;
	struct row_ref ref;
};

static int compare_candidates(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int order = order_compare(a->group, a->group_len, b->group, b->group_len);
	if (!order)
		order = order_compare(a->key, a->key_len, b->key, b->key_len);
	return order ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static size_t list_candidates(const struct ranking *r, struct candidate *out)
{
	size_t n = 0;
	for (uint32_t g = 0; g < r->heap_count; g++) {
		size_t from = g && r->groups.count ? r->groups.ends[g - 1] : 0;
		size_t to = r->groups.count ? r->groups.ends[g] : 0;
		for (uint32_t i = 0; i < r->heaps[g].count; i++) {
			const struct slot *s = &r->slots[r->heaps[g].slots[i]];
			out[n++] = (struct candidate){.group = to ? r->groups.bytes.data + from : "",
						      .group_len = to - from,
						      .key = r->keys.data + s->key_at,
						      .key_len = s->key_len,
						      .seq = s->seq,
						      .ref = s->ref};
		}
	}
	return n;
}

/* Whether two candidates, neighbours in order, are of one group; and have one key. */
static bool same_group(const struct candidate *a, const struct candidate *b)
{
	return !order_compare(a->group, a->group_len, b->group, b->group_len);
}

static bool same_key(const struct candidate *a, const struct candidate *b)
{
	return !order_compare(a->key, a->key_len, b->key, b->key_len);
}

struct ranked *rankings_take(struct ranking *const *list, uint32_t count, uint32_t n, bool ties, size_t *total)
{
	size_t live = 0, have = 0;
	for (uint32_t i = 0; i < count; i++)
		live += list[i]->live;
	struct candidate *all = mem_array(live + 1, sizeof *all);
	struct ranked *out = mem_array(live + 1, sizeof *out);
	for (uint32_t i = 0; i < count; i++)
		have += list_candidates(list[i], all + have);
	if (have)
		qsort(all, have, sizeof *all, compare_candidates);
	*total = 0;
	uint32_t place = 0, rank = 0;
	for (size_t i = 0; i < have; i++) {
		place = i && same_group(&all[i], &all[i - 1]) ? place + 1 : 1;
		if (!ties || place == 1 || !same_key(&all[i], &all[i - 1]))
			rank = place;
		if (rank <= n)
			out[(*total)++] = (struct ranked){all[i].ref, rank};
	}
	free(all);
	return out;
}
