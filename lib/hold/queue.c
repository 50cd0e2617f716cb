#include "hold/queue.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"

enum { JOIN_ROWS = 2048 }; /* smaller batches are gathered */

void queue_init(struct queue *q)
{
	*q = (struct queue){.greatest = TIMESTAMP_MIN, .later = TIMESTAMP_MIN};
}

static void free_list(struct queued *list)
{
	for (struct queued *next; list; list = next) {
		next = list->next;
		block_free(list->block);
		free(list->times);
		free(list);
	}
}

void queue_release(struct queue *q)
{
	free_list(q->first);
	free_list(q->spent);
	queue_init(q);
}

void queue_forget(struct queue *q)
{
	free_list(q->spent);
	q->spent = NULL;
}

static struct queued *append(struct queue *q, struct block *k)
{
	struct queued *n = mem_zero(sizeof *n);
	n->block = k;
	if (q->last)
		q->last->next = n;
	else
		q->first = n;
	q->last = n;
	return n;
}

static void account(struct queue *q, struct queued *n)
{
	q->memory -= n->memory;
	n->memory = block_memory(n->block) + n->cap * sizeof *n->times + sizeof *n;
	q->memory += n->memory;
}

static void note_times(struct queue *q, struct queued *n, const struct batch *b, uint32_t first, uint32_t count,
		       uint32_t at)
{
	if (n->cap < at + count) {
		n->cap = (uint32_t)mem_grow(n->cap, at + count);
		n->times = mem_resize(n->times, n->cap, sizeof *n->times);
	}
	for (uint32_t i = 0; i < count; i++) {
		int64_t time = column_get(&b->meta[META_TIME], batch_row(b, first + i)).i;
		q->greatest = time > q->greatest ? time : q->greatest;
		n->times[at + i] = q->greatest;
	}
}

int queue_rows(struct queue *q, struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	for (uint32_t first = 0; first < count;) {
		struct queued *n = q->last;
		if (!n || n->kind || n->block->rows.rows >= JOIN_ROWS)
			n = append(q, block_new());
		uint32_t at = n->block->rows.rows;
		uint32_t taken = batch_append(&n->block->rows, b, first);
		if (!taken && !at)
			return error_set(e, ERR_FAILED, "a record has too many fields to be held");
		if (!taken)
			append(q, block_new());
		note_times(q, n, b, first, taken, at);
		account(q, n);
		first += taken;
	}
	return 0;
}

void queue_control(struct queue *q, unsigned kind, unsigned flags, const struct batch *body)
{
	struct queued *n = append(q, block_new());
	n->kind = kind;
	n->flags = flags;
	n->time = q->greatest;
	batch_append(&n->block->rows, body, 0);
	account(q, n);
}

/* The first is taken whole. */
static void spend(struct queue *q)
{
	struct queued *n = q->first;
	q->first = n->next;
	if (!q->first)
		q->last = NULL;
	q->memory -= n->memory;
	n->next = q->spent;
	q->spent = n;
}

struct row_ref queue_take_row(struct queue *q)
{
	struct queued *n = q->first;
	struct row_ref ref = {n->block, n->at++};
	if (n->at == n->block->rows.rows)
		spend(q);
	return ref;
}

const struct queued *queue_take_control(struct queue *q)
{
	spend(q);
	return q->spent;
}
