#include <string.h>

#include "store/upkeep/rewrite.h"

static bool same_value(struct value a, struct value b)
{
	if (a.type != b.type)
		return false;
	if (value_has_text(a))
		return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
	return a.type <= TYPE_NULL || (a.i == b.i && (a.type != TYPE_INT || a.scale == b.scale));
}

/* The next field of the row that is not absent, from *at on. */
static const struct column *next_field(const struct batch *b, uint32_t row, uint32_t *at, struct value *v)
{
	const struct shape *s = batch_shape(b, row);
	while (*at < s->count) {
		const struct column *c = &b->columns[s->columns[(*at)++]];
		*v = column_get(c, row);
		if (v->type != TYPE_ABSENT)
			return c;
	}
	return NULL;
}

static bool same_row(const struct batch *a, uint32_t x, const struct batch *b, uint32_t y)
{
	uint32_t i = 0, j = 0;
	struct value v, w;
	for (;;) {
		const struct column *c = next_field(a, x, &i, &v), *d = next_field(b, y, &j, &w);
		if (!c || !d)
			return !c && !d;
		if (c->name_len != d->name_len || memcmp(c->name, d->name, c->name_len) || !same_value(v, w))
			return false;
	}
}

bool rewrite_same(const struct batch *a, uint32_t first, const struct batch *b)
{
	static const enum meta kept[] = {META_TIME, META_ARRIVED, META_KEY, META_HASH};
	for (uint32_t i = 0; i < b->rows; i++) {
		if (!same_row(a, first + i, b, i))
			return false;
		for (size_t m = 0; m < sizeof kept / sizeof *kept; m++)
			if (!same_value(column_get(&a->meta[kept[m]], first + i), column_get(&b->meta[kept[m]], i)))
				return false;
	}
	return true;
}
