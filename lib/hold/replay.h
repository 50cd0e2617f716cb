/*
 * Rows of several snapshots, of which the newest is read first and the oldest is wanted first: kept aside, on disk, until all are there.
 *
 *   replay_file(&r)                       a snapshot begins
 *   replay_part(&r, kind, id, e)          so does a part of it
 *   replay_rows(&r, b, e)                 its rows
 *   replay_give(&r, take, self, e)        all of them: the oldest snapshot first, each in its order
 */
#ifndef STREAM_HOLD_REPLAY_H
#define STREAM_HOLD_REPLAY_H

#include <stdint.h>

#include "base/error.h"
#include "hold/run.h"
#include "record/batch.h"

struct replay_part {
	uint32_t file; /* from 1, the newest */
	int kind;      /* the caller's, like id */
	int64_t id;
	struct run *run; /* NULL: no rows */
};

struct replay {
	struct spool *spool; /* NULL: none is needed yet; owned */
	struct replay_part *parts;
	uint32_t count, cap, files;
};

/* All bytes 0 is an empty one. */
void replay_release(struct replay *r);

void replay_file(struct replay *r);
/* Ends the one before it. */
int replay_part(struct replay *r, int kind, int64_t id, struct error *e);
int replay_rows(struct replay *r, struct batch *b, struct error *e);

typedef int (*replay_take)(void *self, const struct replay_part *part, struct batch *b, struct error *e);
/* Afterwards it is empty. */
int replay_give(struct replay *r, replay_take take, void *self, struct error *e);

#endif
