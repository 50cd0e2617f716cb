/* The groups and accumulators of one stretch of time (lib/window/spec.h), of one session, or of everything there is. */
#ifndef STREAM_AGG_PANE_H
#define STREAM_AGG_PANE_H

#include "agg/agg.h"
#include "agg/groups.h"
#include "hold/run.h"
#include "window/spec.h"

/* What the panes of a table have in common. */
struct pane_shape {
	uint32_t key_count, agg_count;
	const enum agg_state *states;
	bool exact;
};

struct pane_run {
	struct run *run;
	uint32_t level; /* how often what is in it was merged; falling from the oldest on */
};

struct pane {
	struct span span; /* of sessions and counts: so far */
	struct groups groups;
	struct agg **aggs;       /* NULL: as good as new */
	int64_t least, greatest; /* event times of its records; least > greatest: none */
	bool touched;            /* records came since its windows were last looked at */
	bool summed;             /* part of the table's running sum */
	bool drained;            /* its groups went out: to be dropped */
	uint8_t *marks;          /* per group: records came since the last snapshot; NULL: to none */
	uint32_t mark_count;     /* groups that there is a mark for */
	struct pane_run *runs;   /* what was written to disk, the oldest first: older than what is here */
	uint32_t run_count;
	uint32_t local;    /* its place among the panes of the batch being added, plus 1 */
	uint32_t key;      /* sessions, counts: number of its key */
	uint32_t slot;     /* sessions: its place among the table's panes */
	int64_t due;       /* sessions: when it must be looked at */
	int64_t records;   /* counts: so far */
	struct pane *into; /* sessions: the one it became part of */
};

struct pane *pane_new(const struct pane_shape *s, struct span span);
void pane_free(struct pane *p, const struct pane_shape *s);
/* Adds all of `from`, which stays as it is, but for its span. */
void pane_merge(struct pane *to, const struct pane *from, const struct pane_shape *s);
/* The accumulators, made if they are not there. */
struct agg **pane_aggs(struct pane *p, const struct pane_shape *s);
/* Forgets the groups; what it is, and its runs, stay. */
void pane_drain(struct pane *p, const struct pane_shape *s);
/* Marks the groups of `count` records. */
void pane_mark(struct pane *p, const uint32_t *groups, uint32_t count);
void pane_unmark(struct pane *p);
size_t pane_memory(const struct pane *p, const struct pane_shape *s);

#endif
