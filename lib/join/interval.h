/*
 * Two streams joined: pairs of a left and a right record with the same key whose times are at most `within` apart, each pair
 * once, when the second of the two comes. With `outer`, a left record that found none comes out alone as soon as none can come.
 *
 *   interval_add(j, side, b, keys, e)        records in time, with their keys
 *   interval_advance(j, side, time, e)       no record of that side before `time` will come any more
 *
 * Results go to `emit`, in batches that hold until it returns. Which there are depends on the records alone, and not on how the sides
 * take turns. A record is kept until its time plus `within` is past on the other side; one whose key is absent or null
 * has no partner and is not kept.
 *
 * Records are kept in buckets of time, `within` wide (at least a second), as blocks (hold.h) with an index by key; a
 * bucket is freed whole.
 */
#ifndef STREAM_JOIN_INTERVAL_H
#define STREAM_JOIN_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "hold/state.h"
#include "key/spec.h"
#include "record/batch.h"

enum { LEFT, RIGHT };

struct interval;

typedef int (*interval_emit)(void *self, struct batch *b, struct error *e);

struct interval_options {
	int64_t within; /* ns, >= 0 */
	bool outer;
	const char *prefix;      /* see pairs.h */
	const char *const *keys; /* right fields that are the key */
	uint32_t key_count;
	interval_emit emit;
	void *self;
};

struct interval *interval_new(const struct interval_options *o); /* what it points to is borrowed */
void interval_free(struct interval *j);

/* The selected rows; all have a @time. `spec` made the keys. */
int interval_add(struct interval *j, int side, struct batch *b, const struct key_spec *spec,
		 const struct key_list *keys, struct error *e);
/* TIMESTAMP_MAX: that side is at its end. */
int interval_advance(struct interval *j, int side, int64_t time, struct error *e);

/*
 * For a snapshot: parts `interval`, `held` and `matched`. Loaded newest first, by the keys' specs of both sides, into a new one; in the end with
 * b NULL.
 */
int interval_save(struct interval *j, const struct state_out *o, struct error *e);
int interval_load(struct interval *j, struct batch *b, struct key_spec specs[2], struct error *e);

/* No result before this will come any more. */
int64_t interval_watermark(const struct interval *j);
size_t interval_memory(const struct interval *j); /* bytes, about */

#endif
