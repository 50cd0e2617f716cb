/* Snapshots: all groups, or those that records came to since the last one. */
#include "agg/table_private.h"

void table_keep_marks(struct table *t)
{
	t->marks = true;
}

bool table_can_change(const struct table *t)
{
	if (!t->marks || t->gives_partials || (t->has_window && (t->spec.kind > WINDOW_CUMULATE || t->spec.lateness)))
		return false;
	for (uint32_t i = 0; i < t->pane_count; i++)
		if (t->panes[i]->run_count)
			return false;
	return true;
}

static bool is_marked(const struct pane *p, uint32_t group)
{
	return group < p->mark_count && p->marks[group];
}

static int put_pane(struct table *t, struct pane *p, bool changes, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	if (p->run_count)
		return table_put_partials(t, p, emit, self, e);
	for (uint32_t g = 0; g < p->groups.count && !code; g++) {
		if (changes && !is_marked(p, g))
			continue;
		code = table_make_room(t, emit, self, e);
		if (!code)
			table_put_state(t, &t->partials, p, g);
	}
	pane_unmark(p);
	return code;
}

int table_snapshot(struct table *t, bool changes, table_emit emit, void *self, struct error *e)
{
	int code = table_flush_partials(t, emit, self, e);
	for (uint32_t i = 0; i < t->pane_count && !code; i++)
		code = put_pane(t, t->panes[i], changes, emit, self, e);
	return code ? code : table_flush_partials(t, emit, self, e);
}

int64_t table_closed(const struct table *t)
{
	return t->closed;
}
