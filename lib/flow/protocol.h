/*
 * The checkpoint protocol, as the loop speaks it (DESIGN section 5; the rules' numbers are those there). For the files of lib/flow
 * alone; stages see flow/checkpoint.h.
 *
 *   protocol.c          a stage: HELLO, RESTORE, BARRIER come in by all inputs and go on
 *   protocol_state.c    what a stage keeps: its snapshot, its side outputs
 *   protocol_end.c      the end of a pipeline: recover, commit, receipts
 *   protocol_source.c   the source: when a barrier is due, and when all is done
 */
#ifndef STREAM_FLOW_PROTOCOL_H
#define STREAM_FLOW_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/checkpoint.h"
#include "flow/hello.h"
#include "flow/receipt.h"
#include "flow/snapshot.h"
#include "flow/tally.h"
#include "format/frame.h"

struct flow;

enum protocol_state {
	PROTOCOL_OFF,   /* no HELLO has come */
	PROTOCOL_HELLO, /* it has, RESTORE has not */
	PROTOCOL_RUNS,
};

struct protocol {
	enum protocol_state state;
	bool ends;         /* we are the end of the pipeline */
	bool joins_copies; /* see flow_joins_copies */
	bool changed;      /* something has come since the last barrier */
	bool closed;       /* the last barrier was final: `end` was called there */

	struct hello hello; /* with ourselves as the last stage */
	size_t place;       /* among the stages, from 0 */
	char id[FLOW_ID_SIZE];
	uint64_t epoch;
	uint64_t n; /* the last checkpoint: that of RESTORE, then of each barrier */

	/* What the inputs have said of the frame that is awaited. */
	struct tallies tallies;
	struct mark mark;
	int waiting; /* inputs that have come to it */

	struct snapshots snapshots;
	struct side *sides[4];
	size_t side_count;

	/* the end's */
	struct flow_commit last;
	int64_t pace;

	/* the source's */
	const struct flow_origin *origin; /* NULL: we are none */
	struct receipt receipt;           /* the last one of this run */
	int notify;                       /* wakes when there may be a new one; -1: look again after a while */
	int64_t sent_at;                  /* the last barrier; monotonic */
	int64_t due;                      /* when there is something to do; INT64_MAX */
	bool idle, done, last_sent;
	struct flow_origin origin_copy;
};

/* protocol.c */
/* HELLO, RESTORE or BARRIER came. */
int protocol_frame(struct flow *f, int input, enum frame_kind kind, const struct batch *body, struct error *e);
/* Records, or any other frame, may come from this input now. ERR_USAGE if it is not part of the flow that others are part of. */
int protocol_check(struct flow *f, int input, struct error *e);
/* An input has ended: others may have waited for it. */
int protocol_input_end(struct flow *f, struct error *e);
/* Some inputs have come to a barrier, and others have not. */
bool protocol_aligns(const struct flow *f);
/* What the stages had counted at a checkpoint, ours among it: goes on with that; and adds what we have now. */
void protocol_restore_counts(struct flow *f, const struct tallies *then);
void protocol_add_counts(struct flow *f, struct tallies *now);
/* By what our tally is known; borrowed. */
struct tally_key protocol_key(const struct flow *f);
/* Sends one of the three on. */
int protocol_forward(struct flow *f, enum frame_kind kind, const struct batch *body, struct error *e);
/* We take part: writes a line for people into the flow's directory. */
int protocol_announce(struct flow *f, struct error *e);
/* ERR_USAGE if this stage cannot. */
int protocol_able(struct flow *f, struct error *e);
void protocol_release(struct flow *f);

/* protocol_state.c */
/* `then`: what the stages had counted at that checkpoint. */
int protocol_load(struct flow *f, const struct mark *m, const struct tallies *then, struct error *e);
int protocol_save(struct flow *f, uint64_t n, struct error *e);

/* protocol_end.c */
int protocol_end_begin(struct flow *f, struct error *e);
int protocol_end_prepare(struct flow *f, struct error *e);
int protocol_end_commit(struct flow *f, uint64_t n, struct error *e);

/* protocol_source.c */
/* FLOW_MORE: the source may be asked; FLOW_WAIT; FLOW_DONE. */
int protocol_source_turn(struct flow *f, struct error *e);
/* What the source answered: it waits, or has come to its end. */
void protocol_source_said(struct flow *f, int turn);
/* Readable when there may be a receipt that is waited for; -1: none is, or we look again after a while. */
int protocol_wait_fd(const struct flow *f);
/* When protocol_source_turn has something to do. */
int64_t protocol_due(const struct flow *f);

#endif
