/*
 * The processes of a pipeline as their pages show them (flow/live.h): what they count, what they wait for, how they ended.
 * Programs that are none of ours have no page.
 */
#ifndef STREAM_RUN_STAGES_H
#define STREAM_RUN_STAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/live.h"

enum { STATUS_RUNS = -1, STATUS_GONE = -2 };

struct stage_view {
	struct live_page page;
	int status;   /* the one it ended with; STATUS_RUNS; STATUS_GONE: it was killed, or never came to its end */
	bool stopped; /* by a signal such as SIGSTOP */
};

struct stages {
	struct stage_view *items;
	size_t count;
};

/* Those of a directory, in the order in which a shell whose process id is `leader` starts a pipeline: upstream first. */
int stages_load(struct stages *s, const char *directory, int64_t leader, struct error *e);
void stages_release(struct stages *s);
/* A pipeline that runs commands of ours again and again (a loop, a program for each checkpoint) would leave a page of each: where there are
   many, those that have ended well are added up in the first of the same kind. */
void stages_add_up(const struct stages *s, const char *directory);

/* Some stage has failed, so that the pipeline cannot do what it is to do. */
bool stages_broken(const struct stages *s);
/* Some stage runs still. */
bool stages_run(const struct stages *s);
/* The greatest checkpoint that any of them knows of, and when it was committed, ns since 1970 (0: before this start); false: none takes
   part in any. *progress: it is not the one that they began with. */
bool stages_checkpoint(const struct stages *s, uint64_t *n, int64_t *at, bool *progress);
/* The one that holds up the others: which is stopped, or works, or waits for what is not in the pipeline, the last of them; then how
   long. NULL: none runs. */
const struct stage_view *stages_culprit(const struct stages *s);

/* `stream-filter 'a > 1'`. */
void stage_name(const struct stage_view *v, struct buf *out);
/* `for input`, `works`, `is stopped`, `ended with status 1`; */
void stage_waits(const struct stage_view *v, struct buf *out);
/* and since when, monotonic. */
int64_t stage_since(const struct stage_view *v);

/* The audit: a line per stage, as counts_text has them; and as OpenMetrics. */
void stages_audit(const struct stages *s, struct buf *out);
void stages_metrics(const struct stages *s, struct buf *out);
/* The same, with what each waits for. */
void stages_show(const struct stages *s, struct buf *out);

#endif
