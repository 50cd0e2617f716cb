/* stream-merge: what it knows, and how a snapshot has it. */
#ifndef STREAM_CMD_MERGE_MERGE_H
#define STREAM_CMD_MERGE_MERGE_H

#include "event/clock.h"
#include "flow/flow.h"
#include "hold/queue.h"
#include "window/spec.h"
#include "window/watermark.h"

struct source {
	struct queue queue;
	bool ended, idle, file; /* file: a regular one, which nobody waits to write to */
	bool done;              /* ended, and all that it had is out: it holds back no watermark any more */
	bool held;
	int64_t heard; /* monotonic */
	int64_t told;  /* the greatest time that its watermarks speak of */
};

struct merge {
	const char *time_field;
	int64_t idle, limit;

	struct event_clock clock; /* not started: nothing is late here */
	struct source *sources;
	int count;
	struct watermark_inputs whole;
	int64_t sent; /* of `whole` */
	bool stops;   /* an input has ended that will have more in another run */
	bool windowed;
	char window[2 * WINDOW_TEXT_MAX]; /* that all inputs have */
	struct gather gather;
	struct row_ref *refs;
	uint32_t ref_count;

	/* while a snapshot is read */
	struct state_in in;
	int input;
};

/* state.c */
int merging_save(void *self, struct flow *f, struct snapshot *to, struct error *e);
int merging_load(void *self, struct flow *f, struct batch *b, struct error *e);

#endif
