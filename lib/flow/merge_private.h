/* The insides of a fan-in; for the files of lib/flow/merge*.c alone. */
#ifndef STREAM_FLOW_MERGE_PRIVATE_H
#define STREAM_FLOW_MERGE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/merge.h"
#include "record/batch.h"

/* Ordered rows of one input between two of its watermarks. */
struct held {
	struct batch rows;
	uint32_t sorted; /* by so many of their first fields */
	int64_t until;   /* the watermark that came behind them */
	int *columns;    /* of the fields of the order, -1: not there; made when the first row is looked at */
	uint32_t column_count;
	uint32_t at; /* rows before it have left */
	struct held *next;
};

struct merge_input {
	struct held *first, *last; /* last: `until` is not known yet */
	int64_t at;                /* its watermark */
	uint32_t windows, splits;
	bool ordered; /* an ORDER frame came */
	bool ended, left_unread;
	uint64_t rows; /* held */
};

/* Where rows of an input that no watermark has followed yet go: the last one, or a new one behind it. */
struct held *merge_hold(struct merge_input *in, uint32_t sorted);

#endif
