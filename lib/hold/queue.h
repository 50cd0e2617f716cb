/*
 * Records and control frames of one input, waiting for their turn in a merge by time.
 *
 * An input's order is kept: a record counts as of the greatest time that the input has had so far. So records that are in
 * order come out in order, and one that came too late stays right behind those it came behind.
 */
#ifndef STREAM_HOLD_QUEUE_H
#define STREAM_HOLD_QUEUE_H

#include "hold/hold.h"
#include "hold/state.h"

struct queued {
	unsigned kind, flags; /* of a control frame; kind 0: rows */
	struct block *block;  /* rows, or the frame's body */
	int64_t *times;       /* of each row */
	uint32_t at, cap;     /* the next row; room for times */
	int64_t time;         /* of a control frame */
	size_t memory;
	struct queued *next;
};

struct queue {
	struct queued *first, *last;
	struct queued *spent; /* taken, but its rows are still referred to */
	int64_t greatest;     /* TIMESTAMP_MIN: no record so far */
	size_t memory;

	/* while a snapshot is read */
	unsigned kind, flags; /* of the control frame that comes next */
	int64_t later;        /* what `greatest` was */
};

void queue_init(struct queue *q);
void queue_release(struct queue *q);

/* Copies the selected rows, all of which have a @time that is one. */
int queue_rows(struct queue *q, struct batch *b, struct error *e);
void queue_control(struct queue *q, unsigned kind, unsigned flags, const struct batch *body);

/*
 * For a snapshot: a part `queue`, whose head has these fields too (STATE_FIELDS_MAX - 2 at most), then parts `queued` (rows) and `control` of what
 * waits. Loaded into an empty one, in that order: the head of each part, then its rows, if it has any; in the end queue_load_end.
 */
int queue_save(const struct queue *q, const struct state_out *o, const struct field *more, uint32_t count,
	       struct error *e);
int queue_load_head(struct queue *q, const struct state_in *in, const struct batch *head, struct error *e);
int queue_load_rows(struct queue *q, const struct state_in *in, struct batch *b, struct error *e);
void queue_load_end(struct queue *q);

static inline bool queue_empty(const struct queue *q)
{
	return !q->first;
}

/* The time of what is first; the queue is not empty. */
static inline int64_t queue_time(const struct queue *q)
{
	return q->first->kind ? q->first->time : q->first->times[q->first->at];
}

/* Takes the first row. It is there until queue_forget. */
struct row_ref queue_take_row(struct queue *q);
/* Takes what is first and no row; also there until queue_forget. */
const struct queued *queue_take_control(struct queue *q);
void queue_forget(struct queue *q);

#endif
