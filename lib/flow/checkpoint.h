/*
 * Checkpoints: what a stage, a source and the end of a pipeline have to do so that each record takes effect once, whatever
 * is killed when (DESIGN section 5; man/stream-guarantees.7). The protocol itself is the loop's: HELLO, RESTORE and BARRIER
 * reach no callback of a stage but those below.
 *
 * A flow begins at a source that keeps positions (flow_begin). Its state is a directory, named in HELLO, in which each stage has
 * a folder by its place in the pipeline:
 *
 *   DIRECTORY/receipt.EPOCH     what the end answers to that run (flow/receipt.h)
 *             run.EPOCH         who takes part in it, a line each, for people and stream-run
 *             PLACE/N.EPOCH.…   what the stage remembered at checkpoint N (flow/snapshot.h)
 *             end               the commit of an end that has no storage of its own (flow/end_file.h)
 *
 * In which order a run calls what:
 *
 *   source:    flow_begin, restore, then (produce…, checkpoint)…
 *   stage:     load…, then (batch, control, timer…, settle…, save)…
 *   end:       recover, then (batch…, prepare, commit)…
 */
#ifndef STREAM_FLOW_CHECKPOINT_H
#define STREAM_FLOW_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct flow;
struct side;

/* -- the stages between -- */

/*
 * What a stage remembers, being written. A snapshot is a run of batches. Usually it is whole. One that is large may be the change
 * since the last one instead: then load gets the newest first, back to the last whole one.
 */
struct snapshot;

/* Whether the change since the last snapshot will do; never true for the first one of a run, nor when the changes have grown larger than
   the last whole one. A stage that does not ask writes all. To be asked before snapshot_add. */
bool snapshot_of_changes(struct snapshot *s);
/* Appends the selected rows, with their metadata. */
int snapshot_add(struct snapshot *s, const struct batch *b, struct error *e);

struct checkpoint_ops {
	/* The command's state means nothing to another release when this has changed; > 0 if there is save. */
	unsigned version;

	/*
	 * At a barrier, before side outputs are synced and `save` is called: brings to its end what was begun, and emits or rejects what comes of
	 * it. Called like `drain`, until FLOW_DONE. NULL: nothing goes on behind the stage's callbacks.
	 */
	int (*settle)(void *self, struct flow *f, struct error *e);

	/*
	 * Writes what the stage remembers, at a barrier. What was emitted is before it, what comes is behind it. Not called if nothing has
	 * happened since the last one. NULL: the stage remembers nothing from one record to the next.
	 */
	int (*save)(void *self, struct flow *f, struct snapshot *s, struct error *e);
	/* A batch of the snapshot that this run begins with, before anything else; in the end with b NULL, also if there was no snapshot. */
	int (*load)(void *self, struct flow *f, struct batch *b, struct error *e);

	/* How HELLO, RESTORE and BARRIER leave the stage; NULL: to standard output. For stages with outputs of their own. */
	int (*forward)(void *self, struct flow *f, int kind, const struct batch *body, struct error *e);
};

/*
 * -- the end: whoever puts the records where they stay --
 *
 * Its storage is the truth about which checkpoint was the last. A command that writes text needs none of this: the loop
 * keeps the commit in the flow's directory then (at least once).
 */
struct flow_commit {
	uint64_t n;     /* the last checkpoint; 0: none */
	uint64_t epoch; /* the one that committed it */
	char *state;    /* what was given to that commit, malloced; NULL: none */
	size_t len;
};

struct end_ops {
	/* In one atomic step: ERR_UPSTREAM if this epoch or a greater one is there, else ours is from now on; finishes what commit n
	   decided and discards the rest. */
	int (*recover)(void *self, struct flow *f, const char *flow, uint64_t epoch, struct flow_commit *last,
		       struct error *e);
	/* At a barrier, before the snapshot and the side outputs: the last chance to reject records. NULL: nothing to do. */
	int (*prepare)(void *self, struct flow *f, struct error *e);
	/* All that came before is durable and n is the last checkpoint, in one atomic step, if our epoch is still the greatest;
	   else ERR_UPSTREAM, and nothing has changed. */
	int (*commit)(void *self, struct flow *f, uint64_t n, const char *state, size_t len, struct error *e);
	/* How far apart commits should be at least, ns. NULL: 0. */
	int64_t (*pace)(void *self);
};

/* -- the source -- */

struct source_ops {
	/* Goes to where it stood at checkpoint n of that epoch, or the newest before it of the same epoch; n 0: to its beginning. Called once, before
	   anything is produced. */
	int (*restore)(void *self, struct flow *f, uint64_t n, uint64_t epoch, struct error *e);
	/* Makes its position durable, as that of checkpoint n of its epoch. ERR_UPSTREAM: another run has taken over. `committed`: all
	   before that one may go. */
	int (*checkpoint)(void *self, struct flow *f, uint64_t n, uint64_t committed, struct error *e);
};

struct flow_origin {
	const char *flow;      /* its id: 32 hex digits; new after a reset */
	uint64_t epoch;        /* of this run, durably raised, > 0 */
	const char *directory; /* of the flow's state, absolute; made if it is not there */
	const char *name;      /* `group alerts of web`, for messages */
	const char *reset; /* the command that begins anew, for messages: `stream-ctl reset web alerts --from start` */
	/* It has the records of some keys, and other flows have the others: the field of the keys, or `` if none tells them apart.
	   NULL: it has all. */
	const char *shared_by;
	const char *slot; /* which of several slots, `0`; NULL: there is one */
	int64_t interval; /* between checkpoints, ns */
	bool drain;       /* when it is at its end, windows close and END is final */
};

/*
 * Begins the flow: sends HELLO. To be called once, from `produce`, when the output is known to be frames (flow_gives_frames); produce
 * returns FLOW_WAIT then and is called again when `restore` has been. All is borrowed. The loop sees to barriers, the last
 * one and END(more) among them, and ends when the end has committed.
 */
int flow_begin(struct flow *f, const struct flow_origin *o, struct error *e);

/* -- for all -- */

/* Whether a HELLO has come (or flow_begin was called): at END nothing is to be committed or closed that no barrier and no watermark did. */
bool flow_checkpointed(const struct flow *f);
/* The directory of the flow's state (of the first of several sources), from HELLO on; borrowed. For an end without a storage of its own. */
const char *flow_state_directory(const struct flow *f);
/* Lines that tell later whether this flow is no more (flow/gone.h); from HELLO on. */
void flow_origin_text(const struct flow *f, struct buf *out);
/* A source of this flow is one slot of several: the field by which they share the records, see flow_origin; NULL: none is. From load on. */
const char *flow_shared_by(const struct flow *f);
/* In `setup`: our inputs are the outputs of copies of one command, which a splitter feeds. */
void flow_joins_copies(struct flow *f);
/*
 * A side output of the stage's own: it is durable at each barrier, and cut back to the last one by RESTORE. Borrowed. In `setup`; the
 * loop gives it up in the end. A file is then ours alone (flow/owner.h): of a source that is one slot of several, and of
 * copies behind a splitter, each has its own, called DEST.slot0, DEST.1, DEST.slot0.1; the splitter itself DEST.split.
 */
void flow_keep_side(struct flow *f, struct side *s);

#endif
