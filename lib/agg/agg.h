/*
 * Accumulators: the state of one aggregate for all groups, by group number, fed column by column.
 *
 * Calls that need the same state of the same argument can share it: sum and avg, the quantiles, the two moments. Absent
 * and null arguments are passed over by all but AGG_COUNT. Memory is the accumulator's own: nothing is borrowed.
 */
#ifndef STREAM_AGG_AGG_H
#define STREAM_AGG_AGG_H

#include "agg/call.h"
#include "agg/input.h"

enum agg_state {
	AGG_COUNT,   /* records */
	AGG_PRESENT, /* values */
	AGG_SUM,
	AGG_MOMENTS, /* sum, and sum of squares */
	AGG_MIN,
	AGG_MAX,
	AGG_FIRST,
	AGG_LAST,
	AGG_SKETCH,
	AGG_DISTINCT,
	AGG_TOP,
	AGG_COLLECT,
	AGG_STATE_COUNT
};

/* The state that a call reads its result from. */
enum agg_state agg_state_of(const struct call *c);
/* Whether it takes numbers alone (those that sum_takes). */
bool agg_wants_numbers(enum agg_state state);
/* Whether it looks at times, shards and sequence numbers. */
bool agg_wants_order(enum agg_state state);

/* Rows to be added. */
struct agg_rows {
	uint32_t count;
	const uint32_t *groups; /* of each */
	struct input in;        /* the argument; none for AGG_COUNT */
	const int64_t *times;   /* of each; NULL: not known. Only needed where agg_wants_order, like the following */
	const struct column *shard; /* @shard and @seq, of which row rows[i] (NULL: i) is meant */
	const struct column *seq;
	const uint32_t *rows;
};

struct agg;
struct state_reader;

/* `exact`: quantiles keep all values. */
struct agg *agg_new(enum agg_state state, bool exact);
void agg_free(struct agg *a);

/* Adds rows of groups below group_count. All of them must be of the right type (input_wrong). */
void agg_update(struct agg *a, const struct agg_rows *rows, uint32_t group_count);

/* Adds what `from`, of the same state, has: its group i to group map[i], i < count; all below group_count. */
void agg_merge(struct agg *a, const struct agg *from, const uint32_t *map, uint32_t count, uint32_t group_count);

/*
 * The result of a call for a group; of a group that was never added to, that of no values: 0 for count, sum and
 * distinct, else null. Texts live as long as the accumulator or `texts`. span: nanoseconds that a rate is over.
 */
struct value agg_result(struct agg *a, const struct call *c, uint32_t group, int64_t span, struct arena *texts);

/* Appends the state of a group, as state.h draws it; of a group that was never added to, that of no values. */
void agg_save(struct agg *a, uint32_t group, struct buf *out);
/* Adds a state to a group; r->bad if it makes no sense: then some of it may have been added. */
void agg_load(struct agg *a, uint32_t group, struct state_reader *r);

size_t agg_memory(const struct agg *a); /* bytes, about */

#endif
