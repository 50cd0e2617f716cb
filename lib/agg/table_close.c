/* Which windows are due, and what they consist of. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

/* -- what is due -- */

void table_expect(struct table *t, const struct pane *p)
{
	struct span w = p->span;
	if (t->has_window && t->spec.kind <= WINDOW_CUMULATE && !window_first(&t->spec, p->span, t->closed, &w))
		return;
	if (w.end < t->next_due)
		t->next_due = w.end;
}

/* Time has come to `watermark`, and what was due is emitted. */
static void advance(struct table *t, int64_t watermark, bool (*is_over)(const struct table *t, const struct pane *p))
{
	t->closed = watermark;
	table_drop_panes(t, is_over);
	t->next_due = TIMESTAMP_MAX;
	for (uint32_t i = 0; i < t->pane_count; i++)
		table_expect(t, t->panes[i]);
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

/* The windows that are due, in order, each once: those that this watermark closes, and those closed before and
 * corrected since. */
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
static struct pane *sum_panes(struct table *t, struct pane *const *panes, struct span w, int *code, struct error *e)
{
	bool running = t->spec.kind == WINDOW_CUMULATE;
	if (t->running && (!running || t->running->span.start != w.start || t->running->span.end >= w.end))
		table_drop_running(t);
	struct pane *sum = t->running ? t->running : pane_new(&t->shape, (struct span){w.start, w.start});
	for (uint32_t i = first_pane(panes, t->pane_count, sum->span.end); i < t->pane_count; i++) {
		if (panes[i]->span.start >= w.end)
			break;
		*code = *code ? *code : table_sum_pane(t, sum, panes[i], e);
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
	int code = OK;
	struct pane *sum = sum_panes(t, panes, w, &code, e);
	if (!code)
		code = table_emit_pane(t, sum, w, emit, self, e);
	if (sum != t->running)
		pane_free(sum, &t->shape);
	return code;
}

/* -- panes as partial results -- */

static bool is_drained(const struct table *t, const struct pane *p)
{
	(void)t;
	return p->drained;
}

static bool has_due_window(const struct table *t, const struct pane *p, int64_t watermark)
{
	struct span w;
	return window_first(&t->spec, p->span, time_subtract(t->closed, t->spec.lateness), &w) && w.end <= watermark;
}

/* A pane goes out when the first of its windows closes; what comes to it later is a pane of its own. */
static int give_panes(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	struct pane **due = mem_array(t->pane_count, sizeof *due);
	uint32_t count = 0;
	int code = OK;
	for (uint32_t i = 0; i < t->pane_count; i++)
		if (has_due_window(t, t->panes[i], watermark))
			due[count++] = t->panes[i];
	if (count)
		qsort(due, count, sizeof *due, compare_panes);
	for (uint32_t i = 0; i < count && !code; i++) {
		code = table_put_partials(t, due[i], emit, self, e);
		due[i]->drained = true;
	}
	free(due);
	advance(t, watermark, is_drained);
	return code;
}

/* -- whole windows -- */

static bool is_over(const struct table *t, const struct pane *p)
{
	return time_add(window_last_end(&t->spec, p->span.start), t->spec.lateness) <= t->closed;
}

static int close_panes(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	if (t->gives_partials)
		return give_panes(t, watermark, emit, self, e);
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
	for (uint32_t i = 0; i < t->pane_count; i++) {
		if (t->panes[i]->touched)
			table_note_change(t, t->panes[i]);
		t->panes[i]->touched = false;
	}
	advance(t, watermark, is_over);
	if (t->running && is_over(t, t->running))
		table_drop_running(t);
	return code;
}

int64_t table_last_end(const struct table *t)
{
	int64_t last = TIMESTAMP_MIN;
	for (uint32_t i = 0; i < t->pane_count; i++) {
		const struct span *s = &t->panes[i]->span;
		int64_t end = table_is_keyed(t) ? s->end : window_last_end(&t->spec, s->start);
		last = end > last && end < TIMESTAMP_MAX ? end : last;
	}
	return last;
}

/* -- counts -- */

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
	table_compact_by(t);
	return code;
}

int table_close(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	if (watermark < t->closed)
		watermark = t->closed;
	if (!t->has_window) {
		t->closed = watermark; /* partial results may still bring one */
		return OK;
	}
	if (t->spec.kind == WINDOW_COUNT)
		code = close_counts(t, emit, self, e);
	else if (t->spec.kind == WINDOW_SESSION)
		code = table_close_sessions(t, watermark, emit, self, e);
	else if (watermark >= t->next_due || t->spec.lateness)
		code = close_panes(t, watermark, emit, self, e);
	else
		t->closed = watermark;
	return code ? code : table_flush(t, emit, self, e);
}
