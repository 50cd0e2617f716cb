/* min, max: values as they came. */
#include "agg/agg_private.h"
#include "agg/held.h"
#include "agg/order.h"

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

struct value agg_held_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	const struct held *h = state;
	(void)a;
	(void)c;
	(void)span;
	(void)texts;
	return h->value.type == TYPE_ABSENT ? value_null() : h->value;
}

void agg_held_release(void *state)
{
	held_release(state);
}

size_t agg_held_memory(const void *state)
{
	return ((const struct held *)state)->cap;
}

static void extreme_save(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	state_put_value(out, ((const struct held *)state)->value);
}

static void extreme_load(void *state, struct state_reader *r, int sign)
{
	struct value v = state_value(r);
	r->bad |= v.type == TYPE_NULL;
	if (v.type != TYPE_ABSENT && !r->bad)
		extreme_add(state, v, sign);
}

static void min_load(struct agg *a, void *state, struct state_reader *r)
{
	(void)a;
	extreme_load(state, r, 1);
}

static void max_load(struct agg *a, void *state, struct state_reader *r)
{
	(void)a;
	extreme_load(state, r, -1);
}

const struct agg_ops agg_min_ops = {.size = sizeof(struct held),
				    .update = min_update,
				    .merge = min_merge,
				    .result = agg_held_result,
				    .save = extreme_save,
				    .load = min_load,
				    .release = agg_held_release,
				    .memory = agg_held_memory};
const struct agg_ops agg_max_ops = {.size = sizeof(struct held),
				    .update = max_update,
				    .merge = max_merge,
				    .result = agg_held_result,
				    .save = extreme_save,
				    .load = max_load,
				    .release = agg_held_release,
				    .memory = agg_held_memory};
