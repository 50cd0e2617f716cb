#include "agg/agg.h"

#include <stdlib.h>
#include <string.h>

#include "agg/agg_private.h"
#include "base/mem.h"

enum { LINE = 64 }; /* bytes of a cache line */

static const struct agg_ops *const all_ops[AGG_STATE_COUNT] = {
	[AGG_COUNT] = &agg_count_ops,       [AGG_PRESENT] = &agg_present_ops, [AGG_SUM] = &agg_sum_ops,
	[AGG_MOMENTS] = &agg_moments_ops,   [AGG_MIN] = &agg_min_ops,         [AGG_MAX] = &agg_max_ops,
	[AGG_FIRST] = &agg_first_ops,       [AGG_LAST] = &agg_last_ops,       [AGG_SKETCH] = &agg_sketch_ops,
	[AGG_DISTINCT] = &agg_distinct_ops, [AGG_TOP] = &agg_top_ops,         [AGG_COLLECT] = &agg_collect_ops,
};

enum agg_state agg_state_of(const struct call *c)
{
	switch (c->function) {
	case CALL_COUNT: return c->has_argument ? AGG_PRESENT : AGG_COUNT;
	case CALL_RATE: return c->has_argument ? AGG_SUM : AGG_COUNT;
	case CALL_SUM:
	case CALL_AVG: return AGG_SUM;
	case CALL_VAR:
	case CALL_STDDEV: return AGG_MOMENTS;
	case CALL_MIN: return AGG_MIN;
	case CALL_MAX: return AGG_MAX;
	case CALL_FIRST: return AGG_FIRST;
	case CALL_LAST: return AGG_LAST;
	case CALL_QUANTILE: return AGG_SKETCH;
	case CALL_DISTINCT: return AGG_DISTINCT;
	case CALL_TOP: return AGG_TOP;
	case CALL_COLLECT: return AGG_COLLECT;
	}
	return AGG_COUNT;
}

bool agg_wants_numbers(enum agg_state state)
{
	return state == AGG_SUM || state == AGG_MOMENTS || state == AGG_SKETCH;
}

bool agg_wants_order(enum agg_state state)
{
	return state == AGG_FIRST || state == AGG_LAST || state == AGG_COLLECT;
}

struct agg *agg_new(enum agg_state state, bool exact)
{
	struct agg *a = mem_zero(sizeof *a);
	a->ops = all_ops[state];
	a->exact = exact;
	return a;
}

void agg_free(struct agg *a)
{
	if (!a)
		return;
	for (uint32_t g = 0; a->ops->release && g < a->count; g++)
		a->ops->release(agg_at(a, g));
	free(a->block);
	arena_release(&a->arena);
	keys_release(&a->shards);
	free(a);
}

static void grow(struct agg *a, uint32_t count)
{
	uint32_t cap = (uint32_t)mem_grow(a->cap, count);
	char *block = mem_array((size_t)cap + 1 + LINE / a->ops->size, a->ops->size);
	char *states = block + (-(uintptr_t)block & (LINE - 1));
	if (a->count)
		memcpy(states, a->states, a->count * a->ops->size);
	free(a->block);
	a->block = block;
	a->states = states;
	a->cap = cap;
}

static void reserve(struct agg *a, uint32_t count)
{
	if (count <= a->count)
		return;
	if (count > a->cap)
		grow(a, count);
	memset(agg_at(a, a->count), 0, (count - a->count) * a->ops->size);
	a->count = count;
}

void agg_update(struct agg *a, const struct agg_rows *rows, uint32_t group_count)
{
	reserve(a, group_count);
	a->ops->update(a, rows);
}

void agg_merge(struct agg *a, const struct agg *from, const uint32_t *map, uint32_t count, uint32_t group_count)
{
	reserve(a, group_count);
	for (uint32_t g = 0; g < count && g < from->count; g++)
		a->ops->merge(a, agg_at(a, map[g]), from, agg_at(from, g));
}

struct value agg_result(struct agg *a, const struct call *c, uint32_t group, int64_t span, struct arena *texts)
{
	reserve(a, group + 1);
	return a->ops->result(a, c, agg_at(a, group), span, texts);
}

void agg_save(struct agg *a, uint32_t group, struct buf *out)
{
	reserve(a, group + 1);
	a->ops->save(a, agg_at(a, group), out);
}

void agg_load(struct agg *a, uint32_t group, struct state_reader *r)
{
	reserve(a, group + 1);
	a->ops->load(a, agg_at(a, group), r);
}

size_t agg_memory(const struct agg *a)
{
	size_t bytes = a->cap * a->ops->size + a->arena.total;
	for (uint32_t g = 0; a->ops->memory && g < a->count; g++)
		bytes += a->ops->memory(agg_at(a, g));
	return bytes;
}
