/* The panes of tumbling, hopping and cumulating windows: found by their start. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

static uint32_t *index_place(const struct table *t, int64_t start)
{
	uint32_t mask = t->index_size - 1, at = (uint32_t)hash_mix((uint64_t)start, 0) & mask;
	while (t->index[at] && t->panes[t->index[at] - 1]->span.start != start)
		at = (at + 1) & mask;
	return &t->index[at];
}

static void index_rebuild(struct table *t)
{
	uint32_t size = 64;
	while (size < 2 * (t->pane_count + 1))
		size *= 2;
	if (size != t->index_size) {
		free(t->index);
		t->index = mem_array(size, sizeof *t->index);
		t->index_size = size;
	}
	memset(t->index, 0, size * sizeof *t->index);
	for (uint32_t i = 0; i < t->pane_count; i++)
		*index_place(t, t->panes[i]->span.start) = i + 1;
}

static bool keeps_index(const struct table *t)
{
	return t->spec.kind <= WINDOW_CUMULATE;
}

struct pane *table_add_pane(struct table *t, struct span span)
{
	if (t->pane_count == t->pane_cap) {
		t->pane_cap = (uint32_t)mem_grow(t->pane_cap, t->pane_cap + 1);
		t->panes = mem_resize(t->panes, t->pane_cap, sizeof *t->panes);
	}
	/* A pane among those that were summed was empty until now. */
	if (t->running && span.start < t->running->span.end)
		table_drop_running(t);
	struct pane *p = t->panes[t->pane_count++] = pane_new(&t->shape, span);
	p->id = ++t->changes.last_id;
	p->marks.kept = t->tracks;
	table_expect(t, p);
	if (!keeps_index(t))
		return p;
	if (t->index_size < 2 * (t->pane_count + 1))
		index_rebuild(t);
	else
		*index_place(t, span.start) = t->pane_count;
	return p;
}

void table_drop_panes(struct table *t, bool (*gone)(const struct table *t, const struct pane *p))
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->pane_count; i++) {
		struct pane *p = t->panes[i];
		if (!gone(t, p)) {
			t->panes[n++] = p;
			continue;
		}
		table_forget_pane(t, p);
	}
	bool changed = n != t->pane_count;
	t->pane_count = n;
	if (changed && keeps_index(t))
		index_rebuild(t);
}

struct pane *table_find_pane(struct table *t, int64_t time)
{
	struct span span = window_pane(&t->spec, time);
	uint32_t found = t->index_size ? *index_place(t, span.start) : 0;
	if (found)
		return t->panes[found - 1];
	if (t->closed > TIMESTAMP_MIN && time_add(window_last_end(&t->spec, time), t->spec.lateness) <= t->closed)
		return NULL;
	return table_add_pane(t, span);
}

uint32_t table_assign_panes(struct table *t, uint32_t count)
{
	struct pane *p = NULL;
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t time = t->times[i];
		if (!p || time < p->span.start || time >= p->span.end)
			p = table_find_pane(t, time);
		if (!p)
			continue;
		t->rows[n] = t->rows[i];
		t->times[n] = time;
		t->pane_of[n++] = p;
	}
	return n;
}

void table_sort_by_pane(struct table *t, uint32_t count)
{
	t->touched_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct pane *p = t->pane_of[i];
		if (!p->local) {
			t->touched[t->touched_count++] = p;
			t->scratch[t->touched_count - 1] = 0;
			p->local = t->touched_count;
		}
		t->scratch[p->local - 1]++;
	}
	uint32_t from = 0;
	for (uint32_t k = 0; k < t->touched_count; k++) {
		t->touched_from[k] = from;
		from += t->scratch[k];
		t->scratch[k] = t->touched_from[k];
	}
	t->touched_from[t->touched_count] = from;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = t->scratch[t->pane_of[i]->local - 1]++;
		t->sorted_rows[at] = t->rows[i];
		t->sorted_times[at] = t->times[i];
	}
	for (uint32_t k = 0; k < t->touched_count; k++)
		t->touched[k]->local = 0;
}
