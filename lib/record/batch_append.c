#include <string.h>

#include "base/mem.h"
#include "record/batch.h"

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

uint32_t batch_append(struct batch *to, const struct batch *from, uint32_t first)
{
	uint32_t count = batch_count(from), i = first;
	struct mapping map = {
		.columns = arena_array(&to->arena, from->column_count, sizeof *map.columns),
		.shapes = arena_array(&to->arena, from->shape_count, sizeof *map.shapes),
	};
	memset(map.columns, 0xff, from->column_count * sizeof *map.columns);
	memset(map.shapes, 0xff, from->shape_count * sizeof *map.shapes);
	while (i < count && to->rows < BATCH_ROWS_MAX && append_row(to, from, &map, batch_row(from, i)))
		i++;
	return i - first;
}
