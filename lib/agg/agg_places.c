/* first, last, collect: values with their places in the order of records. */
#include <stdlib.h>

#include "agg/agg_private.h"
#include "agg/held.h"
#include "base/timestamp.h"
#include "format/json.h"

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

/* -- first and last as bytes -- */

static void save_place(const struct agg *a, struct place p, struct buf *out)
{
	state_put_zigzag(out, p.time);
	state_put_zigzag(out, p.seq);
	state_put_value(out, a->shards.values[p.shard]);
}

static struct place load_place(struct agg *a, struct state_reader *r)
{
	struct place p = {.time = state_zigzag(r), .seq = state_zigzag(r)};
	p.shard = keys_number(&a->shards, state_value(r));
	return p;
}

static void placed_save(struct agg *a, void *state, struct buf *out)
{
	const struct placed *p = state;
	state_put_value(out, p->held.value);
	if (p->held.value.type != TYPE_ABSENT)
		save_place(a, p->place, out);
}

static void placed_load(struct agg *a, void *state, struct state_reader *r, int sign)
{
	struct value v = state_value(r);
	if (v.type == TYPE_ABSENT)
		return;
	r->bad |= v.type == TYPE_NULL;
	struct place place = load_place(a, r);
	if (!r->bad)
		placed_add(a, state, place, v, sign);
}

static void first_load(struct agg *a, void *state, struct state_reader *r)
{
	placed_load(a, state, r, 1);
}

static void last_load(struct agg *a, void *state, struct state_reader *r)
{
	placed_load(a, state, r, -1);
}

const struct agg_ops agg_first_ops = {.size = sizeof(struct placed),
				      .update = first_update,
				      .merge = first_merge,
				      .result = agg_held_result,
				      .save = placed_save,
				      .load = first_load,
				      .release = agg_held_release,
				      .memory = agg_held_memory};
const struct agg_ops agg_last_ops = {.size = sizeof(struct placed),
				     .update = last_update,
				     .merge = last_merge,
				     .result = agg_held_result,
				     .save = placed_save,
				     .load = last_load,
				     .release = agg_held_release,
				     .memory = agg_held_memory};

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

static void collect_save(struct agg *a, void *state, struct buf *out)
{
	const struct collection *c = state;
	state_put_varint(out, c->count);
	for (uint64_t i = 0; i < c->count; i++) {
		state_put_value(out, c->items[i].value);
		save_place(a, c->items[i].place, out);
	}
}

static void collect_load(struct agg *a, void *state, struct state_reader *r)
{
	for (uint64_t n = state_count(r, 4); n; n--) {
		struct value v = state_present(r, false);
		struct place place = load_place(a, r);
		if (r->bad)
			return;
		collection_add(a, state, place, v);
	}
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
					.save = collect_save,
					.load = collect_load,
					.release = collect_release,
					.memory = collect_memory};
