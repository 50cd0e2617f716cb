/*
 * One run of a command: it reads a file in memory that has its whole input, so that it never sees a part of it,
 * whatever becomes of us, and need not read it; what it prints is kept until it has ended well. Nothing here waits.
 *
 *   run_start(&r, ...);                      watched by an epoll descriptor, whose events bear &r
 *   run_look(&r, now);                       at its events and at run_due: reads, and keeps the time limit
 *   if (run_is_over(&r)) run_end(&r, ...);   its status, or why it failed
 *
 * It is over when it has ended and nobody has its standard output open any more, as for the shell's $(...).
 */
#ifndef STREAM_EXEC_RUN_H
#define STREAM_EXEC_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/spawn.h"

struct run_options {
	char *const *argv;
	int64_t timeout;   /* ns; 0: none. Then SIGTERM to its process group, and after a grace SIGKILL. */
	size_t output_max; /* bytes; more is a failure */
	int errors;        /* its standard error goes on to this descriptor, line by line; borrowed */
};

enum run_fault { RUN_NO_FAULT, RUN_TOO_LONG, RUN_TOO_MUCH, RUN_UNWANTED };

enum { RUN_LINE_MAX = 512 };

struct run {
	const struct run_options *options;
	struct spawned process; /* pid 0: none */
	int epoll;              /* borrowed */
	int ended_fd;           /* pidfd; -1: it has ended */
	struct buf output;
	struct buf line; /* the unfinished line of standard error */
	char last[RUN_LINE_MAX];
	size_t last_len; /* the last line of it that is not blank, cut */
	enum run_fault fault;
	int64_t due; /* monotonic, when the next signal is sent; INT64_MAX */
	int signal;  /* the one that was sent last; 0: none */
};

/* `environment` as in struct spawn_options. r and o stay where they are until run_end. */
int run_start(struct run *r, const struct run_options *o, const char *input, size_t len, const char *const *environment,
	      int epoll, struct error *e);
static inline bool run_is_on(const struct run *r)
{
	return r->process.pid > 0;
}
void run_look(struct run *r, int64_t now);
static inline int64_t run_due(const struct run *r)
{
	return run_is_on(r) ? r->due : INT64_MAX;
}
bool run_is_over(const struct run *r);

/*
 * Returns the exit status, or -1 if it did not end by itself, within its limits. Unless that is 0, `reason` says
 * what happened: `exit status 3: ` and the last line of its standard error. What it printed is in r->output, until
 * run_start or run_release.
 */
int run_end(struct run *r, struct buf *reason);

/* It is not wanted any more: SIGTERM now, SIGKILL after the grace. */
void run_stop(struct run *r, int64_t now);
void run_release(struct run *r);

#endif
