/* Starting a command, with pipes to its standard input and from its standard output. */
#ifndef STREAM_FLOW_SPAWN_H
#define STREAM_FLOW_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum { SPAWN_INPUT = 1, SPAWN_OUTPUT = 2, SPAWN_ERRORS = 4 };

struct spawned {
	pid_t pid;
	int input;  /* write end of the pipe to its standard input; -1 */
	int output; /* read end of the pipe from its standard output; -1 */
	int errors; /* and from its standard error; -1 */
	int report; /* of spawn_soon: for spawn_reason; else -1 */
};

struct spawn_options {
	int pipes;                      /* SPAWN_… */
	int input;                      /* without SPAWN_INPUT: what it has for standard input (borrowed); -1: ours */
	bool group;                     /* it leads a process group of its own, and gets SIGTERM when we die */
	const char *const *environment; /* `NAME=VALUE` …, NULL, beside ours; NULL: nothing */
};

/*
 * Starts argv[0], one of our own commands from the directory that we were started from, others by PATH. One word
 * with blanks in it runs by `sh -c`. Signals are as a shell would have them. An argv[0] that cannot be executed is
 * an error here, not a status later.
 */
int spawn_command(char *const *argv, int pipes, struct spawned *out, struct error *e);
int spawn_with(char *const *argv, const struct spawn_options *o, struct spawned *out, struct error *e);

/* The same, but does not wait for the child to become its command. If it cannot, it ends with status 127, and
   spawn_reason says why. */
int spawn_soon(char *const *argv, const struct spawn_options *o, struct spawned *out, struct error *e);
/* Closes the report of spawn_soon, of a process that has ended: 0, or the errno of why it could not become its
   command. */
int spawn_reason(struct spawned *s);

/* Waits for it; the status as a shell counts it (128 + n for signal n). */
int spawn_wait(pid_t pid, int *status, struct error *e);

#endif
