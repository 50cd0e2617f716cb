/*
 * Those who read the log: `stream-tail -g g`, whose lines go to the file `out`, or to the table t of the database `db` through a pipeline;
 * and what is done to them. What they say goes to `said`.
 */
#ifndef STREAM_TESTS_TORTURE_TAIL_READER_H
#define STREAM_TESTS_TORTURE_TAIL_READER_H

#include <stdbool.h>
#include <sys/types.h>

#include "tail_dice.h"

enum { MEMBERS = 3 };

struct reader {
	pid_t members[MEMBERS]; /* the source first; 0: none, or it was waited for */
	int status[MEMBERS];    /* as waitpid has it */
	bool hurt;              /* one of them was sent a signal */
	bool thief;             /* it takes the group from others, now or later */
};

struct tally {
	long runs, killed, ended, stolen;
};

/* `option`: another one of the source, or NULL. */
void reader_start(struct reader *r, bool pipeline, const char *option);
static inline bool reader_is(const struct reader *r)
{
	return r->members[0] || r->members[1] || r->members[2];
}
/* Waits until all have ended, for `seconds` at most. Says on stderr what is not as it should be. */
bool reader_wait(struct reader *r, int seconds);
/* SIGKILL for one of them or all, or SIGTERM for the source, and waits. */
bool reader_hurt(struct reader *r, struct dice *d, struct tally *t);
/* Stops it, runs another one that takes the group, and wakes it up, late: it is to end then. r is the other one. */
bool reader_rob(struct reader *r, bool pipeline, struct dice *d, struct tally *t);
/* Nothing of it lives on. */
void reader_end(struct reader *r);

#endif
