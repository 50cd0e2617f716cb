/*
 * Following files: the new lines of any number of paths and patterns, as batches, as they come.
 *
 *   struct tailer *t;
 *   tailer_open(&t, names, count, &options, e);
 *   while ((got = tailer_next(t, &batch, e)) >= 0)
 *       if (got) use batch (its rejects too);
 *       else if (tailer_done(t)) break;
 *       else poll tailer_fd(t), until tailer_due(t);
 *
 * Paths take turns, a block each. The files that one path has had are read one after the other (tail/chain.h). What is not a
 * whole line waits, until nothing can follow it.
 */
#ifndef STREAM_TAIL_TAILER_H
#define STREAM_TAIL_TAILER_H

#include "tail/chain.h"
#include "tail/lines.h"

struct tailer_options {
	struct chain_options chain; /* warn and its arg are the caller's; elsewhere is ours */
	struct lines lines;
	bool once;                   /* what is there now, and no more */
	bool keeps;                  /* places are kept: once, what is not whole is left for the next run */
	const struct places *resume; /* NULL: none */
	uint32_t rows;               /* of a batch at most */
	size_t read_max;             /* bytes of one read at most; 0: a block */
};

struct tailer;

/* All must outlive it; `resume` may be what tailer_keep fills. A name with * ? or [ that no file has is a pattern (glob(7)). */
int tailer_open(struct tailer **out, const char *const *names, size_t count, const struct tailer_options *o,
		struct error *e);
void tailer_close(struct tailer *t);

/* 1: rows or rejects, which point into memory that lives until the next call; 0: none now. */
int tailer_next(struct tailer *t, struct batch **b, struct error *e);
/* `once`, and all was read. */
bool tailer_done(const struct tailer *t);
/* Readable when there may be more; -1: there is nothing to wait for but time. */
int tailer_fd(const struct tailer *t);
/* When to ask again in any case (monotonic); INT64_MAX: never. */
int64_t tailer_due(const struct tailer *t);
/* Why lines are looked for, and not waited for; NULL: they are waited for. */
const char *tailer_notice(const struct tailer *t);

/* Where it stands, behind all that was returned: renews the places of its paths, and leaves those of others. */
void tailer_keep(const struct tailer *t, struct places *p);

#endif
