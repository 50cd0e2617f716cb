/*
 * A fan-in behind a splitter: several inputs that all saw the same control frames become one.
 *
 * Rows that have no order among themselves are passed on as they come. Ordered rows, results by window and group, are held until
 * every input has come to the watermark that follows them, and are then put in one order: so N copies give, byte for byte, what one
 * would have given. The order is what an ORDER frame said, else the first `sorted` fields of the rows (record/batch.h); rows that it
 * does not tell apart stand in the order of the inputs. A watermark is passed on when all inputs have it.
 *
 * Where there are no watermarks, ordered rows are the last that an input has, and may be many. Once merge_may_wait was said,
 * inputs that are ahead are then left unread, and rows leave as soon as it is known that they are next.
 */
#ifndef STREAM_FLOW_MERGE_H
#define STREAM_FLOW_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/flow.h"
#include "record/batch.h"
#include "record/order.h"

struct held;
struct merge_input;

struct merge {
	struct merge_input *inputs;
	int count;
	int64_t at;       /* the watermark that was passed on */
	uint32_t splits;  /* announcements passed on: first our splitter's, then those of splitters above it */
	uint32_t windows; /* WINDOW frames passed on: each comes once per input */
	bool may_wait;
	struct held *loading; /* merge_load: where the next rows go */

	struct order_field *order; /* NULL: no ORDER frame came */
	uint32_t order_count;
	struct arena names; /* of `order` */
	struct batch out;
};

void merge_init(struct merge *m, int count);
void merge_release(struct merge *m);

int merge_batch(struct merge *m, struct flow *f, int input, struct batch *b, struct error *e);
int merge_control(struct merge *m, struct flow *f, int input, const struct frame *frame, struct batch *body,
		  struct error *e);
int merge_input_end(struct merge *m, struct flow *f, int input, struct error *e);
/* From here on nothing that we leave unread holds up another input: whoever feeds them is done. */
void merge_may_wait(struct merge *m);
/* All inputs are at their end: the rest. */
int merge_end(struct merge *m, struct flow *f, struct error *e);

/*
 * At a barrier all inputs have had the same control frames. What is remembered are ordered rows that no watermark has followed: for each run
 * of them a record (`order_field`, `descending`)… or (`input`, `sorted`, `until`), then the rows as they are.
 */
enum { MERGE_VERSION = 1 };
int merge_save(struct merge *m, struct snapshot *s, struct error *e);
/* As checkpoint_ops have it. */
int merge_load(struct merge *m, struct batch *b, struct error *e);

#endif
