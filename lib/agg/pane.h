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
	uint32_t level;      /* how often what is in it was merged; falling from the oldest on */
	uint32_t generation; /* of the pane, when the newest groups in it were written */
	bool saved;          /* a snapshot has it */
};

/* Which groups have changed since the last snapshot. */
struct pane_marks {
	bool kept;      /* else nobody asks */
	bool all;       /* all of them */
	uint64_t *bits; /* by group */
	uint32_t words;
};

struct pane {
	struct span span; /* of sessions and counts: so far */
	struct groups groups;
	struct agg **aggs;       /* NULL: as good as new */
	int64_t least, greatest; /* event times of its records; least > greatest: none */
	bool touched;            /* records came since its windows were last looked at */
	bool summed;             /* part of the table's running sum */
	bool drained;            /* its groups went out: to be dropped */
	struct pane_run *runs;   /* what was written to disk, the oldest first: older than what is here */
	uint32_t run_count;
	uint32_t generation; /* how often its groups were written to disk */
	struct pane_marks marks;
	uint64_t id;         /* among all panes of a table there ever were; 0: none of the table's */
	bool saved;          /* a snapshot has it */
	uint32_t changed_at; /* its place among those that have changed since, plus 1; 0: it has not */
	uint32_t local;      /* its place among the panes of the batch being added, plus 1 */
	uint32_t key;        /* sessions, counts: number of its key */
	uint32_t slot;       /* sessions: its place among the table's panes */
	int64_t due;         /* sessions: when it must be looked at */
	int64_t records;     /* counts: so far */
	struct pane *into;   /* sessions: the one it became part of */
};

struct pane *pane_new(const struct pane_shape *s, struct span span);
void pane_free(struct pane *p, const struct pane_shape *s);
/* Adds all of `from`, which stays as it is, but for its span. */
void pane_merge(struct pane *to, const struct pane *from, const struct pane_shape *s);
/* The accumulators, made if they are not there. */
struct agg **pane_aggs(struct pane *p, const struct pane_shape *s);
/* Records came to these groups, of which some may be new: costs next to nothing where they are few. */
void pane_mark(struct pane *p, const uint32_t *groups, uint32_t count);
void pane_unmark(struct pane *p);
static inline bool pane_is_marked(const struct pane *p, uint32_t group)
{
	return p->marks.all || (group / 64 < p->marks.words && p->marks.bits[group / 64] >> group % 64 & 1);
}
/* Forgets the groups; what it is, and its runs, stay. */
void pane_drain(struct pane *p, const struct pane_shape *s);
size_t pane_memory(const struct pane *p, const struct pane_shape *s);

#endif
