/*
 * HELLO: which sources a flow has, and through which stages it came so far. Each stage adds itself and passes it on; the end
 * keeps the list with its commit, so that a pipeline that was changed between two runs is noticed.
 *
 *   frame:    a row per source, then per stage, upstream first; where copies run side by side one with `part` in front
 *     source    flow, epoch, reply (`file:` and the flow's directory), name, reset, shared_by, slot: see flow/checkpoint.h
 *     stage     command, signature: its arguments as they were given, but for those that do not matter to what comes out
 *     part      which copies we are: `1`, or with splitters in splitters `1-0`
 */
#ifndef STREAM_FLOW_HELLO_H
#define STREAM_FLOW_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

enum { FLOW_ID_SIZE = 33 };

struct hello_source {
	char *flow, *directory, *name, *reset;
	char *shared_by; /* NULL: it has all records */
	char *slot;      /* NULL: the group has one */
	uint64_t epoch;
};

struct hello_stage {
	char *command, *signature;
};

struct hello {
	struct hello_source *sources;
	size_t source_count;
	struct hello_stage *stages;
	size_t stage_count;
	char *part; /* NULL: we are the only ones */
};

void hello_release(struct hello *h);
/* All texts are copied. `reply` is the part behind `file:`. */
void hello_add_source(struct hello *h, const char *flow, uint64_t epoch, const char *directory, const char *name,
		      const char *reset, const char *shared_by, const char *slot);
void hello_add_stage(struct hello *h, const char *command, const char *signature);
void hello_set_part(struct hello *h, const char *part);

void hello_write(const struct hello *h, struct batch *body);
/* Into an empty one. ERR_UPSTREAM: it makes no sense; ERR_USAGE: a reply address that is not known here. */
int hello_read(const struct batch *body, struct hello *h, struct error *e);

/*
 * Adds what another input said. The same sources: the inputs are copies of one pipeline, and must have come the same way. Others: one flow
 * has several sources. `from` is emptied.
 */
int hello_join(struct hello *h, struct hello *from, struct error *e);
/* The copies of the last splitter have come together. */
void hello_leave_part(struct hello *h);

/* The flow as the end and the stages see it: one id, and one epoch. Of one source its own; of several a hash of their ids, and the sum of
   their epochs, which grows with each of them. */
void hello_identity(const struct hello *h, char id[FLOW_ID_SIZE], uint64_t *epoch);

/* Arguments as a shell would take them, on one line, without -q, -v, --stats, --metrics and --color. */
void hello_signature(int argc, char *const *argv, struct buf *out);

/* -- what the end keeps -- */

/* Lines `source FLOW EPOCH` and `stage COMMAND SIGNATURE`. */
void hello_text(const struct hello *h, struct buf *out);
/* What was kept, taken apart; unknown lines are left out. */
void hello_from_text(const char *text, size_t len, struct hello *h);
/* ERR_USAGE, with the first stage that is another now. */
int hello_compare(const struct hello *now, const struct hello *then, struct error *e);

#endif
