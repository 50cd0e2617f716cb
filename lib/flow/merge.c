#include "flow/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "record/batch_rows.h"

/* Sorted rows of one input between two of its watermarks. */
struct held {
	struct batch rows;
	uint32_t sorted; /* by so many of their first fields */
	int64_t until;   /* the watermark that came behind them */
	struct held *next;
};

struct merge_input {
	struct held *first, *last; /* last: `until` is not known yet */
	int64_t at;                /* its watermark */
	uint32_t windows;
};

void merge_init(struct merge *m, int count)
{
	m->count = count;
	m->at = TIMESTAMP_MIN;
	m->inputs = mem_zero((size_t)count * sizeof *m->inputs);
	for (int i = 0; i < count; i++)
		m->inputs[i].at = TIMESTAMP_MIN;
}

static void pop(struct merge_input *in)
{
	struct held *h = in->first;
	in->first = h->next;
	if (!in->first)
		in->last = NULL;
	batch_release(&h->rows);
	free(h);
}

void merge_release(struct merge *m)
{
	for (int i = 0; i < m->count; i++)
		while (m->inputs[i].first)
			pop(&m->inputs[i]);
	free(m->inputs);
	*m = (struct merge){0};
}

static struct held *hold(struct merge_input *in, uint32_t sorted)
{
	if (in->last && in->last->until == TIMESTAMP_MIN && in->last->rows.rows < BATCH_ROWS)
		return in->last;
	struct held *h = mem_zero(sizeof *h);
	batch_init(&h->rows);
	h->sorted = sorted;
	h->until = TIMESTAMP_MIN;
	if (in->last)
		in->last->next = h;
	else
		in->first = h;
	in->last = h;
	return h;
}

int merge_batch(struct merge *m, struct flow *f, int input, struct batch *b, struct error *e)
{
	if (!b->sorted)
		return flow_emit(f, b, e);
	for (uint32_t at = 0; at < batch_count(b);) {
		uint32_t taken = batch_append(&hold(&m->inputs[input], b->sorted)->rows, b, at);
		if (!taken)
			return error_set(e, ERR_FAILED, "a record has too many fields to be held");
		at += taken;
	}
	return 0;
}

/* -- putting held rows in order -- */

struct row_ref {
	const struct held *held;
	uint32_t row;
	size_t at; /* in the list: rows that no field tells apart keep the order of the copies */
};

struct row_list {
	struct row_ref *items;
	size_t count;
};

static int compare_rows(const void *x, const void *y)
{
	const struct row_ref *a = x, *b = y;
	const struct shape *sa = batch_shape(&a->held->rows, a->row), *sb = batch_shape(&b->held->rows, b->row);
	uint32_t fields = a->held->sorted < b->held->sorted ? a->held->sorted : b->held->sorted;
	for (uint32_t i = 0; i < fields && i < sa->count && i < sb->count; i++) {
		int order = value_compare(a->held->rows.columns[sa->columns[i]].values[a->row],
					  b->held->rows.columns[sb->columns[i]].values[b->row]);
		if (order)
			return order;
	}
	return (a->at > b->at) - (a->at < b->at);
}

static void list_held(const struct held *h, struct row_list *list)
{
	list->items = mem_resize(list->items, list->count + h->rows.rows, sizeof *list->items);
	for (uint32_t row = 0; row < h->rows.rows; row++) {
		list->items[list->count] = (struct row_ref){h, row, list->count};
		list->count++;
	}
}

static int emit_list(struct flow *f, struct row_list *list, struct error *e)
{
	struct batch out;
	int r = 0;
	batch_init(&out);
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, compare_rows);
	for (size_t i = 0; i < list->count && !r; i++) {
		struct batch *from = (struct batch *)&list->items[i].held->rows;
		batch_select(from, &list->items[i].row, 1);
		if (!batch_append(&out, from, 0))
			r = error_set(e, ERR_FAILED, "the results have too many fields");
		if (r || (out.rows < BATCH_ROWS && i + 1 < list->count))
			continue;
		out.sorted = list->items[i].held->sorted;
		r = flow_emit(f, &out, e);
		batch_clear(&out);
	}
	batch_release(&out);
	free(list->items);
	*list = (struct row_list){0};
	return r;
}

