/* Inside of accumulators: a table of functions per kind of state (agg_numbers.c, agg_values.c, agg_places.c,
 * agg_sets.c). */
#ifndef STREAM_AGG_AGG_PRIVATE_H
#define STREAM_AGG_AGG_PRIVATE_H

#include "agg/agg.h"
#include "agg/keys.h"
#include "agg/state.h"

struct agg_ops {
	size_t size; /* of a group's state, all bytes 0 at first */
	void (*update)(struct agg *a, const struct agg_rows *rows);
	void (*merge)(struct agg *a, void *to, const struct agg *from_agg, const void *from);
	struct value (*result)(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts);
	void (*save)(struct agg *a, void *state, struct buf *out);        /* state.h has the bytes */
	void (*load)(struct agg *a, void *state, struct state_reader *r); /* adds to what is there */
	void (*release)(void *state);                                     /* NULL: nothing to free */
	size_t (*memory)(const void *state);                              /* beside its size; NULL: nothing */
};

struct agg {
	const struct agg_ops *ops;
	char *states;        /* on the border of a cache line */
	char *block;         /* what is to be freed: it begins in here */
	uint32_t count, cap; /* groups */
	bool exact;
	struct arena arena; /* what lives as long as the accumulator */
	struct keys shards; /* of first, last, collect */
};

static inline void *agg_at(const struct agg *a, uint32_t group)
{
	return a->states + a->ops->size * group;
}

/* Of states that begin with a struct held. */
struct value agg_held_result(struct agg *a, const struct call *c, void *state, int64_t span, struct arena *texts);
void agg_held_release(void *state);
size_t agg_held_memory(const void *state);

extern const struct agg_ops agg_count_ops, agg_present_ops, agg_sum_ops, agg_moments_ops;
extern const struct agg_ops agg_min_ops, agg_max_ops, agg_first_ops, agg_last_ops, agg_collect_ops;
extern const struct agg_ops agg_sketch_ops, agg_distinct_ops, agg_top_ops;

#endif
