#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hold/hold.h"

enum { AHEAD = 12 }; /* rows */

void gather_init(struct gather *g)
{
	*g = (struct gather){0};
	batch_init(&g->out);
}

void gather_release(struct gather *g)
{
	batch_release(&g->out);
	free(g->columns);
	*g = (struct gather){0};
}

static void forget(struct block *k, const struct gather *g)
{
	const struct batch *b = &k->rows;
	k->columns = mem_resize(k->columns, b->column_count + 1, sizeof *k->columns);
	k->shapes = mem_resize(k->shapes, b->shape_count + 1, sizeof *k->shapes);
	memset(k->columns, 0xff, b->column_count * sizeof *k->columns);
	memset(k->shapes, 0xff, b->shape_count * sizeof *k->shapes);
	k->mapped_columns = b->column_count;
	k->mapped_shapes = b->shape_count;
	k->mapped_for = g;
	k->mapped_generation = g->out.generation;
}

static bool is_lead(const struct gather *g, const struct column *c)
{
	for (uint32_t i = 0; i < g->lead_count; i++)
		if (strlen(g->lead[i].name) == c->name_len && !memcmp(g->lead[i].name, c->name, c->name_len))
			return true;
	return false;
}

/* The shape of these rows in the new batch, and the columns in it; -1: no room for them. */
static int map_shape(struct gather *g, struct block *k, uint32_t code)
{
	const struct shape *s = &k->rows.shapes[code];
	uint32_t n = 0;
	if (g->cap < s->count + g->lead_count) {
		g->cap = (uint32_t)mem_grow(g->cap, s->count + g->lead_count);
		g->columns = mem_resize(g->columns, g->cap, sizeof *g->columns);
	}
	for (uint32_t i = 0; i < g->lead_count; i++) {
		int c = batch_column(&g->out, g->lead[i].name, strlen(g->lead[i].name));
		if (c < 0)
			return -1;
		g->columns[n++] = (uint16_t)c;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		const struct column *c = &k->rows.columns[s->columns[i]];
		if (g->lead_count && is_lead(g, c))
			continue;
		int at = batch_column(&g->out, c->name, c->name_len);
		if (at < 0)
			return -1;
		k->columns[s->columns[i]] = at;
		g->columns[n++] = (uint16_t)at;
	}
	return k->shapes[code] = batch_shape_of(&g->out, g->columns, n);
}

static void copy_meta(struct batch *out, const struct batch *from, uint32_t row, uint32_t at)
{
	for (enum meta m = 0; m < META_COUNT; m++) {
		struct value v = column_get(&from->meta[m], row);
		if (out->meta[m].form == COLUMN_VALUES || v.type != TYPE_ABSENT)
			batch_meta(out, m)[at] = v;
	}
}

/* The open block may have got columns and shapes since. */
static bool is_mapped(const struct block *k, const struct gather *g)
{
	return k->mapped_for == g && k->mapped_generation == g->out.generation &&
	       k->mapped_columns == k->rows.column_count && k->mapped_shapes == k->rows.shape_count;
}

static bool take(struct gather *g, struct row_ref ref)
{
	struct block *k = ref.block;
	struct batch *from = &k->rows, *out = &g->out;
	if (!is_mapped(k, g))
		forget(k, g);
	uint32_t code = from->shape_of ? from->shape_of[ref.row] : 0;
	int shape = k->shapes[code] >= 0 ? k->shapes[code] : map_shape(g, k, code);
	if (shape < 0)
		return false;
	const struct shape *s = &from->shapes[code];
	uint32_t at = batch_begin(out);
	for (uint32_t i = 0; i < s->count; i++) {
		int to = k->columns[s->columns[i]];
		if (to < 0)
			continue;
		struct value v = column_get(&from->columns[s->columns[i]], ref.row);
		if (value_has_text(v))
			__builtin_prefetch(v.s); /* for whoever writes it */
		out->columns[to].values[at] = v;
	}
	for (uint32_t i = 0; i < g->lead_count; i++)
		out->columns[out->shapes[shape].columns[i]].values[at] = g->lead[i].value;
	copy_meta(out, from, ref.row, at);
	batch_end(out, (uint32_t)shape, from->lines ? from->lines[ref.row] : 0);
	return true;
}

/* Rows in a new order lie anywhere: what will be read soon is asked for now, or each cell would be waited for. */
static void ask_for(struct row_ref ref)
{
	const struct batch *b = &ref.block->rows;
	const struct shape *s = batch_shape(b, ref.row);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct column *c = &b->columns[s->columns[i]];
		switch (c->form) {
		case COLUMN_CONST: break;
		case COLUMN_VALUES: __builtin_prefetch(&c->values[ref.row]); break;
		case COLUMN_TEXT: __builtin_prefetch(&c->offsets[ref.row]); break;
		case COLUMN_FLOAT: __builtin_prefetch(&c->floats[ref.row]); break;
		default: __builtin_prefetch((const char *)c->ints + (size_t)ref.row * c->width);
		}
	}
}

uint32_t gather_rows(struct gather *g, const struct row_ref *refs, uint32_t count)
{
	batch_clear(&g->out);
	for (uint32_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			ask_for(refs[i + AHEAD]);
		if (take(g, refs[i]))
			continue;
		if (i)
			return i;
		/* What earlier batches had is in the way. */
		batch_reset(&g->out);
		if (!take(g, refs[i]))
			return 0;
	}
	return count;
}

int gather_all(struct gather *g, const struct row_ref *refs, size_t count, gather_emit emit, void *self,
	       struct error *e)
{
	int r = 0;
	for (size_t at = 0; at < count && !r;) {
		uint32_t taken =
			gather_rows(g, refs + at, count - at < BATCH_ROWS ? (uint32_t)(count - at) : BATCH_ROWS);
		r = taken ? emit(self, &g->out, e) : error_set(e, ERR_FAILED, "a record has too many fields");
		at += taken;
	}
	return r;
}
