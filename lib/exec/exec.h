/*
 * Batches of records through a command, several at once, each until it is settled, and what came of them in the
 * order of the input. Nothing here waits: who drives it polls exec_fd, or waits until exec_due, and calls
 * exec_work; then it takes what there is to take, until there is nothing.
 *
 *   exec_add ->  open batch of a lane  -> full, or waited enough -> queue of the lane -> slot: run, try again, halve
 *                                                                                             |
 *   exec_take <- results, in the order in which the batches were opened <---------------------+
 *
 * With lanes each has a slot of its own: what is in one lane never overlaps, and stays in order. Without, all slots
 * serve one queue. A batch that waits to be tried again keeps its slot.
 *
 * A control frame stands behind the batches that are there when it comes, also those that are still open: it is
 * taken when they are settled. Only WATERMARK and IDLE, which say nothing of what follows, let an open batch take
 * more records.
 */
#ifndef STREAM_EXEC_EXEC_H
#define STREAM_EXEC_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "exec/backoff.h"
#include "exec/records.h"
#include "exec/run.h"
#include "record/batch.h"

enum { EXEC_SLOTS_MAX = 256, EXEC_BATCH_BYTES = 16 << 20 };

struct exec_options {
	struct run_options run;
	uint32_t rows;  /* of a batch at most; its text may have EXEC_BATCH_BYTES, and is then full too */
	int64_t wait;   /* ns; so long a batch waits for company, from its first record */
	uint32_t slots; /* so many batches at once; at most EXEC_SLOTS_MAX */
	bool lanes;     /* as many lanes as slots */
	bool unordered; /* results come as they are there, those of a lane in order */
	bool meta;      /* the command gets metadata */
	uint64_t retries;
	struct backoff backoff;
};

struct exec;

/* o is copied; what it points to is borrowed. */
int exec_new(const struct exec_options *o, struct exec **out, struct error *e);
/* Commands that still run are stopped, and waited for. NULL is fine. */
void exec_free(struct exec *x);

/* Adds the selected rows; lanes[i] is that of the i-th (NULL: there is one). now: monotonic. */
int exec_add(struct exec *x, struct batch *b, const uint32_t *lanes, int64_t now, struct error *e);
/* body is copied. */
void exec_control(struct exec *x, unsigned kind, unsigned flags, const struct batch *body);
/* Open batches wait for nobody any more: nothing will come, or not for now. */
void exec_finish(struct exec *x);

/* Of records without @seq the ids of batches say where in the input they stood. How many have come so far; and so that those which come now stand
   behind as many. */
uint64_t exec_records(const struct exec *x);
void exec_resume(struct exec *x, uint64_t records);

/* No more should be added before some of it is settled. */
bool exec_is_full(const struct exec *x);
/* All that was added is settled and taken. */
bool exec_is_empty(const struct exec *x);

/* Readable when exec_work has something to do. */
int exec_fd(const struct exec *x);
/* When it has, by the clock; INT64_MAX. */
int64_t exec_due(const struct exec *x);
/* Looks at what runs, and starts what can be; also when something was taken, which makes room. An error is one of
   ours, or a command that cannot be run at all. */
int exec_work(struct exec *x, int64_t now, struct error *e);

enum exec_kind { EXEC_NOTHING, EXEC_OUTPUT, EXEC_DEAD, EXEC_CONTROL };

/* What came of something; borrowed until the next exec_take, but for `output`, which is the caller's to detach. */
struct exec_result {
	enum exec_kind kind;
	struct buf *output; /* OUTPUT: what a run that ended well has printed: frames that are whole, or text */

	const struct records *records; /* DEAD: of these, the one that was given up, */
	uint32_t record;
	const char *reason;
	uint64_t attempts; /* and how often it was given */

	unsigned control, flags; /* CONTROL */
	const struct batch *body;
};

void exec_take(struct exec *x, struct exec_result *out);

/* What failed, and is tried again, since the last call; NULL: nothing. Borrowed until exec_work. */
const char *exec_failure(struct exec *x);

#endif
