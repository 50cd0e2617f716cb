/*
 * What a group of stream-tail remembers: how far it has read which files. It is kept beside the streams, under a name that no stream
 * can have:
 *
 *   $STREAM_HOME/@tail/GROUP/EPOCH.run      a run that reads for the group (store/claim.h)
 *                            N.EPOCH.pos    the places at checkpoint N (tail/place.h)
 *                            state/FLOW/    of the pipeline, in a checkpointed flow
 *
 * Who commits is one of two, as in store/slot.h. Where the output is text: ledger_resume, then ledger_commit. In a
 * checkpointed pipeline its end does: ledger_join, ledger_restore with what it says, then ledger_keep before each barrier.
 */
#ifndef STREAM_TAIL_LEDGER_H
#define STREAM_TAIL_LEDGER_H

#include "store/claim.h"
#include "tail/place.h"

struct ledger {
	const struct files *io;
	char *group;
	char *directory;
	struct claim claim;
	uint64_t n;           /* the last checkpoint; */
	struct places places; /* what it says, and what the next one will */
};

/* Makes the group's directory if it is not there. ERR_USAGE: no name for a group. */
int ledger_open(struct ledger *l, const struct files *io, const char *group, struct error *e);
void ledger_close(struct ledger *l);
/* 1, or 0 if a process that lives has it; with `steal` it is taken all the same. */
int ledger_take(struct ledger *l, bool steal, struct error *e);

/* Learns the flow's id and n; a group that is new gets them. */
int ledger_join(struct ledger *l, struct error *e);
/* Where the pipeline's state is, malloced; it need not be there. */
char *ledger_state(const struct ledger *l);

/* After ledger_join: goes on where the last commit stands. */
int ledger_resume(struct ledger *l, struct error *e);
/* Makes `places` those of checkpoint n + 1, durably. ERR_UPSTREAM: another process has taken the group. */
int ledger_commit(struct ledger *l, struct error *e);

/* Goes to the newest snapshot up to n of that epoch; n 0: to the beginning. */
int ledger_restore(struct ledger *l, uint64_t n, uint64_t epoch, struct error *e);
/* Makes `places`, durably, those of a checkpoint that is to be committed; what is before `committed` goes. */
int ledger_keep(struct ledger *l, uint64_t n, uint64_t committed, struct error *e);

/* ERR_UPSTREAM if another process has taken the group. */
int ledger_check(const struct ledger *l, struct error *e);

#endif
