#include "sort/sorter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sort/cursor.h"

struct sorter *sorter_new(struct key_spec *spec, struct spool *spool)
{
	struct sorter *s = mem_zero(sizeof *s);
	s->spec = spec;
	s->spool = spool;
	return s;
}

static void clear_memory(struct sorter *s)
{
	hold_release(&s->hold);
	free(s->refs);
	free(s->key_at);
	free(s->items);
	buf_release(&s->keys);
	s->refs = NULL;
	s->key_at = NULL;
	s->items = NULL;
	s->count = s->cap = s->known = 0;
	s->ordered = false;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	clear_memory(s);
	for (uint32_t i = 0; i < s->run_count; i++)
		run_free(s->runs[i]);
	sorter_known(s);
	free(s->runs);
	free(s->levels);
	free(s->fresh);
	free(s);
}

size_t sorter_memory(const struct sorter *s)
{
	/* Ordering needs the items and as much again. */
	return hold_memory(&s->hold) + s->keys.cap +
	       s->cap * (sizeof *s->refs + sizeof *s->key_at + 2 * sizeof *s->items);
}

bool sorter_can_spill(const struct sorter *s)
{
	return s->count > 0;
}

/* -- in -- */

static void reserve(struct sorter *s, uint32_t more)
{
	if (s->cap - s->count > more)
		return;
	s->cap = (uint32_t)mem_grow(s->cap, (size_t)s->count + more + 1);
	s->refs = mem_resize(s->refs, s->cap, sizeof *s->refs);
	s->key_at = mem_resize(s->key_at, s->cap, sizeof *s->key_at);
}

int sorter_add(struct sorter *s, struct batch *b, const struct key_list *keys, const uint32_t *which, struct error *e)
{
	uint32_t count = batch_count(b);
	reserve(s, count);
	s->ordered = false;
	s->key_at[s->count] = s->keys.len;
	for (uint32_t first = 0; first < count;) {
		struct row_ref at;
		int taken = hold_add(&s->hold, b, first, &at, e);
		if (taken < 0)
			return taken;
		for (uint32_t i = first; i < first + (uint32_t)taken; i++, at.row++) {
			uint32_t n = which ? which[i] : i;
			buf_append(&s->keys, key_bytes(keys, n), key_len(keys, n));
			s->refs[s->count++] = at;
			s->key_at[s->count] = s->keys.len;
		}
		first += (uint32_t)taken;
	}
	return 0;
}

void sorter_order(struct sorter *s)
{
	if (s->ordered || !s->count)
		return;
	struct order_keys keys = {s->keys.data, s->key_at};
	struct order_item *spare = mem_array(s->count, sizeof *spare);
	s->items = mem_resize(s->items, s->count, sizeof *s->items);
	for (uint32_t i = 0; i < s->count; i++)
		s->items[i].number = i;
	order_items(&keys, s->items, spare, s->count);
	free(spare);
	s->ordered = true;
}

/* -- out -- */

static int drain(struct merge_sources *m, struct gather *g, uint32_t room, gather_emit emit, void *self,
		 struct error *e)
{
	struct row_ref *refs = mem_array(room, sizeof *refs);
	uint32_t count;
	int r;
	while (!(r = sources_next(m, refs, room, &count, e)) && count) {
		r = gather_all(g, refs, count, emit, self, e);
		if (r)
			break;
		sources_forget(m);
	}
	free(refs);
	return r;
}

static int to_run(void *self, struct batch *b, struct error *e)
{
	return run_write(self, b, e);
}

/* The runs from the first-th on, and perhaps what is in memory, as one run of this level in place of these. */
static int fold(struct sorter *s, uint32_t first, bool memory, uint32_t level, struct error *e)
{
	struct merge_sources m = {0};
	struct gather g;
	struct run *out;
	int r = run_new(s->spool, &out, e);
	if (r)
		return r;
	gather_init(&g);
	sources_add(&m, s->spec, s->runs + first, s->run_count - first, memory ? s : NULL);
	r = sources_start(&m, e);
	if (!r)
		r = drain(&m, &g, RUN_ROWS, to_run, out, e);
	if (!r)
		r = run_finish(out, e);
	sources_release(&m);
	gather_release(&g);
	if (r) {
		run_free(out);
		return r;
	}
	for (uint32_t i = first; i < s->run_count; i++)
		run_free(s->runs[i]);
	s->run_count = first;
	s->runs = mem_resize(s->runs, s->run_count + 1, sizeof *s->runs);
	s->levels = mem_resize(s->levels, s->run_count + 1, sizeof *s->levels);
	s->runs[s->run_count] = out;
	s->levels[s->run_count++] = level;
	return 0;
}

/* Runs of a level are side by side, behind those of greater ones. */
static uint32_t level_count(const struct sorter *s, uint32_t level)
{
	uint32_t n = 0;
	while (n < s->run_count && s->levels[s->run_count - 1 - n] == level)
		n++;
	return n;
}

int sorter_spill(struct sorter *s, struct error *e)
{
	if (!s->count)
		return 0;
	int r = sorter_put_aside(s, e);
	if (r)
		return r;
	sorter_order(s);
	r = fold(s, s->run_count, true, 0, e);
	if (r)
		return r;
	s->spilled += s->count;
	clear_memory(s);
	/* A record is written once for each level, and there are as many levels as the count of runs has digits to base 64. */
	for (uint32_t level = 0; !r && level_count(s, level) == FAN_IN_MAX; level++)
		r = fold(s, s->run_count - FAN_IN_MAX, false, level + 1, e);
	return r;
}

int sorters_emit(struct sorter *const *sorters, uint32_t count, struct gather *g, gather_emit emit, void *self,
		 struct error *e)
{
	struct merge_sources m = {0};
	for (uint32_t i = 0; i < count; i++) {
		sorter_order(sorters[i]);
		sources_add(&m, sorters[i]->spec, sorters[i]->runs, sorters[i]->run_count, sorters[i]);
	}
	int r = sources_start(&m, e);
	if (!r)
		r = drain(&m, g, RUN_ROWS, emit, self, e);
	sources_release(&m);
	return r;
}
