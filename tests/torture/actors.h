/*
 * Processes of a simulated machine: each is a stack of its own in this thread, and all of them work on one disk
 * (disk.h). At each of its operations on a file another may go on; who, is drawn from a seed, so that every
 * interleaving can be had again. Any of them may be killed there: its locks fall, its memory is gone, and another
 * life of it begins while it has some left.
 */
#ifndef STREAM_TESTS_TORTURE_ACTORS_H
#define STREAM_TESTS_TORTURE_ACTORS_H

#include <ucontext.h>

#include "disk.h"

enum { ACTORS_MAX = 8 };

struct actor {
	int (*run)(struct actor *a); /* its status is kept */
	void *arg;
	int number, lives;
	int status;
	bool alive, waits;
	bool frozen; /* as by SIGSTOP, holding what it holds */
	ucontext_t context;
	char *stack;
	struct crew *crew;
};

struct crew {
	struct disk *disk;
	struct actor actors[ACTORS_MAX];
	int count;
	struct actor *running;
	ucontext_t home;
	uint64_t dice;
	int kill_one_in; /* of the turns; 0: never */
	uint64_t kills, turns;
	bool stuck; /* all that are left wait for locks */
};

/* Takes the disk's hooks `before` and `wait`; `changed` stays the caller's. */
void crew_init(struct crew *c, struct disk *d, uint64_t seed);
void crew_add(struct crew *c, int (*run)(struct actor *a), void *arg, int lives);
/* Until all are done. */
void crew_run(struct crew *c);
void crew_release(struct crew *c);

#endif
