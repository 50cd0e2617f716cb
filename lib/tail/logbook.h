/*
 * What a group of stream-tail remembers: how far it has read which files. It is kept beside the streams, under a name that no stream
 * can have:
 *
 *   $STREAM_HOME/@tail/GROUP/EPOCH.run      a run that reads for the group (store/claim/claim.h)
 *                            N.EPOCH.pos    the places at checkpoint N (tail/place.h)
 *                            state/FLOW/    of the pipeline, in a checkpointed flow
 *
 * Who commits is one of two, as in store/group/slot.h. Where the output is text: logbook_resume, then logbook_commit. In a
 * checkpointed pipeline its end does: logbook_join, logbook_restore with what it says, then logbook_keep before each barrier.
 */
#ifndef STREAM_TAIL_LOGBOOK_H
#define STREAM_TAIL_LOGBOOK_H

#include "store/claim/claim.h"
#include "tail/place.h"

struct logbook {
	const struct files *io;
	char *group;
	char *directory;
	struct claim claim;
	uint64_t n;           /* the last checkpoint; */
	struct places places; /* what it says, and what the next one will */
};

/* Makes the group's directory if it is not there. ERR_USAGE: no name for a group. */
int logbook_open(struct logbook *l, const struct files *io, const char *group, struct error *e);
void logbook_close(struct logbook *l);
/* 1, or 0 if a process that lives has it; with `steal` it is taken all the same. */
int logbook_take(struct logbook *l, bool steal, struct error *e);

/* Learns the flow's id and n; a group that is new gets them. */
int logbook_join(struct logbook *l, struct error *e);
/* Where the pipeline's state is, malloced; it need not be there. */
char *logbook_state(const struct logbook *l);

/* After logbook_join: goes on where the last commit stands. */
int logbook_resume(struct logbook *l, struct error *e);
/* Makes `places` those of checkpoint n + 1, durably. ERR_UPSTREAM: another process has taken the group. */
int logbook_commit(struct logbook *l, struct error *e);

/* Goes to the newest snapshot up to n of that epoch; n 0: to the beginning. */
int logbook_restore(struct logbook *l, uint64_t n, uint64_t epoch, struct error *e);
/* Makes `places`, durably, those of a checkpoint that is to be committed; what is before `committed` goes. */
int logbook_keep(struct logbook *l, uint64_t n, uint64_t committed, struct error *e);

/* ERR_UPSTREAM if another process has taken the group. */
int logbook_check(const struct logbook *l, struct error *e);

#endif
