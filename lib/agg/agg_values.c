/* min, max, first, last, collect: values as they came. */
#include <stdlib.h>

#include "agg/agg_private.h"
#include "agg/held.h"
#include "agg/order.h"
#include "base/timestamp.h"
#include "format/json.h"

/* -- min and max -- */

static inline void extreme_add(struct held *h, struct value v, int sign)
{
	if (h->value.type == TYPE_ABSENT || order_total(v, h->value) * sign < 0)
		held_set(h, v);
}

static inline void extreme_update(struct agg *a, const struct agg_rows *r, int sign)
{
	struct held *held = (struct held *)(void *)a->states;
	if (r->in.ints) {
		for (uint32_t i = 0; i < r->count; i++)
			extreme_add(&held[r->groups[i]], value_decimal(r->in.ints[i], r->in.scale), sign);
		return;
	}
	for (uint32_t i = 0; i < r->count; i++)
		if (!value_is_missing(r->in.values[i]))
			extreme_add(&held[r->groups[i]], r->in.values[i], sign);
}

static void min_update(struct agg *a, const struct agg_rows *r)
{
	extreme_update(a, r, 1);
}

static void max_update(struct agg *a, const struct agg_rows *r)
{
	extreme_update(a, r, -1);
}

static inline void extreme_merge(void *to, const void *from, int sign)
{
	const struct held *h = from;
	if (h->value.type != TYPE_ABSENT)
		extreme_add(to, h->value, sign);
}

static void min_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)a;
	(void)from_agg;
	extreme_merge(to, from, 1);
}

static void max_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)a;
	(void)from_agg;
	extreme_merge(to, from, -1);
}

static struct value held_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	const struct held *h = state;
	(void)a;
	(void)c;
	(void)span;
	(void)texts;
	return h->value.type == TYPE_ABSENT ? value_null() : h->value;
}

static void held_release_state(void *state)
{
	held_release(state);
}

static size_t held_memory(const void *state)
{
	return ((const struct held *)state)->cap;
}

const struct agg_ops agg_min_ops = {.size = sizeof(struct held),
				    .update = min_update,
				    .merge = min_merge,
				    .result = held_result,
				    .release = held_release_state,
				    .memory = held_memory};
const struct agg_ops agg_max_ops = {.size = sizeof(struct held),
				    .update = max_update,
				    .merge = max_merge,
				    .result = held_result,
				    .release = held_release_state,
				    .memory = held_memory};

/* -- first and last -- */

/* Where a record stands: by time, then shard, then sequence number; what is equal stands as it arrived. */
struct place {
	int64_t time;
	int64_t seq;
	uint32_t shard; /* number in agg.shards */
};

struct placed {
	struct held held;
	struct place place;
};

static struct place place_of(struct agg *a, const struct agg_rows *r, uint32_t i)
{
	uint32_t row = r->rows ? r->rows[i] : i;
	struct place p = {.time = r->times ? r->times[i] : TIMESTAMP_MIN};
	struct value seq = r->seq ? column_get(r->seq, row) : value_absent();
	if (!value_is_number(seq) || !number_int64(seq, &p.seq))
		p.seq = 0;
	p.shard = keys_number(&a->shards, r->shard ? column_get(r->shard, row) : value_absent());
	return p;
}

static int place_compare(const struct agg *a, struct place x, struct place y)
{
	if (x.time != y.time)
		return x.time < y.time ? -1 : 1;
	if (x.shard != y.shard)
		return value_compare(a->shards.values[x.shard], a->shards.values[y.shard]);
	return (x.seq > y.seq) - (x.seq < y.seq);
}

/* sign 1: the first; -1: the last, of which a later arrival wins a tie. */
static void placed_add(struct agg *a, struct placed *to, struct place place, struct value v, int sign)
{
	if (to->held.value.type != TYPE_ABSENT) {
		int order = place_compare(a, place, to->place) * sign;
		if (order > 0 || (!order && sign > 0))
			return;
	}
	held_set(&to->held, v);
	to->place = place;
}

static struct value input_value(const struct input *in, uint32_t i)
{
	return in->ints ? value_decimal(in->ints[i], in->scale) : in->values[i];
}

