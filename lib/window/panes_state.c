/* Panes as rows of a snapshot. */
#include <string.h>

#include "base/mem.h"
#include "record/batch_rows.h"
#include "window/panes.h"

uint32_t panes_save(const struct panes *p, uint32_t from, struct batch *b)
{
	uint32_t n = p->count - from < BATCH_ROWS ? p->count - from : BATCH_ROWS;
	if (!from)
		batch_add_row(b, &(struct field){"closed", value_int(p->closed)}, 1);
	for (uint32_t i = from; i < from + n; i++) {
		const struct held_pane *pane = &p->items[i];
		struct field row[] = {{"start", value_int(pane->span.start)},
				      {"end", value_int(pane->span.end)},
				      {"touched", value_bool(pane->touched)}};
		batch_add_row(b, row, 3);
	}
	return n;
}

int panes_load(struct panes *p, const struct batch *b, struct error *e)
{
	for (uint32_t row = 0; row < b->rows; row++) {
		struct value closed = batch_get(b, row, "closed"), start = batch_get(b, row, "start"),
			     end = batch_get(b, row, "end");
		if (closed.type == TYPE_INT) {
			p->closed = closed.i;
			continue;
		}
		if (start.type != TYPE_INT || end.type != TYPE_INT ||
		    (p->count && p->items[p->count - 1].span.start >= start.i))
			return error_set(e, ERR_FAILED, "a snapshot of windows that makes no sense");
		if (p->count == p->cap) {
			p->cap = (uint32_t)mem_grow(p->cap, p->count + 1);
			p->items = mem_resize(p->items, p->cap, sizeof *p->items);
		}
		p->items[p->count++] =
			(struct held_pane){.span = {start.i, end.i}, .touched = batch_get(b, row, "touched").i == 1};
	}
	return 0;
}
