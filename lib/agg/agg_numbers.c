/* count, sum, avg, rate, var, stddev */
#include <math.h>

#include "agg/agg_private.h"
#include "agg/sum.h"

struct moments {
	struct sum sum, squares;
};

/* -- counts -- */

static void count_update(struct agg *a, const struct agg_rows *r)
{
	uint64_t *counts = (uint64_t *)a->states;
	for (uint32_t i = 0; i < r->count; i++)
		counts[r->groups[i]]++;
}

static void present_update(struct agg *a, const struct agg_rows *r)
{
	uint64_t *counts = (uint64_t *)a->states;
	if (r->in.ints) {
		count_update(a, r);
		return;
	}
	for (uint32_t i = 0; i < r->count; i++)
		counts[r->groups[i]] += !value_is_missing(r->in.values[i]);
}

static void count_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)a;
	(void)from_agg;
	*(uint64_t *)to += *(const uint64_t *)from;
}

static struct value count_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	(void)a;
	(void)texts;
	struct sum s = {.at = *(uint64_t *)state};
	return c->function == CALL_RATE ? sum_rate(&s, span) : value_int((int64_t)s.at);
}

static void count_save(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	state_put_varint(out, *(uint64_t *)state);
}

static void count_load(struct agg *a, void *state, struct state_reader *r)
{
	(void)a;
	*(uint64_t *)state += state_varint(r);
}

const struct agg_ops agg_count_ops = {.size = sizeof(uint64_t),
				      .update = count_update,
				      .merge = count_merge,
				      .result = count_result,
				      .save = count_save,
				      .load = count_load};
const struct agg_ops agg_present_ops = {.size = sizeof(uint64_t),
					.update = present_update,
					.merge = count_merge,
					.result = count_result,
					.save = count_save,
					.load = count_load};

/* -- sums -- */

static void sum_update(struct agg *a, const struct agg_rows *r)
{
	struct sum *sums = (struct sum *)(void *)a->states;
	if (r->in.ints) {
		for (uint32_t i = 0; i < r->count; i++)
			sum_add_int(&sums[r->groups[i]], r->in.ints[i], r->in.scale, &a->arena);
		return;
	}
	for (uint32_t i = 0; i < r->count; i++)
		if (!value_is_missing(r->in.values[i]))
			sum_add(&sums[r->groups[i]], r->in.values[i], &a->arena);
}

static void sum_merge_state(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)from_agg;
	sum_merge(to, from, 1, &a->arena);
}

static struct value sum_state_result(struct agg *a, const struct call *c, void *state, int64_t span,
				     struct arena *texts)
{
	(void)a;
	if (c->function == CALL_RATE)
		return sum_rate(state, span);
	return c->function == CALL_AVG ? sum_average(state) : sum_result(state, texts);
}

static void sum_state_save(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	sum_save(state, 1, out);
}

static void sum_state_load(struct agg *a, void *state, struct state_reader *r)
{
	sum_load(state, 1, r, &a->arena);
}

const struct agg_ops agg_sum_ops = {.size = sizeof(struct sum),
				    .update = sum_update,
				    .merge = sum_merge_state,
				    .result = sum_state_result,
				    .save = sum_state_save,
				    .load = sum_state_load};

/* -- moments -- */

static void moments_update(struct agg *a, const struct agg_rows *r)
{
	struct moments *moments = (struct moments *)(void *)a->states;
	for (uint32_t i = 0; i < r->count; i++) {
		struct moments *m = &moments[r->groups[i]];
		struct value v = r->in.ints ? value_decimal(r->in.ints[i], r->in.scale) : r->in.values[i];
		if (value_is_missing(v))
			continue;
		sum_add(&m->sum, v, &a->arena);
		if (v.type == TYPE_INT)
			sum_add_square(&m->squares, v.i, v.scale, &a->arena);
		else
			sum_add_slow(&m->squares, v, 2, &a->arena);
	}
}

static void moments_merge(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	struct moments *m = to;
	const struct moments *n = from;
	(void)from_agg;
	sum_merge(&m->sum, &n->sum, 1, &a->arena);
	sum_merge(&m->squares, &n->squares, 2, &a->arena);
}

static struct value moments_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	const struct moments *m = state;
	(void)a;
	(void)span;
	(void)texts;
	struct value v = sum_variance(&m->sum, &m->squares);
	if (v.type == TYPE_FLOAT && c->function == CALL_STDDEV)
		v.f = sqrt(v.f);
	return v;
}

static void moments_save(struct agg *a, void *state, struct buf *out)
{
	struct moments *m = state;
	(void)a;
	sum_save(&m->sum, 1, out);
	sum_save(&m->squares, 2, out);
}

static void moments_load(struct agg *a, void *state, struct state_reader *r)
{
	struct moments *m = state;
	sum_load(&m->sum, 1, r, &a->arena);
	sum_load(&m->squares, 2, r, &a->arena);
}

const struct agg_ops agg_moments_ops = {.size = sizeof(struct moments),
					.update = moments_update,
					.merge = moments_merge,
					.result = moments_result,
					.save = moments_save,
					.load = moments_load};
