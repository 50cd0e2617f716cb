/* The keys that sessions and count windows are kept apart by. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"

enum { IDLE_KEYS_MAX = 4096 }; /* keys without a pane that are remembered, beside as many as have one */

void table_number_by(struct table *t, uint32_t input, const struct batch *b, uint32_t count)
{
	size_t n = t->spec.by_count;
	const struct column **columns = mem_array(n, sizeof *columns);
	for (size_t i = 0; i < n; i++)
		columns[i] = batch_field(b, t->spec.by[i], strlen(t->spec.by[i]));
	groups_find(&t->by, input, columns, t->rows, count, t->groups, t->scratch);
	free(columns);
	table_reserve_by(t);
}

void table_reserve_by(struct table *t)
{
	if (t->by.count <= t->by_cap)
		return;
	uint32_t cap = (uint32_t)mem_grow(t->by_cap, t->by.count);
	t->by_panes = mem_resize(t->by_panes, cap, sizeof *t->by_panes);
	memset(t->by_panes + t->by_cap, 0, (cap - t->by_cap) * sizeof *t->by_panes);
	t->by_cap = cap;
}

void table_compact_by(struct table *t)
{
	if (!t->by.key_count || t->by.count <= 2 * t->pane_count + IDLE_KEYS_MAX)
		return;
	struct groups old = t->by;
	struct value *values = mem_array(old.key_count, sizeof *values);
	groups_init(&t->by, old.key_count);
	struct key_panes *moved = mem_zero(t->by_cap * sizeof *moved);
	for (uint32_t key = 0; key < old.count; key++) {
		if (!t->by_panes[key].count) {
			free(t->by_panes[key].panes);
			continue;
		}
		for (uint32_t k = 0; k < old.key_count; k++)
			values[k] = groups_key(&old, key, k);
		uint32_t now = groups_number(&t->by, values);
		moved[now] = t->by_panes[key];
		for (uint32_t i = 0; i < moved[now].count; i++)
			moved[now].panes[i]->key = now;
	}
	free(t->by_panes);
	free(values);
	groups_release(&old);
	t->by_panes = moved;
}
