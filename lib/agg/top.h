/*
 * The most frequent values of a group: exact while there are at most TOP_VALUES different ones; beyond, counts are
 * lower bounds, off by at most one in TOP_VALUES / 2 of all values (Misra and Gries, Finding repeated elements, 1982;
 * merging by Agarwal et al., Mergeable summaries, 2012). All bytes 0 is an empty one.
 */
#ifndef STREAM_AGG_TOP_H
#define STREAM_AGG_TOP_H

#include "agg/keys.h"

enum { TOP_VALUES = 65536 };

struct top {
	struct keys keys;
	uint64_t *counts; /* by the number of the key */
	uint32_t cap;
};

void top_release(struct top *t);
void top_add(struct top *t, struct value v, uint64_t count);
void top_merge(struct top *to, const struct top *from);

struct buf;
struct state_reader;

/* The counts as bytes (state.h), and bytes added to them; r->bad if they make no sense. */
void top_save(const struct top *t, struct buf *out);
void top_load(struct top *t, struct state_reader *r);

/* `[{"value":"/a","count":17},...]`, at most n, by count falling, then by value; null if there are no values. */
struct value top_result(const struct top *t, uint32_t n, struct arena *texts);
size_t top_memory(const struct top *t);

#endif
