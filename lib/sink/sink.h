/*
 * A sink: the last stage of a pipeline, which puts records where others find them.
 *
 * A destination is a URL, `scheme:place?name=value&…` (see sink_url.h). Those that need nothing beyond the core are
 * here:
 *
 *   dir:PATTERN     files that appear whole, by rename                     (dir.h)
 *   sqlite:FILE     a table of a SQLite database, one transaction a commit  (sqlite.h)
 *
 * A sink takes batches and keeps them out of sight until it commits: then all that it took becomes visible and
 * durable, or nothing does. Who calls it decides when, in one of two ways.
 *
 * A plain pipeline has no checkpoints. The sink commits by its own pace (`every`, `size`) and when told that the
 * stream has ended:
 *
 *   sink_open(url, &options, &s, e);
 *   while (…) {
 *           sink_batch(s, b, e);            as records come; rows that it can't take are rejects of b
 *           sink_tick(s, monotonic_now(), e);   at sink_due(s) at the latest, and after each batch
 *   }
 *   sink_prepare(s, e), sink_commit(s, 0, NULL, 0, e);    the stream ended as it should
 *   sink_close(s);
 *
 * If the stream breaks off instead (upstream died), sink_close alone is called: what is not committed is thrown away,
 * and sink_pending has said before how many records that is.
 *
 * In a checkpointed flow (DESIGN section 5) the sink's storage is the truth about which checkpoint was the last:
 *
 *   sink_open
 *   sink_recover(s, flow, epoch, &last, e)    fences older epochs; finishes or throws away what the last run left
 *   sink_batch…                               nothing becomes visible
 *   sink_prepare(s, e)                        at the barrier: all slow work, nothing visible yet
 *   sink_commit(s, n, state, len, e)          one atomic step, on the condition that our epoch is still the greatest
 *   sink_close
 *
 * All functions return 0 or a negative code of error.h with a line that names the destination. After an error, except
 * ERR_USAGE of sink_open, only sink_close is left to be called.
 */
#ifndef STREAM_SINK_SINK_H
#define STREAM_SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"
#include "store/disk/file.h"

struct sink_options {
	int64_t every; /* ns from the first record to the commit; 0: the destination's own pace */
	int64_t size;  /* bytes after which a file is full; 0: 64 MiB. Only `dir:` has files */
	bool meta;     /* metadata are delivered too */
	/* In a checkpointed flow a destination may find out only in sink_prepare what it cannot hold: such rows are given here, as rejects
	   of a batch. */
	int (*rejected)(void *arg, struct batch *b, struct error *e);
	void *rejected_arg;
	/* Of a flow: what tells later whether it is no more, in lines; and whether one that has kept such lines, alone or among others, is.
	   What it has left at the destination goes then, by sink_recover of another one. NULL: it stays. */
	void (*origin)(void *arg, struct buf *out);
	bool (*gone)(const char *state, size_t len);
	void *origin_arg;
	const struct files *io; /* of `dir:`; NULL: the real one */
};

/* What the storage says about a flow. */
struct sink_position {
	uint64_t n;     /* its last committed checkpoint; 0: none */
	uint64_t epoch; /* the epoch that committed it */
	char *state;    /* what was given to that commit; the caller frees it; NULL: none */
	size_t len;
};

struct sink;

struct sink_ops {
	/* NULL: this destination can't take part in a checkpointed flow. */
	int (*recover)(struct sink *s, const char *flow, uint64_t epoch, struct sink_position *last, struct error *e);
	int (*batch)(struct sink *s, struct batch *b, struct error *e);
	int (*tick)(struct sink *s, int64_t now, struct error *e);
	int64_t (*due)(const struct sink *s);
	int (*prepare)(struct sink *s, struct error *e);
	int (*commit)(struct sink *s, uint64_t n, const void *state, size_t len, struct error *e);
	int64_t (*pace)(const struct sink *s);
	void (*close)(struct sink *s);
};

struct sink { /* the head of each destination's own struct */
	const struct sink_ops *ops;
	uint64_t pending; /* records taken and not committed */
};

/* Whether the URL's scheme is one of those here; the others are found by the command. */
bool sink_knows(const char *url);
/* ERR_USAGE for a URL that makes no sense, ERR_FAILED for a place that can't be written to. */
int sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e);
/* ERR_UPSTREAM if this epoch or a greater one is there. ERR_USAGE if the destination has no checkpoints. */
int sink_recover(struct sink *s, const char *flow, uint64_t epoch, struct sink_position *last, struct error *e);
/* Takes the selected rows. A row that the destination cannot hold becomes a reject of b (the selection stays). */
int sink_batch(struct sink *s, struct batch *b, struct error *e);
/* Plain pipelines only: commits what is due at `now` (of monotonic_now). */
int sink_tick(struct sink *s, int64_t now, struct error *e);
/* When sink_tick has work next; INT64_MAX: when there is a record. */
int64_t sink_due(const struct sink *s);
int sink_prepare(struct sink *s, struct error *e);
/* n 0: no checkpoint, and state is NULL. ERR_UPSTREAM, with nothing changed, if another epoch has taken over. */
int sink_commit(struct sink *s, uint64_t n, const void *state, size_t len, struct error *e);
/* How far apart the commits of a checkpointed flow should be at least, ns. */
int64_t sink_pace(const struct sink *s);
/* Throws away what is not committed. NULL is allowed. */
void sink_close(struct sink *s);

static inline uint64_t sink_pending(const struct sink *s)
{
	return s->pending;
}

#endif
