#include "agg/input.h"

#include <stdlib.h>

#include "agg/sum.h"
#include "base/mem.h"

void input_room_release(struct input_room *r)
{
	free(r->ints);
	free(r->values);
	*r = (struct input_room){0};
}

static void reserve(struct input_room *r, uint32_t count)
{
	if (count <= r->cap)
		return;
	r->cap = (uint32_t)mem_grow(r->cap, count);
	r->ints = mem_resize(r->ints, r->cap, sizeof *r->ints);
	r->values = mem_resize(r->values, r->cap, sizeof *r->values);
}

__attribute__((always_inline)) static inline void load_ints(int64_t *out, const struct column *c, const uint32_t *rows,
							    uint32_t count, unsigned width)
{
	struct column fixed = *c;
	fixed.width = (uint8_t)width;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (int64_t)(column_raw(&fixed, rows ? rows[i] : i) + (uint64_t)c->bias);
}

static void load_int_column(int64_t *out, const struct column *c, const uint32_t *rows, uint32_t count)
{
	switch (c->width) {
	case 1: load_ints(out, c, rows, count, 1); break;
	case 2: load_ints(out, c, rows, count, 2); break;
	case 4: load_ints(out, c, rows, count, 4); break;
	default: load_ints(out, c, rows, count, 8);
	}
}

/* Whether all are ints or decimals of one scale, which are then in `out`. */
static bool all_ints(int64_t *out, const struct value *values, const uint32_t *rows, uint32_t count, unsigned *scale)
{
	if (!count)
		return false;
	*scale = values[rows ? rows[0] : 0].scale;
	for (uint32_t i = 0; i < count; i++) {
		const struct value *v = &values[rows ? rows[i] : i];
		if (v->type != TYPE_INT || v->scale != *scale)
			return false;
		out[i] = v->i;
	}
	return true;
}

struct input input_load(struct input_room *r, const struct column *c, const uint32_t *rows, uint32_t count)
{
	struct input in = {.ints = NULL};
	reserve(r, count);
	if (c->form == COLUMN_INT && c->type == TYPE_INT && !c->marks) {
		load_int_column(r->ints, c, rows, count);
		in.ints = r->ints;
		in.scale = c->scale;
		return in;
	}
	if (c->form == COLUMN_VALUES) {
		if (all_ints(r->ints, c->values, rows, count, &in.scale)) {
			in.ints = r->ints;
			return in;
		}
		if (!rows) {
			in.values = c->values;
			return in;
		}
	}
	column_gather(c, rows, count, r->values);
	if (c->form != COLUMN_VALUES && all_ints(r->ints, r->values, NULL, count, &in.scale))
		in.ints = r->ints;
	else
		in.values = r->values;
	return in;
}

/* Forms whose type says that nothing can be wrong. */
static bool surely_right(const struct column *c, bool numbers)
{
	if (c->form == COLUMN_INT || c->form == COLUMN_TEXT)
		return !numbers || c->type == TYPE_INT;
	return c->form == COLUMN_FLOAT;
}

static inline bool is_wrong(struct value v, bool numbers)
{
	if (v.type == TYPE_INT || v.type <= TYPE_NULL)
		return false;
	return v.type == TYPE_ERROR || (numbers && !sum_takes(v));
}

uint32_t input_wrong(const struct column *c, const uint32_t *rows, uint32_t count, bool numbers, uint32_t *wrong)
{
	uint32_t n = 0;
	if (surely_right(c, numbers))
		return 0;
	if (c->form == COLUMN_CONST && !is_wrong(c->value, numbers))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (is_wrong(column_get(c, rows ? rows[i] : i), numbers))
			wrong[n++] = i;
	return n;
}
