#include "record/batch_rows.h"

#include <string.h>

bool batch_add_row(struct batch *b, const struct field *fields, uint32_t count)
{
	uint16_t *columns = arena_array(&b->arena, count, sizeof *columns);
	uint32_t row = batch_begin(b);
	for (uint32_t i = 0; i < count; i++) {
		int c = batch_column(b, fields[i].name, strlen(fields[i].name));
		if (c < 0)
			return false;
		columns[i] = (uint16_t)c;
		b->columns[c].values[row] = value_keep(fields[i].value, &b->arena);
	}
	int shape = batch_shape_of(b, columns, count);
	if (shape < 0)
		return false;
	batch_end(b, (uint32_t)shape, 0);
	return true;
}

struct value batch_get(const struct batch *b, uint32_t row, const char *name)
{
	return column_get(batch_field(b, name, strlen(name)), row);
}
