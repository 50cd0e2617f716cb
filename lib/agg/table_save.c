/* Groups as rows of partial results. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/hash.h"

enum { BYTES_MAX = 1 << 20 }; /* of the texts of a batch */

const char table_window_start[] = "window_start", table_window_end[] = "window_end", table_partial[] = "partial",
	   table_state[] = "state";

void state_rows_release(struct state_rows *r)
{
	batch_release(&r->b);
	free(r->columns);
	*r = (struct state_rows){0};
}

static void make_columns(const struct table *t, struct state_rows *r)
{
	uint32_t count = 0;
	r->columns = mem_resize(r->columns, (size_t)t->key_count + 4, sizeof *r->columns);
	if (t->has_window) {
		r->columns[count++] = (uint16_t)batch_column(&r->b, table_window_start, strlen(table_window_start));
		r->columns[count++] = (uint16_t)batch_column(&r->b, table_window_end, strlen(table_window_end));
	}
	for (uint32_t k = 0; k < t->key_count; k++)
		r->columns[count++] = (uint16_t)batch_column(&r->b, t->key_names[k], strlen(t->key_names[k]));
	if (r->about)
		r->columns[count++] = (uint16_t)batch_column(&r->b, table_partial, strlen(table_partial));
	r->columns[count++] = (uint16_t)batch_column(&r->b, table_state, strlen(table_state));
	r->shape = (uint32_t)batch_shape_of(&r->b, r->columns, count);
}

/* -- cells -- */

static bool loses_type(struct value v)
{
	return v.type == TYPE_TIME || v.type == TYPE_BYTES;
}

void table_put_values(struct buf *out, const struct groups *g, uint32_t group)
{
	state_put_varint(out, g->key_count);
	for (uint32_t k = 0; k < g->key_count; k++)
		state_put_value(out, groups_key(g, group, k));
}

void table_put_states(struct table *t, struct pane *p, uint32_t group, struct buf *out)
{
	for (uint32_t i = 0; i < t->shape.agg_count; i++)
		agg_save(pane_aggs(p, &t->shape)[i], group, out);
}

static unsigned cell_flags(const struct table *t, const struct pane *p, uint32_t group)
{
	unsigned flags = p->touched || t->gives_partials ? 0 : CELL_QUIET;
	bool counts = t->has_window && t->spec.kind == WINDOW_COUNT;
	if (p->least <= p->greatest && (!t->has_window || counts))
		flags |= CELL_TIMES;
	if (counts)
		flags |= CELL_RECORDS;
	if (t->has_window && t->spec.kind >= WINDOW_SESSION)
		flags |= CELL_BY;
	for (uint32_t k = 0; k < t->key_count; k++)
		if (loses_type(groups_key(&p->groups, group, k)))
			flags |= CELL_KEYS;
	return flags;
}

static void make_cell(struct table *t, struct pane *p, uint32_t group)
{
	struct buf *out = &t->cell;
	unsigned flags = cell_flags(t, p, group);
	buf_clear(out);
	buf_byte(out, STATE_VERSION);
	state_put_varint(out, flags);
	if (flags & CELL_TIMES) {
		state_put_zigzag(out, p->least);
		state_put_zigzag(out, p->greatest);
	}
	if (flags & CELL_RECORDS)
		state_put_varint(out, (uint64_t)p->records);
	if (flags & CELL_BY)
		table_put_values(out, &t->by, p->key);
	if (flags & CELL_KEYS)
		table_put_values(out, &p->groups, group);
	table_put_states(t, p, group, out);
	uint64_t sum = hash64(out->data, out->len);
	for (int i = 0; i < STATE_SUM_SIZE; i++)
		buf_byte(out, (char)(sum >> 8 * i));
}

/* -- rows -- */

static bool is_count(const struct table *t)
{
	return t->spec.kind == WINDOW_COUNT;
}

/* As the results have them; those of an open count window are not known. */
static struct span row_span(const struct table *t, const struct pane *p)
{
	if (!is_count(t))
		return p->span;
	bool known = p->records >= t->spec.count && p->least <= p->greatest;
	return known ? (struct span){p->least, p->greatest} : (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX};
}

static void put_window(const struct table *t, struct batch *b, uint32_t row, const uint16_t *columns,
		       const struct pane *p)
{
	struct span w = row_span(t, p);
	b->columns[columns[0]].values[row] = w.start == TIMESTAMP_MIN ? value_null() : value_time(w.start);
	b->columns[columns[1]].values[row] = w.end == TIMESTAMP_MAX ? value_null() : value_time(w.end);
	/* The last moment: a record of that time lies in the same window. */
	batch_meta(b, META_TIME)[row] =
		w.end == TIMESTAMP_MAX ? value_absent() : value_time(time_subtract(w.end, !is_count(t)));
}

void table_put_state(struct table *t, struct state_rows *r, struct pane *p, uint32_t group)
{
	struct batch *b = &r->b;
	if (!b->store)
		batch_init(b);
	if (!b->rows) {
		make_columns(t, r);
		r->bytes = 0;
	}
	make_cell(t, p, group);
	r->bytes += t->cell.len;
	uint32_t row = batch_begin(b);
	const uint16_t *c = r->columns;
	if (t->has_window) {
		put_window(t, b, row, c, p);
		c += 2;
	}
	for (uint32_t k = 0; k < t->key_count; k++) {
		struct value key = value_keep(groups_key(&p->groups, group, k), &b->arena);
		r->bytes += value_has_text(key) ? key.len : 0;
		b->columns[*c++].values[row] = key;
	}
	if (r->about)
		b->columns[*c++].values[row] = table_about(t);
	b->columns[*c].values[row] =
		value_text(TYPE_BYTES, arena_copy(&b->arena, t->cell.data, t->cell.len), t->cell.len);
	batch_end(b, r->shape, 0);
}

int table_flush_partials(struct table *t, table_emit emit, void *self, struct error *e)
{
	if (!t->partials.b.rows)
		return OK;
	int code = emit(self, &t->partials.b, e);
	batch_clear(&t->partials.b);
	return code;
}

int table_put_partials(struct table *t, struct pane *p, table_emit emit, void *self, struct error *e)
{
	uint32_t count = p->groups.count;
	int code = OK;
	if (p->run_count)
		return table_put_spilled(t, p, emit, self, e);
	uint32_t *groups = mem_array(count, sizeof *groups);
	groups_sorted(&p->groups, groups);
	t->partials.about = true;
	for (uint32_t i = 0; i < count && !code; i++) {
		if (t->partials.b.rows == BATCH_ROWS || t->partials.bytes > BYTES_MAX)
			code = table_flush_partials(t, emit, self, e);
		if (!code)
			table_put_state(t, &t->partials, p, groups[i]);
	}
	free(groups);
	return code;
}

int table_save(struct table *t, table_emit emit, void *self, struct error *e)
{
	int code = OK;
	for (uint32_t i = 0; i < t->pane_count && !code; i++)
		code = table_put_partials(t, t->panes[i], emit, self, e);
	return code ? code : table_flush_partials(t, emit, self, e);
}

static bool any_pane(const struct table *t, const struct pane *p)
{
	(void)t;
	(void)p;
	return true;
}

int table_give(struct table *t, table_emit emit, void *self, struct error *e)
{
	int code = table_save(t, emit, self, e);
	table_drop_panes(t, any_pane);
	return code;
}
