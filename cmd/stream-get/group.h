/*
 * stream-get -g: reading as a slot of a group, which remembers how far it has come. Several streams have a group of
 * that name each, and the same slot is taken in all of them.
 *
 * Where the output is text, what was read is written out first and its positions are committed then: at least once. Where it is
 * frames, we are the source of a checkpointed flow (flow/checkpoint.h), whose end commits.
 */
#ifndef STREAM_CMD_GET_GROUP_H
#define STREAM_CMD_GET_GROUP_H

#include "flow/flow.h"
#include "store/group/slot.h"

enum { GAP_STOP, GAP_SKIP };

/* One stream of those that are read. */
struct member {
	const char *name; /* as it was asked for */
	struct stream stream;
	struct group group;
	struct slot slot;
	struct positions reached;
};

struct get_group {
	const char *name;                /* NULL: no group */
	int64_t slots, checkpoint, wait; /* -1: not given */
	bool steal, drain;
	int on_gap;

	struct member *members; /* sorted by name: all take their locks in that order */
	size_t count;
	bool held, dirty;
	bool flows; /* the end of the pipeline commits */
	struct flow_origin origin;
	char *texts[4]; /* of the origin, owned */
	char slot_text[16];
	bool waits;                          /* said so */
	bool idle;                           /* we waited for records: meanwhile much may have happened */
	int fd;                              /* wakes when a slot may be free */
	int64_t give_up, committed, checked; /* monotonic */
	struct error gap;                    /* why we must stop */
	struct batch *lost;                  /* where to report what is gone; borrowed */
};

/* What makes no sense without -g, or with it. */
int get_group_options(const struct get_group *g, bool shards, struct error *e);
/* Opens the streams, and makes their groups if they are not there. `from`: NULL if it was not given. */
int get_group_open(struct get_group *g, struct flow *f, const char *const *names, size_t count, const char *from,
		   struct error *e);
void get_group_close(struct get_group *g);

/* ERR_USAGE if the output is of a kind that cannot be committed piece by piece. */
int get_group_refuse(const struct get_group *g, struct flow *f, struct error *e);
/* Takes a slot: 1, or 0 if none is free now; flow_wait_for and the timer are set then. */
int get_group_take(struct get_group *g, struct flow *f, struct error *e);

/* -- in a checkpointed flow -- */

/* With a slot in hand: says HELLO. */
int get_flow_begin(struct get_group *g, struct flow *f, struct error *e);
/* As source_ops have them. */
int get_flow_restore(struct get_group *g, uint64_t n, uint64_t epoch, struct error *e);
int get_flow_checkpoint(struct get_group *g, uint64_t n, uint64_t committed, struct error *e);
/* Whether a pipeline has this group already; ERR_USAGE if it is not read the same way now. */
int get_flow_check(struct get_group *g, bool flows, struct error *e);

/* -- */

/* The position must lie in the log of the streams as they are now. */
int get_group_check_all(struct get_group *g, struct error *e);
/* A stream that never syncs may forget what we have passed on, and give its @seq to other records. */
int get_group_secure(struct member *m, struct error *e);
/* For the reader's options, when a slot is held. */
int get_group_begin(void *self, const struct stream *s, const struct catalog_shard *shard, uint64_t *seq,
		    struct error *e);

/* Whether a position lies in the log; a gap ends us, or is reported and passed, by --on-gap. */
int get_group_check(struct get_group *g, struct member *m, struct position *p, struct error *e);
/* Whether all records are ours: every group has one slot. */
bool get_group_takes_all(const struct get_group *g);
/* Selects what is ours of a batch. */
int get_group_select(struct get_group *g, struct store_item *item, struct error *e);
/* The shard was read up to `next`. */
void get_group_reached(struct get_group *g, const char *stream, uint32_t shard, uint64_t next);

/* The reader reports records that cannot be had. True: retention took them, and --on-gap says to stop: get_group_select, or
   get_group_tick, will. */
bool get_group_lost(struct get_group *g, const struct damage *d);

/* Commits if the time has come; ERR_UPSTREAM when we are fenced. */
int get_group_tick(struct get_group *g, struct flow *f, struct error *e);
int get_group_commit(struct get_group *g, struct flow *f, struct error *e);
/* There is nothing to read now: when get_group_tick has something to do; INT64_MAX: not before there is more.
   At least once a second it looks whether the slot is still ours. */
int64_t get_group_idle(struct get_group *g);

#endif
