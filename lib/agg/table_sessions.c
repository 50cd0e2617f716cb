/* Sessions and count windows: their panes are found by key, not by time alone. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

void table_put_done(struct table *t, struct pane *p)
{
	if (t->done_count == t->done_cap) {
		t->done_cap = (uint32_t)mem_grow(t->done_cap, t->done_cap + 1);
		t->done = mem_resize(t->done, t->done_cap, sizeof *t->done);
	}
	t->done[t->done_count++] = p;
}

static void insert_pane(struct key_panes *k, uint32_t at, struct pane *p)
{
	if (k->count == k->cap) {
		k->cap = (uint32_t)mem_grow(k->cap, k->cap ? k->cap + 1 : 2);
		k->panes = mem_resize(k->panes, k->cap, sizeof *k->panes);
	}
	memmove(k->panes + at + 1, k->panes + at, (k->count - at) * sizeof *k->panes);
	k->panes[at] = p;
	k->count++;
}

static void remove_panes(struct key_panes *k, uint32_t at, uint32_t count)
{
	memmove(k->panes + at, k->panes + at + count, (k->count - at - count) * sizeof *k->panes);
	k->count -= count;
}

/* The first session of a key that ends at `time` or later. */
static uint32_t first_session(const struct key_panes *k, int64_t time)
{
	uint32_t low = 0, high = k->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (k->panes[middle]->span.end < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Sessions lie in t->panes as a heap by the time when they must be looked at, `due`, which is never too late: a session
 * that has grown is put back when its time seems to have come.
 */
static void heap_put(struct table *t, uint32_t slot, struct pane *p)
{
	t->panes[slot] = p;
	p->slot = slot;
}

static void sift_up(struct table *t, struct pane *p)
{
	uint32_t slot = p->slot;
	for (; slot && t->panes[(slot - 1) / 2]->due > p->due; slot = (slot - 1) / 2)
		heap_put(t, slot, t->panes[(slot - 1) / 2]);
	heap_put(t, slot, p);
}

static void sift_down(struct table *t, struct pane *p)
{
	uint32_t slot = p->slot;
	for (uint32_t child; (child = 2 * slot + 1) < t->pane_count; slot = child) {
		child += child + 1 < t->pane_count && t->panes[child + 1]->due < t->panes[child]->due;
		if (t->panes[child]->due >= p->due)
			break;
		heap_put(t, slot, t->panes[child]);
	}
	heap_put(t, slot, p);
}

static void heap_remove(struct table *t, struct pane *p)
{
	struct pane *last = t->panes[--t->pane_count];
	if (last == p)
		return;
	heap_put(t, p->slot, last);
	sift_up(t, last);
	sift_down(t, last);
}

void table_touch_session(struct table *t, struct pane *p)
{
	p->due = p->span.end < p->due ? p->span.end : p->due;
	sift_up(t, p);
}

struct pane *table_join_session(struct table *t, uint32_t key, struct span w)
{
	struct key_panes *k = &t->by_panes[key];
	uint32_t first = first_session(k, w.start), end = first;
	while (end < k->count && k->panes[end]->span.start <= w.end)
		end++;
	if (first == end) {
		struct pane *p = table_add_pane(t, w);
		p->key = key;
		p->due = w.end;
		p->slot = t->pane_count - 1;
		sift_up(t, p);
		insert_pane(k, first, p);
		t->oldest = w.start < t->oldest ? w.start : t->oldest;
		return p;
	}
	struct pane *p = k->panes[first];
	for (uint32_t i = first + 1; i < end; i++) {
		struct pane *other = k->panes[i];
		pane_merge(p, other, &t->shape);
		p->touched |= other->touched;
		p->span.end = other->span.end;
		other->into = p;
		heap_remove(t, other);
		table_put_done(t, other);
	}
	remove_panes(k, first + 1, end - first - 1);
	p->span.start = w.start < p->span.start ? w.start : p->span.start;
	t->oldest = w.start < t->oldest ? w.start : t->oldest;
	p->span.end = w.end > p->span.end ? w.end : p->span.end;
	return p;
}

void table_assign_sessions(struct table *t, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		t->pane_of[i] = table_join_session(t, t->groups[i],
						   (struct span){t->times[i], time_add(t->times[i], t->spec.gap)});
	for (uint32_t i = 0; t->done_count && i < count; i++)
		while (t->pane_of[i]->into)
			t->pane_of[i] = t->pane_of[i]->into;
}

void table_free_merged(struct table *t)
{
	if (t->spec.kind != WINDOW_SESSION)
		return;
	for (uint32_t i = 0; i < t->done_count; i++)
		table_forget_pane(t, t->done[i]);
	t->done_count = 0;
}

static void forget_session(struct table *t, struct pane *p)
{
	struct key_panes *k = &t->by_panes[p->key];
	for (uint32_t i = first_session(k, p->span.end); i < k->count; i++) {
		if (k->panes[i] == p) {
			remove_panes(k, i, 1);
			return;
		}
	}
}

struct pane *table_open_count(struct table *t, uint32_t key)
{
	struct key_panes *k = &t->by_panes[key];
	if (!k->count) {
		struct pane *p = table_add_pane(t, (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX});
		p->key = key;
		insert_pane(k, 0, p);
	}
	return k->panes[0];
}

void table_place_by_key(struct table *t, struct pane *p, const struct value *by)
{
	p->key = groups_number(&t->by, by);
	table_reserve_by(t);
	struct key_panes *k = &t->by_panes[p->key];
	insert_pane(k, first_session(k, p->span.start), p);
	if (t->spec.kind != WINDOW_SESSION)
		return;
	p->due = p->span.end; /* or later */
	p->slot = t->pane_count - 1;
	sift_up(t, p);
}

void table_assign_counts(struct table *t, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct pane *p = t->pane_of[i] = table_open_count(t, t->groups[i]);
		if (++p->records < t->spec.count)
			continue;
		remove_panes(&t->by_panes[t->groups[i]], 0, 1);
		table_put_done(t, p);
	}
}

/* -- closing -- */

/* By end, as all windows; of those that begin and end together, by key. */
static int compare_sessions(const void *a, const void *b, void *by)
{
	const struct pane *x = *(struct pane *const *)a, *y = *(struct pane *const *)b;
	const struct groups *g = by;
	if (x->span.end != y->span.end)
		return x->span.end < y->span.end ? -1 : 1;
	int order = (x->span.start > y->span.start) - (x->span.start < y->span.start);
	for (uint32_t k = 0; !order && k < g->key_count; k++)
		order = value_compare(groups_key(g, x->key, k), groups_key(g, y->key, k));
	return order;
}

/* Moves the sessions that are over to t->done, and those to be emitted to `due`; returns how many these are. */
static uint32_t take_due(struct table *t, int64_t watermark, struct pane **due)
{
	uint32_t count = 0;
	while (t->pane_count && t->panes[0]->due <= watermark) {
		struct pane *p = t->panes[0];
		if (p->touched && p->span.end <= watermark) {
			p->touched = false;
			table_note_change(t, p);
			due[count++] = p;
		}
		p->due = p->touched          ? p->span.end
			 : t->gives_partials ? p->span.end
					     : time_add(p->span.end, t->spec.lateness);
		sift_down(t, p);
		if (p->due > watermark)
			continue;
		heap_remove(t, p);
		table_put_done(t, p);
	}
	return count;
}

int64_t table_passed(struct table *t, int64_t watermark)
{
	if (!t->gives_partials || !t->has_window || t->spec.kind != WINDOW_SESSION)
		return watermark;
	/* To look at all of them now and then is enough: too early a time does no harm. */
	if (!t->pane_count || watermark >= time_add(t->oldest_at, t->spec.gap / 4)) {
		t->oldest_at = watermark;
		t->oldest = TIMESTAMP_MAX;
		for (uint32_t i = 0; i < t->pane_count; i++)
			if (t->panes[i]->span.start < t->oldest)
				t->oldest = t->panes[i]->span.start;
	}
	return t->oldest <= watermark ? time_subtract(t->oldest, 1) : watermark;
}

int table_close_sessions(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	t->closed = watermark;
	if (!t->pane_count || t->panes[0]->due > watermark)
		return OK;
	struct pane **due = mem_array(t->pane_count, sizeof *due);
	uint32_t count = take_due(t, watermark, due);
	if (count)
		qsort_r(due, count, sizeof *due, compare_sessions, &t->by);
	for (uint32_t i = 0; i < count && !code; i++)
		code = table_emit_pane(t, due[i], due[i]->span, emit, self, e);
	free(due);
	for (uint32_t i = 0; i < t->done_count; i++)
		forget_session(t, t->done[i]);
	table_free_merged(t);
	table_compact_by(t);
	return code;
}
