/* Where a merge stands in one of its sources: what is in memory of a sorter, or one of its runs. For lib/sort alone. */
#ifndef STREAM_SORT_CURSOR_H
#define STREAM_SORT_CURSOR_H

#include <stdbool.h>

#include "sort/order.h"
#include "hold/run.h"
#include "sort/sorter.h"

struct sorter {
	struct key_spec *spec;
	struct spool *spool;

	/* What is in memory: row and key of each number, and these in order. */
	struct hold hold;
	struct row_ref *refs;
	size_t *key_at; /* one more, for the end of the last */
	uint32_t count, cap;
	struct buf keys;
	struct order_item *items;
	bool ordered;

	struct run **runs; /* the oldest first; all older than what is in memory */
	uint32_t *levels;  /* how many times each was folded; falling */
	uint32_t run_count;
	uint64_t spilled; /* rows in them */

	/* Once it was in a snapshot: what has come since, as it came. */
	bool kept;
	struct run **fresh; /* the part of it that memory has no more, */
	uint32_t fresh_count;
	uint64_t fresh_rows;
	uint32_t known; /* and where in memory the rest begins */
};

struct cursor {
	/* of memory */
	const struct sorter *sorter;
	uint32_t at;
	/* of a run */
	const struct run *run; /* NULL: of memory */
	off_t offset;
	struct block *block;
	struct key_spec *spec;
	struct key_list keys;

	const char *key; /* of the row it is at */
	size_t key_len;
	struct row_ref ref;
	bool ended;
};

/* What a merge goes through, and the blocks that it is done with and its output still refers to. */
struct merge_sources {
	struct cursor *cursors;
	uint32_t count;
	uint32_t *heap; /* numbers of those that have not ended, by key, then number */
	uint32_t heap_count;
	struct block **done;
	uint32_t done_count, done_cap;
};

/* Orders what is in memory. */
void sorter_order(struct sorter *s);

/* sorter_save.c: before memory goes to disk, in the order of its keys: what no snapshot has is put aside as it came. */
int sorter_put_aside(struct sorter *s, struct error *e);
/* All that is there is in a snapshot. */
void sorter_known(struct sorter *s);

/* Of these runs, the oldest first, and then (if it is not NULL) of what is in memory of `last`. Adds to those that are
   there already; sources_start then moves each to its first row. */
void sources_add(struct merge_sources *m, struct key_spec *spec, struct run *const *runs, uint32_t count,
		 const struct sorter *last);
int sources_start(struct merge_sources *m, struct error *e);
void sources_release(struct merge_sources *m);

/* Up to `room` rows in order; *count 0: that was all. They hold until sources_forget. */
int sources_next(struct merge_sources *m, struct row_ref *refs, uint32_t room, uint32_t *count, struct error *e);
void sources_forget(struct merge_sources *m);

#endif
