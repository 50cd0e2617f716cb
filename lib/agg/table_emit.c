/* Results: the groups of a pane as rows. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

static int add_column(struct batch *b, const char *name)
{
	return batch_column(b, name, strlen(name));
}

/* The columns of the results, in order. */
static void make_columns(struct table *t)
{
	uint32_t count = 0;
	if (t->has_window) {
		t->out_columns[count++] = (uint16_t)add_column(&t->out, table_window_start);
		t->out_columns[count++] = (uint16_t)add_column(&t->out, table_window_end);
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
			w.end == TIMESTAMP_MIN ? value_absent()
					       : value_time(time_subtract(w.end, t->spec.kind != WINDOW_COUNT));
	}
	for (uint32_t k = 0; k < t->key_count; k++)
		b->columns[*c++].values[row] = value_keep(groups_key(&p->groups, group, k), &b->arena);
	for (uint32_t o = 0; o < t->output_count; o++) {
		const struct output *out = &t->outputs[o];
		struct value v = agg_result(pane_aggs(p, &t->shape)[out->agg], &out->call, group, span, &b->arena);
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
	if (t->gives_partials)
		return table_flush_partials(t, emit, self, e);
	if (!t->out.rows)
		return OK;
	t->out.sorted = sorted_fields(t);
	int code = emit(self, &t->out, e);
	batch_clear(&t->out);
	return code;
}

int table_emit_pane(struct table *t, struct pane *p, struct span w, table_emit emit, void *self, struct error *e)
{
	if (t->gives_partials)
		return table_put_partials(t, p, emit, self, e);
	if (p->run_count)
		return table_emit_spilled(t, p, w, emit, self, e);
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
	if (t->gives_partials)
		return table_give(t, emit, self, e);
	if (!t->pane_count)
		table_add_pane(t, all);
	struct pane *p = t->panes[0];
	if (!t->key_count)
		groups_number(&p->groups, NULL);
	int code = table_emit_pane(t, p, all, emit, self, e);
	return code ? code : table_flush(t, emit, self, e);
}
