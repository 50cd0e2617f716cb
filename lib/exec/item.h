/* A batch, or a control frame, until all that came of it is taken; for the files of lib/exec alone. */
#ifndef STREAM_EXEC_ITEM_H
#define STREAM_EXEC_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "exec/records.h"
#include "exec/task.h"
#include "record/batch.h"

struct item_result {
	struct item_result *next;
	struct buf text; /* what was printed; or why the record was given up */
	bool dead;
	uint32_t record;
	uint64_t attempts;
};

struct item {
	struct item *next;   /* in the order of the input */
	struct item *behind; /* in the queue of its lane */
	unsigned control;    /* kind of the frame; 0: a batch */
	unsigned flags;
	struct batch body; /* of the frame */

	struct records records;
	struct task task;
	uint32_t lane;
	int64_t close_at; /* monotonic */
	bool open;        /* it takes more records */
	bool begun;       /* a slot has taken it */
	bool settled;
	struct item_result *results, *last;
};

struct item *item_new(void);
struct item *item_new_control(unsigned kind, unsigned flags, const struct batch *body);
void item_free(struct item *it);

/* Takes over the text. */
struct item_result *item_add_result(struct item *it, struct buf *text);
/* Drops the first. */
void item_drop_result(struct item *it);

#endif
