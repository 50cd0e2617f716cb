/*
 * A batch on its way through a command that may fail: what of it is to be given next, and what a failure means.
 *
 *   - The whole batch is tried 1 + retries times.
 *   - If it still fails, it is halved, and the halves, each tried once, are halved again where they fail, down to
 *     single records.
 *     To fail costs a half nothing, so it is not tried again.
 *   - A single record is tried 1 + retries times, as the whole batch was; then it is dead.
 *
 * Halves are tried first half first, so that the records stay in order. Nothing here waits or runs: that is the
 * caller's.
 */
#ifndef STREAM_EXEC_TASK_H
#define STREAM_EXEC_TASK_H

#include <stdbool.h>
#include <stdint.h>

/* A run of records of the batch. */
struct part {
	uint32_t first, count;
	uint64_t tries;  /* of just these records that failed */
	uint64_t before; /* and those before, when they were in a larger part */
};

/* Halving 2^32 records leaves one part waiting per halving, and the present one. */
enum { TASK_PARTS_MAX = 34 };

struct task {
	struct part parts[TASK_PARTS_MAX]; /* the last is the present one */
	uint32_t count;
};

enum task_verdict {
	TASK_AGAIN,  /* the same part, after a wait */
	TASK_HALVED, /* its first half is the present part */
	TASK_DEAD,   /* the record is given up */
};

void task_init(struct task *t, uint32_t records);
/* What is to be given now; NULL: all is settled. */
const struct part *task_part(const struct task *t);
/* The present part is done, or its record was given up. */
void task_settle(struct task *t);
/* The present part failed. After TASK_DEAD it is still the present one, for task_settle. */
enum task_verdict task_fail(struct task *t, uint64_t retries);

#endif
