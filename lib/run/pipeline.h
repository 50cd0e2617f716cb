/*
 * A pipeline as a shell runs it, in a process group of its own. By bash, if there is one: it knows <( ) and pipefail, and how each stage
 * ended; else by sh.
 *
 * A second process of ours, the keeper, ends the group should we die: SIGTERM, as if the user had asked, and SIGKILL after a while.
 */
#ifndef STREAM_RUN_PIPELINE_H
#define STREAM_RUN_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct pipeline {
	pid_t shell; /* and the process group */
	int ended;   /* a pidfd: readable when the shell has ended */
	int status;  /* of the shell, after pipeline_wait */
	pid_t keeper;
	int keeper_pipe;
	pid_t *asked; /* those that were sent the first signal */
	size_t asked_count;
};

/* `directory`: where its processes keep their pages, and the shell leaves `statuses`. `input`: its standard input. */
int pipeline_start(struct pipeline *p, const char *text, const char *directory, int input, struct error *e);
/* Asks it to end, as the first Ctrl-C does: a signal to those where records begin. The others go on until END has passed them. To be called
   again, for those that a shell has started only now; nobody gets a second signal. */
void pipeline_interrupt(struct pipeline *p, const char *directory);
/* To all of its group. */
void pipeline_kill(const struct pipeline *p, int signal);
/* Whether any process of the group is there. */
bool pipeline_lives(const struct pipeline *p);
/* The shell has ended: its status. */
int pipeline_wait(struct pipeline *p, struct error *e);
/* Lets the keeper go. */
void pipeline_close(struct pipeline *p);

#endif
