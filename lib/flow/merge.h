/*
 * A fan-in behind a splitter: several inputs that all saw the same control frames become one.
 *
 * Rows that have no order among themselves are passed on as they come. Sorted rows (results of an aggregate, ordered by
 * window and group) are held until every input has come to the watermark that follows them, and are then put in one
 * order: so N copies give, byte for byte, what one would have given. A watermark is passed on when all inputs have it.
 */
#ifndef STREAM_FLOW_MERGE_H
#define STREAM_FLOW_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/flow.h"
#include "record/batch.h"

struct merge_input;

struct merge {
	struct merge_input *inputs;
	int count;
	int64_t at; /* the watermark that was passed on */
	bool split_announced;
	uint32_t windows; /* WINDOW frames passed on: each comes once per input */
};

void merge_init(struct merge *m, int count);
void merge_release(struct merge *m);

int merge_batch(struct merge *m, struct flow *f, int input, struct batch *b, struct error *e);
int merge_control(struct merge *m, struct flow *f, int input, const struct frame *frame, struct batch *body,
		  struct error *e);
int merge_input_end(struct merge *m, struct flow *f, int input, struct error *e);
/* All inputs are at their end: the rest. */
int merge_end(struct merge *m, struct flow *f, struct error *e);

#endif
