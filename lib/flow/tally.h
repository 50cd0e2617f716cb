/*
 * What each stage had counted at a checkpoint, and which snapshot is its newest. BARRIER gathers the rows, the end keeps them,
 * RESTORE brings them back: so the audit of a flow speaks of all its runs, and a lost snapshot is noticed.
 */
#ifndef STREAM_FLOW_TALLY_H
#define STREAM_FLOW_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/batch.h"

struct tally {
	char *command;
	uint64_t in, out, rejected, late;
	uint64_t snapshot; /* 0: it never had one */
};

/* One per stage, upstream first. */
struct tallies {
	struct tally *items;
	size_t count;
};

void tallies_release(struct tallies *t);
/* `command` is copied. */
void tallies_add(struct tallies *t, const char *command, uint64_t in, uint64_t out, uint64_t rejected, uint64_t late,
		 uint64_t snapshot);
/* Copies that ran side by side are one stage: adds up. */
void tallies_merge(struct tallies *t, const struct tallies *from);
/* That of the stage, or NULL. */
const struct tally *tallies_find(const struct tallies *t, size_t place, const char *command);

/* The rows of a BARRIER or RESTORE, each with `n`, `epoch`, `run`, `final`; at least one row. */
struct mark {
	uint64_t n;
	uint64_t epoch; /* RESTORE: the one that committed n, of the source; behind a join the sum of theirs */
	uint64_t run;   /* RESTORE: this run's, likewise */
	bool final;     /* BARRIER: the stream ends here, and all windows close */
};

void tallies_write(const struct tallies *t, const struct mark *m, struct batch *body);
void tallies_read(struct tallies *t, struct mark *m, const struct batch *body);

/* Lines `tally COMMAND IN OUT REJECTED LATE SNAPSHOT`. */
void tallies_text(const struct tallies *t, struct buf *out);
/* The rest of such a line. */
void tallies_add_line(struct tallies *t, const char *rest);

#endif
