/* stream-run: the options, and what its files have for each other. */
#ifndef STREAM_CMD_RUN_H
#define STREAM_CMD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/command.h"
#include "flow/flow.h"
#include "record/batch.h"
#include "run/stages.h"

struct run {
	bool restart, list;
	const char *name; /* NULL: our process id */
	int64_t retries;

	struct batch records; /* of --list */
	bool given;
};

/* Runs it until it is done or given up; returns our exit status, or an error. */
int run_supervise(const struct run *run, const struct common_options *common, const char *home, const char *pipeline,
		  struct error *e);
/* Fills run->records: a pipeline each, or, of the one with this name, a stage each. */
int run_list(struct run *run, const char *home, const char *name, struct error *e);

/* What lies before the groups that its stages read. */
struct run_lag {
	bool known;
	int64_t records;
	int64_t behind;    /* the oldest of them has been there so long, ns */
	struct buf groups; /* `alerts of web` */
};

/* A stream that cannot be read is left out. */
void run_lag_of(const struct stages *s, struct run_lag *lag);

#endif
