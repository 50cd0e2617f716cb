/*
 * What a stage remembers, as batches for a snapshot (flow/checkpoint.h): parts, each a head of one row that says what it is, and the rows that
 * belong to it.
 *
 *   part   rows   input …        a head: the two, and what else is to be said
 *   (any fields)                 so many rows, in one batch or several
 *
 * So records are kept with the fields that they have, and none of theirs can be taken for ours.
 */
#ifndef STREAM_HOLD_STATE_H
#define STREAM_HOLD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "hold/hold.h"
#include "record/batch.h"
#include "record/batch_rows.h"

enum { STATE_FIELDS_MAX = 8, STATE_PART_MAX = 16 };

/* -- out -- */

struct state_out {
	int (*add)(void *self, const struct batch *b, struct error *e);
	void *self;
	bool changes; /* what was written before need not be written again */
};

/* The head of a part of so many rows, with at most STATE_FIELDS_MAX fields of its own. */
int state_part(const struct state_out *o, const char *part, uint64_t rows, const struct field *more, uint32_t count,
	       struct error *e);
/* The same, and all its rows. */
int state_batch(const struct state_out *o, const char *part, const struct field *more, uint32_t count,
		const struct batch *rows, struct error *e);
/* Rows of a part: those held, in this order. */
int state_refs(const struct state_out *o, const struct row_ref *refs, size_t count, struct error *e);

/* -- in -- */

struct state_in {
	char part[STATE_PART_MAX];
	uint64_t left; /* rows of it that are still to come */
};

/* 1: the batch is the head of a part, whose fields can be asked for by batch_get; 0: they are rows of the one before it. */
int state_take(struct state_in *in, const struct batch *b, struct error *e);
bool state_is(const struct state_in *in, const char *part);
/* ERR_FAILED if it is not an int (or time). */
int state_int(const struct batch *b, uint32_t row, const char *name, int64_t *out, struct error *e);

#endif
