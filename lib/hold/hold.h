/*
 * Records kept beyond their batch: sorted, ranked or joined later, and then gathered into new batches in any order.
 *
 * They lie in blocks of some thousand rows. A block that is full is a frame in memory (narrow ints, dictionaries), read where it lies;
 * the last one, which small batches are gathered in, is still a batch of values. A row is known by its block and number,
 * which hold as long as the block.
 *
 *   hold_add(&h, b, first, &at, e);               rows at.row, at.row + 1, ... of block at.block
 *   gather_rows(&g, refs, count);                 g.out borrows from the blocks
 *
 * What is held is plain frames: a snapshot of it is their bytes.
 */
#ifndef STREAM_HOLD_HOLD_H
#define STREAM_HOLD_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "format/frame.h"
#include "record/batch.h"
#include "record/batch_rows.h"

struct block {
	struct batch rows;
	struct frame_reader *reader; /* NULL: a batch of values */
	char *bytes;                 /* the frame; owned */
	size_t size;                 /* of bytes */
	const void *mapped_for;      /* the gather that the next two are of, */
	uint32_t mapped_generation;  /* and of which generation of its batch; */
	uint32_t mapped_columns, mapped_shapes;
	int32_t *columns, *shapes; /* where these columns and shapes are there; -1: not looked up */
};

/* An empty one, of values. */
struct block *block_new(void);
/* Of a whole frame, whose bytes it takes over (also when it fails). */
int block_of_frame(char *bytes, size_t size, struct block **out, struct error *e);
void block_free(struct block *k);
size_t block_memory(const struct block *k); /* bytes */

struct row_ref {
	struct block *block;
	uint32_t row;
};

struct hold {
	struct block **blocks;
	uint32_t count, cap;
	bool open; /* the last one takes more */
	size_t closed_memory;
	struct frame_writer *writer;
};

/* All bytes 0 is an empty one. */
void hold_release(struct hold *h);

/* Copies selected rows of b, from the first-th on, into one block; returns how many (at least 1), or an error. */
int hold_add(struct hold *h, struct batch *b, uint32_t first, struct row_ref *at, struct error *e);
size_t hold_memory(const struct hold *h); /* bytes */

/* -- back into batches: a block remembers the gather it was read by, which must live as long as it is read by any -- */

struct gather {
	struct batch out;
	const struct field
		*lead; /* fields that stand first in each record, in place of its own of that name; borrowed */
	uint32_t lead_count;
	uint16_t *columns;
	uint32_t cap;
};

void gather_init(struct gather *g);
void gather_release(struct gather *g);
/* g->out has these rows, in this order, until the next call; count is at most BATCH_ROWS_MAX. Returns how many it
   took: fewer when there are too many different fields for one batch; 0 if one record alone has too many. */
uint32_t gather_rows(struct gather *g, const struct row_ref *refs, uint32_t count);

/* All of them, in as many batches as it takes; each is valid until `emit` returns. */
typedef int (*gather_emit)(void *self, struct batch *b, struct error *e);
int gather_all(struct gather *g, const struct row_ref *refs, size_t count, gather_emit emit, void *self,
	       struct error *e);

#endif
