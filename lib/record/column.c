#include "record/column.h"

static struct value dense_int(const struct column *c, uint32_t row)
{
	uint64_t raw = column_raw(c, row);
	return (struct value){.i = (int64_t)(raw + (uint64_t)c->bias), .type = c->type, .scale = c->scale};
}

struct value column_dense(const struct column *c, uint32_t row)
{
	switch (c->form) {
	case COLUMN_CONST: return c->value;
	case COLUMN_INT: return dense_int(c, row);
	case COLUMN_FLOAT: return value_float(c->floats[row]);
	case COLUMN_TEXT: return value_text(c->type, c->bytes + c->offsets[row], c->offsets[row + 1] - c->offsets[row]);
	case COLUMN_DICT: return c->dict[column_raw(c, row)];
	default: return c->values[row];
	}
}

void column_gather(const struct column *c, const uint32_t *rows, uint32_t count, struct value *out)
{
	if (c->form == COLUMN_CONST) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = c->value;
		return;
	}
	if (c->form == COLUMN_VALUES && rows) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = c->values[rows[i]];
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		out[i] = column_get(c, rows ? rows[i] : i);
}
