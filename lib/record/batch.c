#include "record/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch_store.h"

enum {
	CAPACITY_MIN = 64,
	CELLS_MAX = 8 << 20,     /* 128 MiB of values: a batch of many columns closes early */
	COLUMNS_KEPT_MAX = 2048, /* more are not worth keeping as a prediction */
	SHAPES_KEPT_MAX = 256,
};

const char *const meta_names[META_COUNT] = {"@time", "@arrived", "@key", "@hash", "@stream", "@shard", "@seq"};

int meta_find(const char *name, size_t len)
{
	if (!len || *name != '@')
		return -1;
	for (int m = 0; m < META_COUNT; m++)
		if (strlen(meta_names[m]) == len && !memcmp(meta_names[m], name, len))
			return m;
	return -1;
}

static void meta_clear(struct batch *b)
{
	for (int m = 0; m < META_COUNT; m++) {
		b->meta[m] = column_const(value_absent());
		b->meta[m].name = meta_names[m];
		b->meta[m].name_len = (uint32_t)strlen(meta_names[m]);
	}
}

void batch_init(struct batch *b)
{
	*b = (struct batch){0};
	b->store = mem_zero(sizeof *b->store);
	meta_clear(b);
}

void batch_release(struct batch *b)
{
	if (!b->store)
		return;
	for (uint32_t c = 0; c < b->store->cells_cap; c++)
		free(b->store->cells[c]);
	for (int m = 0; m < META_COUNT; m++)
		free(b->store->meta_cells[m]);
	free(b->store->cells);
	free(b->store->index);
	free(b->store->saved_columns);
	free(b->store->saved_shapes);
	arena_release(&b->store->names);
	free(b->store);
	free(b->columns);
	free(b->shapes);
	free(b->codes);
	free(b->line_numbers);
	free(b->rejects);
	arena_release(&b->arena);
	*b = (struct batch){0};
}

static void clear_rows(struct batch *b)
{
	b->rows = 0;
	b->shape_of = NULL;
	b->sel = NULL;
	b->sel_count = 0;
	b->sorted = 0;
	b->source = NULL;
	b->lines = NULL;
	b->reject_count = 0;
	meta_clear(b);
	arena_clear(&b->arena);
}

void batch_reset(struct batch *b)
{
	struct batch_store *s = b->store;
	clear_rows(b);
	s->saved = false;
	b->column_count = 0;
	b->shape_count = 0;
	b->generation++;
	if (s->index)
		memset(s->index, 0, s->index_size * sizeof *s->index);
	arena_clear(&s->names);
}

/* Rows that all had one shape, which is not all there is, say that the others are of the past. */
static bool predicts_badly(const struct batch *b)
{
	if (b->column_count > COLUMNS_KEPT_MAX || b->shape_count > SHAPES_KEPT_MAX)
		return true;
	if (!b->rows || b->shape_count < 2)
		return false;
	for (uint32_t row = 1; row < b->rows; row++)
		if (b->codes[row] != b->codes[0])
			return false;
	return true;
}

void batch_clear(struct batch *b)
{
	struct batch_store *s = b->store;
	bool bad = predicts_badly(b);
	if (s->saved) {
		if (s->saved_column_count)
			memcpy(b->columns, s->saved_columns, s->saved_column_count * sizeof *b->columns);
		if (s->saved_shape_count)
			memcpy(b->shapes, s->saved_shapes, s->saved_shape_count * sizeof *b->shapes);
		b->column_count = s->saved_column_count;
		b->shape_count = s->saved_shape_count;
		s->saved = false;
	}
	if (bad)
		batch_reset(b);
	else
		clear_rows(b);
}

/* -- room -- */

static void resize_cells(struct value **cells, uint32_t capacity)
{
	*cells = mem_resize(*cells, capacity, sizeof **cells);
}

void batch_grow(struct batch *b)
{
	struct batch_store *s = b->store;
	b->capacity = b->capacity ? b->capacity * 2 : CAPACITY_MIN;
	b->codes = mem_resize(b->codes, b->capacity, sizeof *b->codes);
	b->line_numbers = mem_resize(b->line_numbers, b->capacity, sizeof *b->line_numbers);
	if (b->shape_of)
		b->shape_of = b->codes;
	if (b->lines)
		b->lines = b->line_numbers;
	for (uint32_t c = 0; c < s->cells_cap; c++) {
		if (!s->cells[c])
			continue;
		resize_cells(&s->cells[c], b->capacity);
		if (c < b->column_count && b->columns[c].form == COLUMN_VALUES)
			b->columns[c].values = s->cells[c];
	}
	for (int m = 0; m < META_COUNT; m++) {
		if (!s->meta_cells[m])
			continue;
		resize_cells(&s->meta_cells[m], b->capacity);
		if (b->meta[m].form == COLUMN_VALUES)
			b->meta[m].values = s->meta_cells[m];
	}
}

void batch_fill_absent(struct batch *b, uint32_t row, uint32_t shape)
{
	/* Cleared as far as it is used: all of it would cost more than the work. */
	__attribute__((uninitialized)) uint64_t has[BATCH_COLUMNS_MAX / 64 + 1];
	const struct shape *s = &b->shapes[shape];
	memset(has, 0, (b->column_count / 64 + 1) * sizeof *has);
	for (uint32_t i = 0; i < s->count; i++)
		has[s->columns[i] / 64] |= UINT64_C(1) << s->columns[i] % 64;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (!(has[c / 64] >> c % 64 & 1))
			b->columns[c].values[row] = value_absent();
}

