/* Processes as /proc shows them. */
#ifndef STREAM_RUN_PROCESS_H
#define STREAM_RUN_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	char state; /* R S D T Z … */
	pid_t group;
};

/* False: it is not there. */
bool process_look(pid_t pid, struct process *out);
/* Calls `look` with each process of a group. */
void process_each(pid_t group, void (*look)(void *self, pid_t pid), void *self);
/* Whether any of a group runs; one that has ended and that nobody has asked for its status does not. */
bool process_any(pid_t group);
/* The inode of the pipe that is its standard input; 0: it is none, or cannot be seen. */
uint64_t process_input(pid_t pid);
/* They run the same program. */
bool process_same_program(pid_t a, pid_t b);

#endif