static void placed_update(struct agg *a, const struct agg_rows *r, int sign)
{
	struct placed *placed = (struct placed *)(void *)a->states;
	for (uint32_t i = 0; i < r->count; i++) {
		struct value v = input_value(&r->in, i);
		if (!value_is_missing(v))
			placed_add(a, &placed[r->groups[i]], place_of(a, r, i), v, sign);
	}
}

static void first_update(struct agg *a, const struct agg_rows *r)
{
	placed_update(a, r, 1);
}

static void last_update(struct agg *a, const struct agg_rows *r)
{
	placed_update(a, r, -1);
}

/* The same place, with the shard's number here. */
static struct place place_here(struct agg *a, const struct agg *from, struct place p)
{
	p.shard = keys_number(&a->shards, from->shards.values[p.shard]);
	return p;
}

static void first_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	const struct placed *p = from;
	if (p->held.value.type != TYPE_ABSENT)
		placed_add(a, to, place_here(a, from_agg, p->place), p->held.value, 1);
}

static void last_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	const struct placed *p = from;
	if (p->held.value.type != TYPE_ABSENT)
		placed_add(a, to, place_here(a, from_agg, p->place), p->held.value, -1);
}

const struct agg_ops agg_first_ops = {.size = sizeof(struct placed),
				      .update = first_update,
				      .merge = first_merge,
				      .result = held_result,
				      .release = held_release_state,
				      .memory = held_memory};
const struct agg_ops agg_last_ops = {.size = sizeof(struct placed),
				     .update = last_update,
				     .merge = last_merge,
				     .result = held_result,
				     .release = held_release_state,
				     .memory = held_memory};

/* -- collect -- */

struct collected {
	struct value value;
	struct place place;
	uint64_t arrival;
};

struct collection {
	struct collected *items;
	uint64_t count, cap;
};

static void collection_add(struct agg *a, struct collection *c, struct place place, struct value v)
{
	if (c->count == c->cap) {
		c->cap = mem_grow(c->cap, c->cap ? c->count + 1 : 4);
		c->items = mem_resize(c->items, c->cap, sizeof *c->items);
	}
	c->items[c->count] = (struct collected){value_keep(v, &a->arena), place, c->count};
	c->count++;
}

static void collect_update(struct agg *a, const struct agg_rows *r)
{
	struct collection *collections = (struct collection *)(void *)a->states;
	for (uint32_t i = 0; i < r->count; i++) {
		struct value v = input_value(&r->in, i);
		if (!value_is_missing(v))
			collection_add(a, &collections[r->groups[i]], place_of(a, r, i), v);
	}
}

static void collect_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	const struct collection *c = from;
	for (uint64_t i = 0; i < c->count; i++)
		collection_add(a, to, place_here(a, from_agg, c->items[i].place), c->items[i].value);
}

static int compare_collected(const void *a, const void *b, void *agg)
{
	const struct collected *x = a, *y = b;
	int order = place_compare(agg, x->place, y->place);
	return order ? order : (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

static struct value collect_result(struct agg *a, const struct call *call, void *state, int64_t span,
				   struct arena *texts)
{
	struct collection *c = state;
	struct buf json = BUF_INIT;
	(void)call;
	(void)span;
	if (!c->count)
		return value_null();
	/* Arrival is part of the order, and so what has been sorted stays right when more comes. */
	qsort_r(c->items, c->count, sizeof *c->items, compare_collected, a);
	for (uint64_t i = 0; i < c->count; i++) {
		buf_byte(&json, i ? ',' : '[');
		json_write(c->items[i].value, &json);
	}
	buf_byte(&json, ']');
	struct value v = value_text(TYPE_JSON, arena_copy(texts, json.data, json.len), json.len);
	buf_release(&json);
	return v;
}

static void collect_release(void *state)
{
	free(((struct collection *)state)->items);
}

static size_t collect_memory(const void *state)
{
	return ((const struct collection *)state)->cap * sizeof(struct collected);
}

const struct agg_ops agg_collect_ops = {.size = sizeof(struct collection),
					.update = collect_update,
					.merge = collect_merge,
					.result = collect_result,
					.release = collect_release,
					.memory = collect_memory};