struct value *batch_meta(struct batch *b, enum meta m)
{
	struct batch_store *s = b->store;
	if (b->meta[m].form == COLUMN_VALUES)
		return b->meta[m].values;
	if (!b->capacity)
		batch_grow(b);
	if (!s->meta_cells[m])
		resize_cells(&s->meta_cells[m], b->capacity);
	memset(s->meta_cells[m], 0, b->capacity * sizeof(struct value));
	b->meta[m].form = COLUMN_VALUES;
	b->meta[m].values = s->meta_cells[m];
	return s->meta_cells[m];
}

/* -- columns by name -- */

/* The place of a name in the index: where it is, or the free place where it would be. */
static uint32_t *index_place(struct batch *b, const char *name, size_t len)
{
	struct batch_store *s = b->store;
	uint32_t mask = s->index_size - 1;
	for (uint32_t at = (uint32_t)bytes_hash(name, len, 0) & mask;; at = (at + 1) & mask) {
		uint32_t *place = &s->index[at];
		if (!*place)
			return place;
		const struct column *c = &b->columns[*place - 1];
		if (c->name && c->name_len == len && !memcmp(c->name, name, len))
			return place;
	}
}

static void index_rebuild(struct batch *b, uint32_t size)
{
	struct batch_store *s = b->store;
	if (size != s->index_size)
		s->index = mem_resize(s->index, size, sizeof *s->index);
	s->index_size = size;
	memset(s->index, 0, size * sizeof *s->index);
	for (uint32_t c = 0; c < b->column_count; c++)
		*index_place(b, b->columns[c].name, b->columns[c].name_len) = c + 1;
}

int batch_find(const struct batch *b, const char *name, size_t len)
{
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name && b->columns[c].name_len == len && !memcmp(b->columns[c].name, name, len))
			return (int)c;
	return -1;
}

const struct column *batch_field(const struct batch *b, const char *name, size_t len)
{
	static const struct column nothing = {.form = COLUMN_CONST};
	int m = meta_find(name, len);
	if (m >= 0)
		return &b->meta[m];
	int c = batch_find(b, name, len);
	return c < 0 ? &nothing : &b->columns[c];
}

/* Room for one more column behind the others; NULL when there is none. */
static struct column *add_column(struct batch *b, const char *name, size_t len, struct arena *names)
{
	if (b->column_count == BATCH_COLUMNS_MAX)
		return NULL;
	if (b->column_count == b->column_cap) {
		b->column_cap = (uint32_t)mem_grow(b->column_cap, 16);
		b->columns = mem_resize(b->columns, b->column_cap, sizeof *b->columns);
	}
	struct column *c = &b->columns[b->column_count++];
	*c = (struct column){.name = arena_copy(names, name, len), .name_len = (uint32_t)len};
	return c;
}

static struct value *cells_of(struct batch *b, uint32_t column)
{
	struct batch_store *s = b->store;
	if (column >= s->cells_cap) {
		uint32_t cap = (uint32_t)mem_grow(s->cells_cap, column + 1);
		s->cells = mem_resize(s->cells, cap, sizeof *s->cells);
		memset(s->cells + s->cells_cap, 0, (cap - s->cells_cap) * sizeof *s->cells);
		s->cells_cap = cap;
	}
	if (!b->capacity)
		batch_grow(b);
	if (!s->cells[column])
		resize_cells(&s->cells[column], b->capacity);
	return s->cells[column];
}

int batch_column(struct batch *b, const char *name, size_t len)
{
	struct batch_store *s = b->store;
	if (s->index_size < 2 * (b->column_count + 1))
		index_rebuild(b, s->index_size ? s->index_size * 2 : 64);
	uint32_t *place = index_place(b, name, len);
	if (*place)
		return (int)*place - 1;
	if (b->rows && (uint64_t)(b->column_count + 1) * b->rows > CELLS_MAX)
		return -1;
	struct column *c = add_column(b, name, len, &s->names);
	if (!c)
		return -1;
	*place = b->column_count;
	c->form = COLUMN_VALUES;
	c->values = cells_of(b, b->column_count - 1);
	memset(c->values, 0, b->rows * sizeof *c->values);
	return (int)b->column_count - 1;
}

/* -- shapes -- */

static uint32_t add_shape(struct batch *b)
{
	if (b->shape_count == b->shape_cap) {
		b->shape_cap = (uint32_t)mem_grow(b->shape_cap, 8);
		b->shapes = mem_resize(b->shapes, b->shape_cap, sizeof *b->shapes);
	}
	return b->shape_count++;
}

int batch_shape_of(struct batch *b, const uint16_t *columns, uint32_t count)
{
	for (uint32_t s = b->shape_count; s-- > 0;)
		if (b->shapes[s].count == count &&
		    (!count || !memcmp(b->shapes[s].columns, columns, count * sizeof *columns)))
			return (int)s;
	if (b->shape_count == UINT16_MAX)
		return -1;
	uint32_t s = add_shape(b);
	uint16_t *copy = arena_array(&b->store->names, count, sizeof *copy);
	if (count)
		memcpy(copy, columns, count * sizeof *columns);
	b->shapes[s] = (struct shape){copy, count};
	return (int)s;
}

/* -- rejects and selection -- */

void batch_select(struct batch *b, const uint32_t *sel, uint32_t count)
{
	b->sel = sel;
	b->sel_count = count;
}

struct reject *batch_reject_add(struct batch *b)
{
	if (b->reject_count == b->reject_cap) {
		b->reject_cap = (uint32_t)mem_grow(b->reject_cap, 16);
		b->rejects = mem_resize(b->rejects, b->reject_cap, sizeof *b->rejects);
	}
	struct reject *r = &b->rejects[b->reject_count++];
	*r = (struct reject){0};
	return r;
}
