/* Starting a command, with pipes to its standard input and from its standard output. */
#ifndef STREAM_FLOW_SPAWN_H
#define STREAM_FLOW_SPAWN_H

#include <sys/types.h>

#include "base/error.h"

enum { SPAWN_INPUT = 1, SPAWN_OUTPUT = 2 };

struct spawned {
	pid_t pid;
	int input;  /* write end of the pipe to its standard input; -1 */
	int output; /* read end of the pipe from its standard output; -1 */
};

/*
 * Starts argv[0], one of our own commands from the directory that we were started from, others by PATH. One word with blanks in it runs by
 * `sh -c`. Signals are as a shell would have them. An argv[0] that cannot be executed is an error here, not a status later.
 */
int spawn_command(char *const *argv, int pipes, struct spawned *out, struct error *e);

/* Waits for it; the status as a shell counts it (128 + n for signal n). */
int spawn_wait(pid_t pid, int *status, struct error *e);

#endif
