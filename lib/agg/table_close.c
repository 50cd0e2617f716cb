#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

static const char start_name[] = "window_start", end_name[] = "window_end";

static int add_column(struct batch *b, const char *name)
{
	return batch_column(b, name, strlen(name));
}

/* The columns of the results, in order. */
static void make_columns(struct table *t)
{
	uint32_t count = 0;
	if (t->has_window) {
		t->out_columns[count++] = (uint16_t)add_column(&t->out, start_name);
		t->out_columns[count++] = (uint16_t)add_column(&t->out, end_name);
	}
	for (uint32_t k = 0; k < t->key_count; k++)
		t->out_columns[count++] = (uint16_t)add_column(&t->out, t->key_names[k]);
	for (uint32_t o = 0; o < t->output_count; o++)
		t->out_columns[count++] = (uint16_t)add_column(&t->out, t->outputs[o].name);
	t->out_shape = (uint32_t)batch_shape_of(&t->out, t->out_columns, count);
}

static struct value time_or_null(int64_t time)
{
	return time == TIMESTAMP_MIN ? value_null() : value_time(time);
}

static void put_row(struct table *t, struct pane *p, uint32_t group, struct span w, int64_t span)
{
	struct batch *b = &t->out;
	if (!b->rows)
		make_columns(t);
	uint32_t row = batch_begin(b);
	const uint16_t *c = t->out_columns;
	if (t->has_window) {
		b->columns[*c++].values[row] = time_or_null(w.start);
		b->columns[*c++].values[row] = time_or_null(w.end);
		/* The last moment of the window: so the results can go through windows again. */
		batch_meta(b, META_TIME)[row] =
			w.end == TIMESTAMP_MIN ? value_absent() : value_time(time_subtract(w.end, t->spec.kind != WINDOW_COUNT));
	}
	for (uint32_t k = 0; k < t->key_count; k++)
		b->columns[*c++].values[row] = value_keep(groups_key(&p->groups, group, k), &b->arena);
	for (uint32_t o = 0; o < t->output_count; o++) {
		const struct output *out = &t->outputs[o];
		struct value v = agg_result(p->aggs[out->agg], &out->call, group, span, &b->arena);
		b->columns[*c++].values[row] = value_keep(v, &b->arena);
	}
	batch_end(b, t->out_shape, 0);
}

static uint32_t sorted_fields(const struct table *t)
{
	if (!t->has_window)
		return t->key_count;
	return t->spec.kind <= WINDOW_CUMULATE ? 2 + t->key_count : 0;
}

int table_flush(struct table *t, table_emit emit, void *self, struct error *e)
{
	if (!t->out.rows)
		return OK;
	t->out.sorted = sorted_fields(t);
	int code = emit(self, &t->out, e);
	batch_clear(&t->out);
	return code;
}

int table_emit_pane(struct table *t, struct pane *p, struct span w, table_emit emit, void *self, struct error *e)
{
	uint32_t count = p->groups.count;
	uint32_t *groups = mem_array(count, sizeof *groups);
	int64_t span = t->has_window ? w.end - w.start : p->greatest > p->least ? p->greatest - p->least : 0;
	int code = OK;
	groups_sorted(&p->groups, groups);
	for (uint32_t i = 0; i < count && !code; i++) {
		if (t->out.rows == BATCH_ROWS)
			code = table_flush(t, emit, self, e);
		if (!code)
			put_row(t, p, groups[i], w, span);
	}
	free(groups);
	return code;
}

int table_result(struct table *t, table_emit emit, void *self, struct error *e)
{
	struct span all = {TIMESTAMP_MIN, TIMESTAMP_MAX};
	if (t->has_window)
		return OK;
	if (!t->pane_count)
		table_add_pane(t, all);
	struct pane *p = t->panes[0];
	if (!t->key_count)
		groups_number(&p->groups, NULL);
	int code = table_emit_pane(t, p, all, emit, self, e);
	return code ? code : table_flush(t, emit, self, e);
}

/* -- windows made of panes -- */

struct windows {
	struct span *spans;
	size_t count, cap;
};

static void add_window(struct windows *w, struct span span)
{
	if (w->count == w->cap) {
		w->cap = mem_grow(w->cap, w->count + 1);
		w->spans = mem_resize(w->spans, w->cap, sizeof *w->spans);
	}
	w->spans[w->count++] = span;
}

/* By their ends first: so what comes out as time passes has the order of what comes out all at once. */
static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static int compare_panes(const void *a, const void *b)
{
	return compare_spans(&(*(struct pane *const *)a)->span, &(*(struct pane *const *)b)->span);
}

/* Of sessions that begin and end together, by key. */
static int compare_sessions(const void *a, const void *b, void *by)
{
	const struct pane *x = *(struct pane *const *)a, *y = *(struct pane *const *)b;
	const struct groups *g = by;
	int order = compare_spans(&x->span, &y->span);
	for (uint32_t k = 0; !order && k < g->key_count; k++)
		order = value_compare(groups_key(g, x->key, k), groups_key(g, y->key, k));
	return order;
}

