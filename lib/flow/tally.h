/*
 * What each stage had counted at a checkpoint, and which snapshot is its newest. BARRIER gathers the rows, the end keeps them,
 * RESTORE brings all of them back to all: so the audit of a flow speaks of all its runs, and a lost snapshot is noticed.
 *
 * A stage is known by what it knows of itself from HELLO: the flow (before several sources meet the one of its source, behind
 * that the joint one), its place in it, and which copy it is. So rows come together in any order, and nowhere must anybody know by
 * which way they came.
 */
#ifndef STREAM_FLOW_TALLY_H
#define STREAM_FLOW_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/batch.h"

struct tally_key {
	const char *flow;
	uint64_t place;
	const char *part; /* NULL: there are no copies */
	const char *command;
};

struct tally {
	struct tally_key key; /* owned; part is `` for NULL */
	uint64_t in, out, rejected, late;
	uint64_t snapshot; /* 0: it never had one */
};

/* One per stage and copy. */
struct tallies {
	struct tally *items;
	size_t count;
};

void tallies_release(struct tallies *t);
/* The key is copied, and belongs into `to` no more than once: */
void tallies_add(struct tallies *to, const struct tally_key *key, uint64_t in, uint64_t out, uint64_t rejected,
		 uint64_t late, uint64_t snapshot);
/* Takes over those that are not there yet: what was upstream of a splitter comes by each of its copies. */
void tallies_unite(struct tallies *t, const struct tallies *from);
/* That of the stage, or NULL. */
const struct tally *tallies_find(const struct tallies *t, const struct tally_key *key);

/* The rows of a BARRIER or RESTORE, each with `n`, `epoch`, `run`, `final`; at least one row. */
struct mark {
	uint64_t n;
	uint64_t epoch; /* RESTORE: the one that committed n, of the source; behind a join the sum of theirs */
	uint64_t run;   /* RESTORE: this run's, likewise */
	bool final;     /* BARRIER: the stream ends here, and all windows close */
};

void tallies_write(const struct tallies *t, const struct mark *m, struct batch *body);
void tallies_read(struct tallies *t, struct mark *m, const struct batch *body);

/* Lines `tally FLOW PLACE PART COMMAND IN OUT REJECTED LATE SNAPSHOT`, PART being `-` where there are no copies. */
void tallies_text(const struct tallies *t, struct buf *out);
/* The rest of such a line. */
void tallies_add_line(struct tallies *t, const char *rest);

#endif
