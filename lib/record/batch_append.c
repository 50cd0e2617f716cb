#include <string.h>

#include "base/mem.h"
#include "record/batch.h"

enum { COLUMNWISE_MIN = 8 }; /* fewer rows go one by one */

/* Where the columns and shapes of `from` are in `to`; -1: not looked up yet. */
struct mapping {
	int32_t *columns;
	int32_t *shapes;
};

static int map_column(struct batch *to, const struct batch *from, struct mapping *map, uint32_t column)
{
	if (map->columns[column] < 0)
		map->columns[column] = batch_column(to, from->columns[column].name, from->columns[column].name_len);
	return map->columns[column];
}

static int map_shape(struct batch *to, const struct batch *from, struct mapping *map, uint32_t shape)
{
	if (map->shapes[shape] >= 0)
		return map->shapes[shape];
	const struct shape *s = &from->shapes[shape];
	uint16_t *columns = arena_array(&to->arena, s->count, sizeof *columns);
	for (uint32_t i = 0; i < s->count; i++) {
		int at = map_column(to, from, map, s->columns[i]);
		if (at < 0)
			return -1;
		columns[i] = (uint16_t)at;
	}
	return map->shapes[shape] = batch_shape_of(to, columns, s->count);
}

static void append_meta(struct batch *to, const struct batch *from, uint32_t row, uint32_t at)
{
	for (enum meta m = 0; m < META_COUNT; m++) {
		struct value v = column_get(&from->meta[m], row);
		if (to->meta[m].form == COLUMN_VALUES || v.type != TYPE_ABSENT)
			batch_meta(to, m)[at] = value_keep(v, &to->arena);
	}
}

static bool append_row(struct batch *to, const struct batch *from, struct mapping *map, uint32_t row)
{
	uint32_t code = from->shape_of ? from->shape_of[row] : 0;
	int shape = map_shape(to, from, map, code);
	if (shape < 0)
		return false;
	const struct shape *s = &from->shapes[code];
	uint32_t at = batch_begin(to);
	for (uint32_t i = 0; i < s->count; i++) {
		struct value v = column_get(&from->columns[s->columns[i]], row);
		to->columns[map->columns[s->columns[i]]].values[at] = value_keep(v, &to->arena);
	}
	append_meta(to, from, row, at);
	batch_end(to, (uint32_t)shape, from->lines ? from->lines[row] : 0);
	return true;
}

/* -- rows of one shape: column by column -- */

/* The texts of a column in one block, which they share. */
static void keep_texts(struct value *v, uint32_t count, struct arena *a)
{
	size_t total = 0;
	for (uint32_t i = 0; i < count; i++)
		total += value_has_text(v[i]) ? v[i].len : 0;
	char *to = total ? arena_alloc(a, total) : NULL;
	for (uint32_t i = 0; i < count && total; i++) {
		if (!value_has_text(v[i]))
			continue;
		text_copy(to, v[i].s, v[i].len);
		v[i].s = to;
		to += v[i].len;
	}
}

static void append_column(struct value *out, const struct column *c, const uint32_t *rows, uint32_t count,
			  struct arena *a)
{
	struct column one = *c;
	if (one.form == COLUMN_CONST)
		one.value = value_keep(one.value, a);
	column_gather(&one, rows, count, out);
	if (one.form != COLUMN_CONST)
		keep_texts(out, count, a);
}

static bool is_absent(const struct column *c)
{
	return c->form == COLUMN_CONST && c->value.type == TYPE_ABSENT;
}

static uint32_t append_columns(struct batch *to, const struct batch *from, struct mapping *map, uint32_t first)
{
	int shape = map_shape(to, from, map, 0);
	uint32_t count = batch_count(from) - first, at = to->rows;
	if (shape < 0)
		return 0;
	if (count > BATCH_ROWS_MAX - at)
		count = BATCH_ROWS_MAX - at;
	uint32_t *rows = arena_array(&to->arena, count, sizeof *rows);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = batch_row(from, first + i);
	while (to->capacity - at < count)
		batch_grow(to);
	const struct shape *s = &from->shapes[0];
	for (uint32_t i = 0; i < s->count; i++)
		append_column(to->columns[map->columns[s->columns[i]]].values + at, &from->columns[s->columns[i]], rows,
			      count, &to->arena);
	for (enum meta m = 0; m < META_COUNT; m++)
		if (to->meta[m].form == COLUMN_VALUES || !is_absent(&from->meta[m]))
			append_column(batch_meta(to, m) + at, &from->meta[m], rows, count, &to->arena);
	for (uint32_t i = 0; i < count; i++)
		batch_end(to, (uint32_t)shape, from->lines ? from->lines[rows[i]] : 0);
	return count;
}

uint32_t batch_append(struct batch *to, const struct batch *from, uint32_t first)
{
	uint32_t count = batch_count(from), i = first;
	struct mapping map = {
		.columns = arena_array(&to->arena, from->column_count, sizeof *map.columns),
		.shapes = arena_array(&to->arena, from->shape_count, sizeof *map.shapes),
	};
	memset(map.columns, 0xff, from->column_count * sizeof *map.columns);
	memset(map.shapes, 0xff, from->shape_count * sizeof *map.shapes);
	if (count - first >= COLUMNWISE_MIN && !from->shape_of)
		return append_columns(to, from, &map, first);
	while (i < count && to->rows < BATCH_ROWS_MAX && append_row(to, from, &map, batch_row(from, i)))
		i++;
	return i - first;
}
