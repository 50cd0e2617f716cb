/* quantiles, distinct, top */
#include "agg/agg_private.h"
#include "agg/distinct.h"
#include "agg/top.h"

/* -- quantiles -- */

static void sketch_update(struct agg *a, const struct agg_rows *r)
{
	struct sketch *sketches = (struct sketch *)(void *)a->states;
	if (r->in.ints) {
		for (uint32_t i = 0; i < r->count; i++)
			sketch_add(&sketches[r->groups[i]], value_decimal(r->in.ints[i], r->in.scale), a->exact,
				   &a->arena);
		return;
	}
	for (uint32_t i = 0; i < r->count; i++) {
		struct value v = r->in.values[i];
		if (!value_is_missing(v))
			sketch_add(&sketches[r->groups[i]], v, a->exact, &a->arena);
	}
}

static void sketch_merge_state(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)from_agg;
	sketch_merge(to, from, a->exact, &a->arena);
}

static struct value sketch_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	(void)a;
	(void)span;
	(void)texts;
	return sketch_quantile(state, c->q);
}

static void sketch_release_state(void *state)
{
	sketch_release(state);
}

static size_t sketch_memory(const void *state)
{
	const struct sketch *s = state;
	return s->cap * sizeof *s->kept + s->positive.size * sizeof(uint32_t);
}

static void sketch_save_state(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	sketch_save(state, out);
}

static void sketch_load_state(struct agg *a, void *state, struct state_reader *r)
{
	sketch_load(state, a->exact, r, &a->arena);
}

const struct agg_ops agg_sketch_ops = {.size = sizeof(struct sketch),
				       .update = sketch_update,
				       .merge = sketch_merge_state,
				       .result = sketch_result,
				       .save = sketch_save_state,
				       .load = sketch_load_state,
				       .release = sketch_release_state,
				       .memory = sketch_memory};

/* -- distinct -- */

static void distinct_update(struct agg *a, const struct agg_rows *r)
{
	struct distinct *sets = (struct distinct *)(void *)a->states;
	for (uint32_t i = 0; i < r->count; i++) {
		struct value v = r->in.ints ? value_decimal(r->in.ints[i], r->in.scale) : r->in.values[i];
		if (!value_is_missing(v))
			distinct_add(&sets[r->groups[i]], value_hash(v, 0));
	}
}

static void distinct_merge_state(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)a;
	(void)from_agg;
	distinct_merge(to, from);
}

static struct value distinct_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts)
{
	(void)a;
	(void)c;
	(void)span;
	(void)texts;
	return value_int((int64_t)distinct_count(state));
}

static void distinct_release_state(void *state)
{
	distinct_release(state);
}

static size_t distinct_memory(const void *state)
{
	const struct distinct *d = state;
	return d->registers ? 1 << DISTINCT_BITS : d->cap * sizeof *d->set;
}

static void distinct_save_state(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	distinct_save(state, out);
}

static void distinct_load_state(struct agg *a, void *state, struct state_reader *r)
{
	(void)a;
	distinct_load(state, r);
}

const struct agg_ops agg_distinct_ops = {.size = sizeof(struct distinct),
					 .update = distinct_update,
					 .merge = distinct_merge_state,
					 .result = distinct_result,
					 .save = distinct_save_state,
					 .load = distinct_load_state,
					 .release = distinct_release_state,
					 .memory = distinct_memory};

/* -- top -- */

static void top_update(struct agg *a, const struct agg_rows *r)
{
	struct top *tops = (struct top *)(void *)a->states;
	for (uint32_t i = 0; i < r->count; i++) {
		struct value v = r->in.ints ? value_decimal(r->in.ints[i], r->in.scale) : r->in.values[i];
		if (!value_is_missing(v))
			top_add(&tops[r->groups[i]], v, 1);
	}
}

static void top_merge_state(struct agg *a, void *to, const struct agg *from_agg, const void *from)
{
	(void)a;
	(void)from_agg;
	top_merge(to, from);
}

static struct value top_state_result(struct agg *a, const struct call *c, void *state, int64_t span,
				     struct arena *texts)
{
	(void)a;
	(void)span;
	return top_result(state, c->n, texts);
}

static void top_release_state(void *state)
{
	top_release(state);
}

static size_t top_state_memory(const void *state)
{
	return top_memory(state);
}

static void top_save_state(struct agg *a, void *state, struct buf *out)
{
	(void)a;
	top_save(state, out);
}

static void top_load_state(struct agg *a, void *state, struct state_reader *r)
{
	(void)a;
	top_load(state, r);
}

const struct agg_ops agg_top_ops = {.size = sizeof(struct top),
				    .update = top_update,
				    .merge = top_merge_state,
				    .result = top_state_result,
				    .save = top_save_state,
				    .load = top_load_state,
				    .release = top_release_state,
				    .memory = top_state_memory};
