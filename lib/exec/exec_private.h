/* The insides of an exec; for the files of lib/exec alone. */
#ifndef STREAM_EXEC_EXEC_PRIVATE_H
#define STREAM_EXEC_EXEC_PRIVATE_H

#include "exec/exec.h"
#include "exec/item.h"

/* Where a batch is run. */
struct slot {
	struct item *item; /* NULL: it has none */
	struct run run;
	int64_t not_before; /* monotonic */
};

struct lane {
	struct item *open;
	struct item *first, *last; /* full ones, which no slot has taken */
};

struct exec {
	struct exec_options options;
	struct record_writers writers;
	int epoll;
	struct slot *slots;
	struct lane *lanes;
	uint32_t lane_count;
	struct item *first, **end; /* all items, in the order of the input */
	uint32_t closed;           /* batches among them that take no more records, */
	uint32_t begun;            /* and those of these that a slot has taken */
	uint32_t controls;         /* control frames among them */
	uint64_t rows;             /* that came, selected or not */
	struct item *shown;        /* the item of the result that was taken last, which is to be dropped */
	struct buf failure;
	bool failed; /* `failure` is news */
};

/* exec.c */
bool exec_holds_enough(const struct exec *x);
void exec_close_lane(struct exec *x, struct lane *l);

/* A point in time, `wait` after `now`. */
static inline int64_t later(int64_t now, int64_t wait)
{
	return wait > INT64_MAX - now ? INT64_MAX : now + wait;
}

#endif
