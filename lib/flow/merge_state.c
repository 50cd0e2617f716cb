/* What a fan-in holds, at a barrier and after it. */
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/merge_private.h"
#include "record/batch_rows.h"

static const char ORDER[] = "order_field", INPUT[] = "merge_input";

static int save_order(const struct merge *m, struct snapshot *s, struct error *e)
{
	struct batch b;
	batch_init(&b);
	for (uint32_t i = 0; i < m->order_count; i++) {
		struct field row[] = {{ORDER, value_string(m->order[i].name, strlen(m->order[i].name))},
				      {"descending", value_bool(m->order[i].descending)}};
		batch_add_row(&b, row, 2);
	}
	int r = snapshot_add(s, &b, e);
	batch_release(&b);
	return r;
}

static int save_held(struct held *h, int input, struct snapshot *s, struct error *e)
{
	struct batch head;
	struct field row[] = {
		{INPUT, value_int(input)}, {"sorted", value_int(h->sorted)}, {"until", value_int(h->until)}};
	batch_init(&head);
	batch_add_row(&head, row, 3);
	int r = snapshot_add(s, &head, e);
	batch_release(&head);
	if (r)
		return r;
	uint32_t count = h->rows.rows - h->at, *rows = arena_array(&h->rows.arena, count, sizeof *rows);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = h->at + i;
	batch_select(&h->rows, rows, count);
	r = snapshot_add(s, &h->rows, e);
	batch_select(&h->rows, NULL, 0);
	return r;
}

int merge_save(struct merge *m, struct snapshot *s, struct error *e)
{
	int r = m->order_count ? save_order(m, s, e) : 0;
	for (int i = 0; !r && i < m->count; i++)
		for (struct held *h = m->inputs[i].first; !r && h; h = h->next)
			r = save_held(h, i, s, e);
	return r;
}

/* -- loading -- */

static void load_order(struct merge *m, const struct batch *b)
{
	m->order = mem_array(b->rows, sizeof *m->order);
	for (uint32_t row = 0; row < b->rows; row++) {
		struct value name = batch_get(b, row, ORDER), descending = batch_get(b, row, "descending");
		m->order[m->order_count++] = (struct order_field){
			.name = arena_copy(&m->names, name.s, name.len),
			.descending = descending.type == TYPE_BOOL && descending.i,
		};
	}
}

static int load_head(struct merge *m, const struct batch *b, struct error *e)
{
	struct value input = batch_get(b, 0, INPUT), sorted = batch_get(b, 0, "sorted"),
		     until = batch_get(b, 0, "until");
	if (input.type != TYPE_INT || input.i < 0 || input.i >= m->count)
		return error_set(e, ERR_FAILED, "the snapshot is of another number of copies");
	struct merge_input *in = &m->inputs[input.i];
	m->loading = merge_hold(in, (uint32_t)sorted.i);
	m->loading->until = until.i;
	in->ordered = m->order_count > 0;
	return 0;
}

int merge_load(struct merge *m, struct batch *b, struct error *e)
{
	if (!b)
		return 0;
	struct held *h = m->loading;
	if (!h && batch_get(b, 0, ORDER).type == TYPE_STRING) {
		load_order(m, b);
		return 0;
	}
	if (!h)
		return load_head(m, b, e);
	m->loading = NULL;
	if (batch_append(&h->rows, b, 0) < batch_count(b))
		return error_set(e, ERR_FAILED, "the snapshot has too many fields");
	for (int i = 0; i < m->count; i++)
		if (m->inputs[i].last == h)
			m->inputs[i].rows += b->rows;
	return 0;
}
