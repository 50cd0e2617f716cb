/* Random batches of every kind of column, the same for the same seed, and a comparison that forgives nothing. */
#ifndef STREAM_TESTS_UNIT_FRAME_RANDOM_H
#define STREAM_TESTS_UNIT_FRAME_RANDOM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/batch.h"

struct dice {
	uint64_t state;
};

static inline uint64_t dice_bits(struct dice *d)
{
	d->state += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(d->state, UINT64_C(0x2545f4914f6cdd1d));
}

static inline uint32_t dice_below(struct dice *d, uint32_t n)
{
	return (uint32_t)((dice_bits(d) >> 32) * n >> 32);
}

enum random_kind {
	RANDOM_SMALL,
	RANDOM_MIDDLE,
	RANDOM_WIDE,
	RANDOM_NEGATIVE,
	RANDOM_DECIMAL,
	RANDOM_SCALES,
	RANDOM_BOOL,
	RANDOM_TIME,
	RANDOM_FLOAT,
	RANDOM_NUMBER,
	RANDOM_WORD,
	RANDOM_TEXT,
	RANDOM_BYTES,
	RANDOM_JSON,
	RANDOM_CONST,
	RANDOM_NULL,
	RANDOM_MIXED,
	RANDOM_KINDS
};

static inline struct value random_text(struct dice *d, struct arena *a, enum type type, uint32_t longest)
{
	uint32_t len = dice_below(d, longest + 1);
	char *s = arena_alloc(a, len + 1);
	for (uint32_t i = 0; i < len; i++)
		s[i] = (char)dice_bits(d);
	return value_text(type, s, len);
}

static inline struct value random_print(struct arena *a, enum type type, const char *format, uint32_t n)
{
	char *s = arena_printf(a, format, n);
	return value_text(type, s, strlen(s));
}

static inline struct value random_value(struct dice *d, struct arena *a, enum random_kind kind)
{
	switch (kind) {
	case RANDOM_SMALL: return value_int(200 + dice_below(d, 100));
	case RANDOM_MIDDLE: return value_int(1000000 + dice_below(d, 60000));
	case RANDOM_WIDE: return value_int((int64_t)dice_bits(d));
	case RANDOM_NEGATIVE: return value_int(-(int64_t)dice_below(d, 70000));
	case RANDOM_DECIMAL: return value_decimal(dice_below(d, 100000), 3);
	case RANDOM_SCALES: return value_decimal((int64_t)dice_bits(d), dice_below(d, VALUE_SCALE_MAX + 1));
	case RANDOM_BOOL: return value_bool(dice_below(d, 2));
	case RANDOM_TIME: return value_time(INT64_C(1700000000000000000) + (int64_t)(dice_bits(d) >> 20));
	case RANDOM_FLOAT: return value_float((double)(int64_t)dice_bits(d) / 1e9);
	case RANDOM_NUMBER: return random_print(a, TYPE_NUMBER, "-1.5E%u", dice_below(d, 1000));
	case RANDOM_WORD: return random_print(a, TYPE_STRING, "/path/%u", dice_below(d, 40));
	case RANDOM_TEXT: return random_text(d, a, TYPE_STRING, 90);
	case RANDOM_BYTES: return random_text(d, a, TYPE_BYTES, 20);
	case RANDOM_JSON: return random_print(a, TYPE_JSON, "[%u]", dice_below(d, 1000000));
	case RANDOM_CONST: return value_string("the same", 8);
	case RANDOM_NULL: return value_null();
	default: return random_value(d, a, dice_below(d, RANDOM_MIXED));
	}
}

/* One in `gaps` is missing; 0: none is. */
static inline struct value random_cell(struct dice *d, struct arena *a, enum random_kind kind, uint32_t gaps)
{
	if (gaps && !dice_below(d, gaps))
		return dice_below(d, 2) ? value_null() : value_absent();
	return random_value(d, a, kind);
}

/* Fills b with `rows` rows of up to 12 columns in up to `shapes` shapes. The kinds follow from `schema` alone, so that
   frames of a chain look alike. */
static inline void random_batch(struct batch *b, struct dice *d, uint64_t schema, uint32_t rows, uint32_t shapes)
{
	struct dice s = {schema};
	enum random_kind kinds[12];
	uint32_t gaps[12], column_count = 1 + dice_below(&s, 12), metas = dice_below(&s, 1 << META_COUNT);
	uint16_t columns[12];
	char name[48];
	for (uint32_t c = 0; c < column_count; c++) {
		kinds[c] = dice_below(&s, RANDOM_KINDS);
		gaps[c] = dice_below(&s, 3) ? 0 : 1 + dice_below(&s, 5);
		snprintf(name, sizeof name, "field %" PRIu64 ".%u", schema, c);
		columns[c] = (uint16_t)batch_column(b, name, strlen(name));
	}
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t row = batch_begin(b);
		uint32_t first = shapes > 1 ? dice_below(d, shapes < column_count ? shapes : column_count) : 0;
		for (uint32_t c = first; c < column_count; c++)
			b->columns[columns[c]].values[row] = random_cell(d, &b->arena, kinds[c], gaps[c]);
		for (int m = 0; m < META_COUNT; m++)
			if (metas >> m & 1)
				batch_meta(b, m)[row] = random_cell(d, &b->arena, RANDOM_WORD + (uint32_t)m % 3, 9);
		batch_end(b, (uint32_t)batch_shape_of(b, columns + first, column_count - first), 0);
	}
}

static inline void random_select(struct batch *b, struct dice *d, uint32_t one_in)
{
	uint32_t *sel = arena_array(&b->arena, b->rows + (size_t)1, sizeof *sel), n = 0;
	for (uint32_t i = 0; i < batch_count(b); i++)
		if (!dice_below(d, one_in))
			sel[n++] = batch_row(b, i);
	batch_select(b, sel, n);
}

static inline bool identical(struct value a, struct value b)
{
	if (a.type != b.type || a.zero != b.zero)
		return false;
	if (value_has_text(a))
		return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
	return a.type <= TYPE_NULL || (a.i == b.i && (a.type != TYPE_INT || a.scale == b.scale));
}

/* The next field of the row that is not absent, from *at on. */
static inline const struct column *next_field(const struct batch *b, uint32_t row, uint32_t *at, struct value *v)
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

static inline bool same_row(const struct batch *a, uint32_t x, const struct batch *b, uint32_t y)
{
	uint32_t i = 0, j = 0;
	struct value v, w;
	for (;;) {
		const struct column *c = next_field(a, x, &i, &v), *d = next_field(b, y, &j, &w);
		if (!c || !d)
			return !c && !d;
		if (c->name_len != d->name_len || memcmp(c->name, d->name, c->name_len) || !identical(v, w))
			return false;
	}
}

/* The selected rows of a, from the first-th on, and all rows of b. */
static inline bool same_rows(const struct batch *a, uint32_t first, const struct batch *b)
{
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t x = batch_row(a, first + i), y = batch_row(b, i);
		if (!same_row(a, x, b, y))
			return false;
		for (int m = 0; m < META_COUNT; m++)
			if (!identical(column_get(&a->meta[m], x), column_get(&b->meta[m], y)))
				return false;
	}
	return true;
}

static inline bool same_batch(const struct batch *a, const struct batch *b)
{
	return batch_count(a) == batch_count(b) && same_rows(a, 0, b);
}

#endif
