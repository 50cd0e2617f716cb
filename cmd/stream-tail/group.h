/*
 * stream-tail -g: reading for a group, which remembers how far it has come (tail/logbook.h).
 *
 * Where the output is text, what was read is written out first and its places are committed then: at least once. Where it
 * is frames, we are the source of a checkpointed flow (flow/checkpoint.h), whose end commits.
 */
#ifndef STREAM_CMD_TAIL_GROUP_H
#define STREAM_CMD_TAIL_GROUP_H

#include "flow/flow.h"
#include "tail/logbook.h"
#include "tail/tailer.h"

struct tail_group {
	const char *name;         /* NULL: no group */
	int64_t checkpoint, wait; /* -1: not given */
	bool steal;

	struct logbook book;
	bool held, dirty;
	bool flows; /* the end of the pipeline commits */
	struct flow_origin origin;
	char *texts[4];                      /* of the origin, owned */
	bool waits;                          /* said so */
	int fd;                              /* wakes when the group may be free */
	int64_t give_up, committed, checked; /* monotonic */
};

/* What makes no sense without -g. */
int tail_group_options(const struct tail_group *g, struct error *e);
int tail_group_open(struct tail_group *g, struct error *e);
void tail_group_close(struct tail_group *g);

/* Takes the group, and goes to where it stands, or says HELLO and learns it later: 1, or 0 if a process has it; flow_wait_for
   and the timer are set then. */
int tail_group_take(struct tail_group *g, struct flow *f, struct error *e);

/* As source_ops have them. */
int tail_group_restore(struct tail_group *g, uint64_t n, uint64_t epoch, struct error *e);
int tail_group_checkpoint(struct tail_group *g, const struct tailer *t, uint64_t n, uint64_t committed,
			  struct error *e);

/* Commits if the time has come; ERR_UPSTREAM when we are fenced. `idle`: we have waited. */
int tail_group_tick(struct tail_group *g, const struct tailer *t, struct flow *f, bool idle, struct error *e);
int tail_group_commit(struct tail_group *g, const struct tailer *t, struct flow *f, struct error *e);
/* When tail_group_tick has something to do; INT64_MAX: not before there is more.
   At least once a second it looks whether the group is still ours. */
int64_t tail_group_due(const struct tail_group *g);

#endif