/* Emits the rows that are held until exactly this watermark. */
static int emit_until(struct merge *m, struct flow *f, int64_t until, struct error *e)
{
	struct row_list list = {0};
	for (int i = 0; i < m->count; i++)
		for (const struct held *h = m->inputs[i].first; h && h->until == until; h = h->next)
			list_held(h, &list);
	int r = emit_list(f, &list, e);
	for (int i = 0; i < m->count; i++)
		while (m->inputs[i].first && m->inputs[i].first->until == until)
			pop(&m->inputs[i]);
	return r;
}

/* The least watermark that held rows wait for and that all inputs have; TIMESTAMP_MIN: none. */
static int64_t next_due(const struct merge *m, int64_t reached)
{
	int64_t due = TIMESTAMP_MIN;
	for (int i = 0; i < m->count; i++) {
		const struct held *h = m->inputs[i].first;
		if (h && h->until != TIMESTAMP_MIN && h->until <= reached && (due == TIMESTAMP_MIN || h->until < due))
			due = h->until;
	}
	return due;
}

static int advance(struct merge *m, struct flow *f, struct error *e)
{
	int64_t reached = TIMESTAMP_MAX, due;
	for (int i = 0; i < m->count; i++)
		if (m->inputs[i].at < reached)
			reached = m->inputs[i].at;
	while ((due = next_due(m, reached)) != TIMESTAMP_MIN) {
		int r = emit_until(m, f, due, e);
		if (r)
			return r;
	}
	if (reached <= m->at)
		return 0;
	m->at = reached;
	return flow_watermark(f, reached, e);
}

static int on_watermark(struct merge *m, struct flow *f, int input, const struct batch *body, struct error *e)
{
	struct merge_input *in = &m->inputs[input];
	struct value shard = batch_get(body, 0, "shard"), time = batch_get(body, 0, "time");
	if (!body->rows || !value_is_missing(shard))
		return 0; /* of a source's shard: time by shards ends at a splitter */
	if (time.type != TYPE_TIME) {
		if (m->split_announced)
			return 0;
		m->split_announced = true;
		return flow_control(f, FRAME_WATERMARK, 0, body, e);
	}
	for (struct held *h = in->first; h; h = h->next)
		if (h->until == TIMESTAMP_MIN)
			h->until = time.i;
	if (time.i > in->at)
		in->at = time.i;
	return advance(m, f, e);
}

int merge_control(struct merge *m, struct flow *f, int input, const struct frame *frame, struct batch *body,
		  struct error *e)
{
	if (frame->kind == FRAME_WATERMARK)
		return on_watermark(m, f, input, body, e);
	if (frame->kind == FRAME_WINDOW && ++m->inputs[input].windows <= m->windows)
		return 0;
	if (frame->kind == FRAME_WINDOW)
		m->windows = m->inputs[input].windows;
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

int merge_input_end(struct merge *m, struct flow *f, int input, struct error *e)
{
	struct merge_input *in = &m->inputs[input];
	/* Text has no watermarks: what a foreign command's end leaves waits for the end of all. */
	if (in->at != TIMESTAMP_MAX && (!in->first || in->first->until != TIMESTAMP_MIN))
		in->at = TIMESTAMP_MAX;
	return m->at == TIMESTAMP_MIN ? 0 : advance(m, f, e);
}

int merge_end(struct merge *m, struct flow *f, struct error *e)
{
	struct row_list list = {0};
	int64_t due;
	while ((due = next_due(m, TIMESTAMP_MAX)) != TIMESTAMP_MIN) {
		int r = emit_until(m, f, due, e);
		if (r)
			return r;
	}
	for (int i = 0; i < m->count; i++)
		for (const struct held *h = m->inputs[i].first; h; h = h->next)
			list_held(h, &list);
	return emit_list(f, &list, e);
}
