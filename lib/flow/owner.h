/*
 * Whose a side file is. A checkpointed flow cuts its side files back to what was committed when it goes on, and what another
 * had appended would be lost by that: so such a file belongs to one place of one flow. A hidden file beside it says to which:
 *
 *   .NAME.owner
 *     owner 1
 *     epoch 00000000000000000004    the run of the flow that has it now
 *     flow 6f0c…                    its id
 *     place 2.1 bad                 the stage, which copy of it, and which of its side files
 *     directory /…/state/6f0c…      of the flow's state: when that is gone (a reset), the file is free
 *     who group g of s              for messages
 *     pid 4711
 *     check 0123456789abcdef
 *
 * It is also the lock that makes the fence: who writes to the file, or cuts it, holds an flock on the mark meanwhile, and looks whether
 * the epoch is still its own. A process that was stopped and wakes up after --steal so finds that a later run has the file, and
 * changes nothing; a run that has taken the file never meets a write of an earlier one behind that. (To hold the records back until
 * the barrier would fence as well, but then nobody sees a rejected record before the next commit.) One that is stopped in the
 * very write keeps the lock: the next run waits for OWNER_PATIENCE, and then says which process to end.
 *
 * The mark is written in place, never renamed nor removed: its inode is the lock.
 */
#ifndef STREAM_FLOW_OWNER_H
#define STREAM_FLOW_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { OWNER_PATIENCE = 10 }; /* seconds */

/* Borrowed for as long as the owner, but for `place`, which is copied. */
struct owner_id {
	const char *flow, *place, *directory, *who;
	uint64_t epoch;
};

struct owner {
	struct owner_id id;
	char *place;
	char *name; /* absolute, as it was called */
	char *file; /* links resolved */
	char *path; /* of the mark */
	int fd;
};

/* Makes it ours, durably. ERR_USAGE: another flow, stage or copy has it, or DEST was elsewhere; ERR_UPSTREAM: a later run of ours. */
int owner_take(struct owner *o, const char *file, const struct owner_id *id, struct error *e);
/* Until owner_unlock nobody else writes to the file. ERR_UPSTREAM: a later run has it. */
int owner_lock(struct owner *o, struct error *e);
void owner_unlock(struct owner *o);
void owner_release(struct owner *o);

/* For a writer that is in no flow: ERR_USAGE if the file belongs to one. */
int owner_refuse(const char *file, struct error *e);

#endif