/* The windows that are due, in order, each once: those that this watermark closes, and those closed before and corrected since. */
static struct windows due_windows(struct table *t, int64_t watermark)
{
	struct windows due = {0};
	for (uint32_t i = 0; i < t->pane_count; i++) {
		struct pane *p = t->panes[i];
		int64_t after = p->touched ? time_subtract(t->closed, t->spec.lateness) : t->closed;
		struct span w;
		bool more = window_first(&t->spec, p->span, after, &w);
		for (; more && w.end <= watermark; more = window_next(&t->spec, p->span, &w))
			add_window(&due, w);
	}
	if (due.count)
		qsort(due.spans, due.count, sizeof *due.spans, compare_spans);
	size_t n = 0;
	for (size_t i = 0; i < due.count; i++)
		if (!i || compare_spans(&due.spans[i], &due.spans[i - 1]))
			due.spans[n++] = due.spans[i];
	due.count = n;
	return due;
}

/* The first of the panes, which are sorted, that starts at `start` or later. */
static uint32_t first_pane(struct pane *const *panes, uint32_t count, int64_t start)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (panes[middle]->span.start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void table_drop_running(struct table *t)
{
	pane_free(t->running, &t->shape);
	t->running = NULL;
	for (uint32_t i = 0; i < t->pane_count; i++)
		t->panes[i]->summed = false;
}

/*
 * The sum of a window's panes. A cumulating window goes on from the one before it, so that a pane is added once; a sum
 * that others start from is kept in t->running.
 */
static struct pane *sum_panes(struct table *t, struct pane *const *panes, struct span w)
{
	bool running = t->spec.kind == WINDOW_CUMULATE;
	if (t->running && (!running || t->running->span.start != w.start || t->running->span.end >= w.end))
		table_drop_running(t);
	struct pane *sum = t->running ? t->running : pane_new(&t->shape, (struct span){w.start, w.start});
	for (uint32_t i = first_pane(panes, t->pane_count, sum->span.end); i < t->pane_count; i++) {
		if (panes[i]->span.start >= w.end)
			break;
		pane_merge(sum, panes[i], &t->shape);
		panes[i]->summed = running;
	}
	sum->span = w;
	t->running = running ? sum : NULL;
	return sum;
}

static int emit_window(struct table *t, struct pane *const *panes, struct span w, table_emit emit, void *self,
		       struct error *e)
{
	uint32_t first = first_pane(panes, t->pane_count, w.start);
	if (panes[first]->span.end >= w.end)
		return table_emit_pane(t, panes[first], w, emit, self, e);
	struct pane *sum = sum_panes(t, panes, w);
	int code = table_emit_pane(t, sum, w, emit, self, e);
	if (sum != t->running)
		pane_free(sum, &t->shape);
	return code;
}

static bool is_over(const struct table *t, const struct pane *p)
{
	return time_add(window_last_end(&t->spec, p->span.start), t->spec.lateness) <= t->closed;
}

static int close_panes(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	struct windows due = due_windows(t, watermark);
	int code = OK;
	if (due.count) {
		struct pane **panes = mem_array(t->pane_count, sizeof *panes);
		memcpy(panes, t->panes, t->pane_count * sizeof *panes);
		qsort(panes, t->pane_count, sizeof *panes, compare_panes);
		for (size_t i = 0; i < due.count && !code; i++)
			code = emit_window(t, panes, due.spans[i], emit, self, e);
		free(panes);
	}
	free(due.spans);
	for (uint32_t i = 0; i < t->pane_count; i++)
		t->panes[i]->touched = false;
	t->closed = watermark;
	if (t->running && is_over(t, t->running))
		table_drop_running(t);
	table_drop_panes(t, is_over);
	return code;
}

/* -- sessions and counts -- */

static int close_sessions(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	uint32_t count = 0;
	int code = OK;
	struct pane **due = mem_array(t->pane_count, sizeof *due);
	for (uint32_t i = 0; i < t->pane_count; i++)
		if (t->panes[i]->touched && t->panes[i]->span.end <= watermark)
			due[count++] = t->panes[i];
	if (count)
		qsort_r(due, count, sizeof *due, compare_sessions, &t->by);
	for (uint32_t i = 0; i < count && !code; i++) {
		code = table_emit_pane(t, due[i], due[i]->span, emit, self, e);
		due[i]->touched = false;
	}
	free(due);
	t->closed = watermark;
	return code;
}

static bool session_is_over(const struct table *t, const struct pane *p)
{
	return !p->touched && time_add(p->span.end, t->spec.lateness) <= t->closed;
}

static bool is_full(const struct table *t, const struct pane *p)
{
	return p->records >= t->spec.count;
}

static int close_counts(struct table *t, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	for (uint32_t i = 0; i < t->done_count; i++) {
		struct pane *p = t->done[i];
		struct span w = p->greatest < p->least ? (struct span){TIMESTAMP_MIN, TIMESTAMP_MIN}
						       : (struct span){p->least, p->greatest};
		if (!code)
			code = table_emit_pane(t, p, w, emit, self, e);
	}
	if (t->done_count)
		table_drop_panes(t, is_full);
	t->done_count = 0;
	return code;
}

int table_close(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	if (!t->has_window)
		return OK;
	if (watermark < t->closed)
		watermark = t->closed;
	if (t->spec.kind == WINDOW_COUNT)
		code = close_counts(t, emit, self, e);
	else if (t->spec.kind != WINDOW_SESSION)
		code = close_panes(t, watermark, emit, self, e);
	else
		code = close_sessions(t, watermark, emit, self, e);
	if (t->spec.kind == WINDOW_SESSION) {
		table_drop_panes(t, session_is_over);
		table_compact_by(t);
	}
	return code ? code : table_flush(t, emit, self, e);
}
