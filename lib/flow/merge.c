#include "flow/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/merge_private.h"
#include "flow/split.h"
#include "record/batch_rows.h"

enum { AHEAD_ROWS = 4 * BATCH_ROWS };

void merge_init(struct merge *m, int count)
{
	*m = (struct merge){.count = count, .at = TIMESTAMP_MIN};
	m->inputs = mem_zero((size_t)count * sizeof *m->inputs);
	for (int i = 0; i < count; i++)
		m->inputs[i].at = TIMESTAMP_MIN;
	batch_init(&m->out);
}

static void pop(struct merge_input *in)
{
	struct held *h = in->first;
	in->first = h->next;
	if (!in->first)
		in->last = NULL;
	batch_release(&h->rows);
	free(h->columns);
	free(h);
}

void merge_release(struct merge *m)
{
	if (!m->inputs)
		return;
	for (int i = 0; i < m->count; i++)
		while (m->inputs[i].first)
			pop(&m->inputs[i]);
	free(m->inputs);
	free(m->order);
	arena_release(&m->names);
	batch_release(&m->out);
	*m = (struct merge){0};
}

void merge_may_wait(struct merge *m)
{
	m->may_wait = true;
}

/* -- holding -- */

struct held *merge_hold(struct merge_input *in, uint32_t sorted)
{
	if (in->last && in->last->until == TIMESTAMP_MIN && in->last->rows.rows < BATCH_ROWS && !in->last->columns)
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

static int hold_rows(struct merge_input *in, struct batch *b, struct error *e)
{
	for (uint32_t at = 0; at < batch_count(b);) {
		uint32_t taken = batch_append(&merge_hold(in, b->sorted)->rows, b, at);
		if (!taken)
			return error_set(e, ERR_FAILED, "a record has too many fields to be held");
		at += taken;
		in->rows += taken;
	}
	return 0;
}

/* -- the order -- */

static void find_columns(const struct merge *m, struct held *h)
{
	const struct shape *first = &h->rows.shapes[0];
	h->column_count = m->order ? m->order_count : h->sorted < first->count ? h->sorted : first->count;
	h->columns = mem_array(h->column_count + 1, sizeof *h->columns);
	for (uint32_t i = 0; i < h->column_count; i++)
		h->columns[i] =
			m->order ? batch_find(&h->rows, m->order[i].name, strlen(m->order[i].name)) : first->columns[i];
}

static struct value field_of(const struct held *h, uint32_t i)
{
	return h->columns[i] < 0 ? value_absent() : h->rows.columns[h->columns[i]].values[h->at];
}

/* Of the first rows of two inputs. */
static int compare_first(const struct merge *m, const struct held *a, const struct held *b)
{
	uint32_t count = a->column_count < b->column_count ? a->column_count : b->column_count;
	for (uint32_t i = 0; i < count; i++) {
		int order = value_compare(field_of(a, i), field_of(b, i));
		if (order)
			return m->order && m->order[i].descending ? -order : order;
	}
	return 0;
}

/* -- out -- */

static int emit_out(struct merge *m, struct flow *f, struct error *e)
{
	int r = m->out.rows ? flow_emit(f, &m->out, e) : 0;
	batch_clear(&m->out);
	return r;
}

static int put_first(struct merge *m, struct flow *f, struct merge_input *in, struct error *e)
{
	struct held *h = in->first;
	uint32_t row = h->at++;
	in->rows--;
	batch_select(&h->rows, &row, 1);
	if (!batch_append(&m->out, &h->rows, 0)) {
		int r = emit_out(m, f, e);
		if (r || !batch_append(&m->out, &h->rows, 0))
			return r ? r : error_set(e, ERR_FAILED, "the results have too many fields");
	}
	batch_select(&h->rows, NULL, 0);
	m->out.sorted = h->sorted;
	if (h->at == h->rows.rows)
		pop(in);
	return m->out.rows < BATCH_ROWS ? 0 : emit_out(m, f, e);
}

static bool is_due(const struct merge_input *in, int64_t until)
{
	return in->first && in->first->until == until;
}

/* The input whose first row is next of those held until this watermark; NULL: there is none. */
static struct merge_input *next_input(struct merge *m, int64_t until)
{
	struct merge_input *next = NULL;
	for (int i = 0; i < m->count; i++) {
		struct merge_input *in = &m->inputs[i];
		if (!is_due(in, until))
			continue;
		if (!in->first->columns)
			find_columns(m, in->first);
		if (!next || compare_first(m, in->first, next->first) < 0)
			next = in;
	}
	return next;
}

/* Who brings us together with others must know the order too. */
static int tell_order(struct merge *m, struct flow *f, struct error *e)
{
	return m->order && m->splits > 1 ? flow_order(f, m->order, m->order_count, e) : 0;
}

/* Emits the rows that are held until exactly this watermark. */
static int emit_until(struct merge *m, struct flow *f, int64_t until, struct error *e)
{
	struct merge_input *next;
	int r = tell_order(m, f, e);
	while (!r && (next = next_input(m, until)))
		r = put_first(m, f, next, e);
	return r ? r : emit_out(m, f, e);
}

/* Some input that may bring more has nothing here. */
static bool one_is_empty(const struct merge *m)
{
	for (int i = 0; i < m->count; i++)
		if (!m->inputs[i].ended && !m->inputs[i].first)
			return true;
	return false;
}

static bool has_watermarks(const struct merge *m)
{
	for (int i = 0; i < m->count; i++) {
		const struct merge_input *in = &m->inputs[i];
		if ((in->at != TIMESTAMP_MIN && !in->ended) || (in->first && in->first->until != TIMESTAMP_MIN))
			return true;
	}
	return false;
}

/* The last results of all inputs: what is next leaves, and those that are ahead wait for those that are not. */
static int stream_out(struct merge *m, struct flow *f, struct error *e)
{
	int r = 0;
	if (!m->may_wait || has_watermarks(m))
		return 0;
	if (!one_is_empty(m))
		r = tell_order(m, f, e);
	while (!r && !one_is_empty(m)) {
		struct merge_input *next = next_input(m, TIMESTAMP_MIN);
		if (!next)
			break;
		r = put_first(m, f, next, e);
	}
	for (int i = 0; i < m->count; i++) {
		struct merge_input *in = &m->inputs[i];
		bool ahead = in->rows > AHEAD_ROWS && one_is_empty(m);
		if (!in->ended && ahead != in->left_unread)
			flow_hold_input(f, i, in->left_unread = ahead);
	}
	return r;
}

int merge_batch(struct merge *m, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct merge_input *in = &m->inputs[input];
	if (!b->sorted && !in->ordered)
		return flow_emit(f, b, e);
	int r = hold_rows(in, b, e);
	return r ? r : stream_out(m, f, e);
}

/* -- watermarks -- */

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

/* What our splitter split comes together here: behind us its key tells nothing apart any more. */
static int on_split(struct merge *m, struct flow *f, struct merge_input *in, const struct frame *frame,
		    const struct batch *body, struct error *e)
{
	if (++in->splits <= m->splits)
		return 0;
	m->splits = in->splits;
	return m->splits > 1 ? flow_control(f, frame->kind, 0, body, e) : split_joined(f, e);
}

static int on_watermark(struct merge *m, struct flow *f, int input, const struct frame *frame, const struct batch *body,
			struct error *e)
{
	struct merge_input *in = &m->inputs[input];
	struct value shard = batch_get(body, 0, "shard"), time = batch_get(body, 0, "time");
	if (!body->rows || !value_is_missing(shard))
		return 0; /* of a source's shard: time by shards ends at a splitter */
	if (time.type != TYPE_TIME)
		return on_split(m, f, in, frame, body, e);
	for (struct held *h = in->first; h; h = h->next)
		if (h->until == TIMESTAMP_MIN)
			h->until = time.i;
	if (time.i > in->at)
		in->at = time.i;
	return advance(m, f, e);
}

/* All inputs say the same, each in its time. */
static void on_order(struct merge *m, int input, const struct batch *body)
{
	m->inputs[input].ordered = true;
	if (m->order)
		return;
	m->order = mem_array(body->rows + 1, sizeof *m->order);
	for (uint32_t row = 0; row < body->rows; row++) {
		struct value field = batch_get(body, row, "field"), descending = batch_get(body, row, "descending");
		if (field.type != TYPE_STRING)
			continue;
		m->order[m->order_count++] =
			(struct order_field){.name = arena_copy(&m->names, field.s, field.len),
					     .descending = descending.type == TYPE_BOOL && descending.i};
	}
}

int merge_control(struct merge *m, struct flow *f, int input, const struct frame *frame, struct batch *body,
		  struct error *e)
{
	if (frame->kind == FRAME_WATERMARK)
		return on_watermark(m, f, input, frame, body, e);
	if (frame->kind == FRAME_ORDER) {
		on_order(m, input, body);
		return 0;
	}
	if (frame->kind == FRAME_WINDOW && ++m->inputs[input].windows <= m->windows)
		return 0;
	if (frame->kind == FRAME_WINDOW)
		m->windows = m->inputs[input].windows;
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

int merge_input_end(struct merge *m, struct flow *f, int input, struct error *e)
{
	struct merge_input *in = &m->inputs[input];
	in->ended = true;
	/* Text has no watermarks: what a foreign command's end leaves waits for the end of all. */
	if (in->at != TIMESTAMP_MAX && (!in->first || in->first->until != TIMESTAMP_MIN))
		in->at = TIMESTAMP_MAX;
	return m->at == TIMESTAMP_MIN ? stream_out(m, f, e) : advance(m, f, e);
}

int merge_end(struct merge *m, struct flow *f, struct error *e)
{
	int64_t due;
	while ((due = next_due(m, TIMESTAMP_MAX)) != TIMESTAMP_MIN) {
		int r = emit_until(m, f, due, e);
		if (r)
			return r;
	}
	return emit_until(m, f, TIMESTAMP_MIN, e);
}
