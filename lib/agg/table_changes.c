/* What has changed since the last snapshot. */
#include <stdlib.h>

#include "agg/table_private.h"
#include "base/mem.h"

void table_note_change(struct table *t, struct pane *p)
{
	struct changes *c = &t->changes;
	if (!t->tracks || !p->id || p->changed_at)
		return;
	if (c->changed_count == c->changed_cap) {
		c->changed_cap = (uint32_t)mem_grow(c->changed_cap, c->changed_cap + 1);
		c->changed = mem_resize(c->changed, c->changed_cap, sizeof *c->changed);
	}
	c->changed[c->changed_count++] = p;
	p->changed_at = c->changed_count;
}

void table_note_rows(struct table *t, struct pane *p, const uint32_t *groups, uint32_t count)
{
	table_note_change(t, p);
	pane_mark(p, groups, count);
}

static void note_gone(struct changes *c, uint64_t id)
{
	if (c->gone_count == c->gone_cap) {
		c->gone_cap = mem_grow(c->gone_cap, c->gone_cap + 1);
		c->gone = mem_resize(c->gone, c->gone_cap, sizeof *c->gone);
	}
	c->gone[c->gone_count++] = id;
}

void table_forget_pane(struct table *t, struct pane *p)
{
	if (p->changed_at)
		t->changes.changed[p->changed_at - 1] = NULL;
	if (p->saved)
		note_gone(&t->changes, p->id);
	pane_free(p, &t->shape);
}
