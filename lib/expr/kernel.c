/*
 * A column against a constant. For a number, what compares true is a range of ints or of floats: its ends are found
 * once, by asking number_compare, which so keeps the meaning in one place; a row then costs a subtraction and a
 * comparison.
 */
#include <math.h>
#include <string.h>

#include "expr/eval.h"

/* The first i for which i / 10^scale >= the constant, and the last for which it is <= (so first > last where none is
   equal). Either may lie one outside of int64. */
struct bounds {
	__int128 first[VALUE_SCALE_MAX + 1], last[VALUE_SCALE_MAX + 1];
	uint32_t ready; /* a bit per scale */
	bool floats_ready;
	double float_first, float_last; /* the same for doubles */
};

/* first <= i <= last; with `except`, all others. */
struct range {
	int64_t first;
	uint64_t span; /* last - first */
	bool empty, except;
};

static struct bounds *bounds_of(struct expr *x, struct node *k)
{
	if (!k->bounds) {
		k->bounds = arena_alloc(&x->arena, sizeof *k->bounds);
		memset(k->bounds, 0, sizeof *k->bounds);
	}
	return k->bounds;
}

/* The first int i (INT64_MAX + 1 if none) for which i / 10^scale compares with k as at least `least`. */
static __int128 search_int(struct value k, unsigned scale, int least)
{
	__int128 low = INT64_MIN, high = (__int128)INT64_MAX + 1;
	while (low < high) {
		__int128 middle = low + (high - low) / 2;
		if (number_compare(value_decimal((int64_t)middle, scale), k) >= least)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct range range_make(enum op op, __int128 first, __int128 last)
{
	__int128 from = INT64_MIN, to = INT64_MAX;
	switch (op) {
	case OP_LT: to = first - 1; break;
	case OP_LE: to = last; break;
	case OP_GT: from = last + 1; break;
	case OP_GE: from = first; break;
	default:
		from = first;
		to = last;
		break;
	}
	struct range r = {.empty = from > to, .except = op == OP_NE};
	if (!r.empty) {
		r.first = (int64_t)from;
		r.span = (uint64_t)(to - from);
	}
	return r;
}

static struct range number_range(struct expr *x, struct node *k, enum op op, unsigned scale)
{
	struct bounds *b = bounds_of(x, k);
	if (!(b->ready >> scale & 1)) {
		b->first[scale] = search_int(k->value, scale, 0);
		b->last[scale] = search_int(k->value, scale, 1) - 1;
		b->ready |= 1u << scale;
	}
	return range_make(op, b->first[scale], b->last[scale]);
}

static inline uint8_t range_has(struct range r, int64_t i)
{
	return ((uint64_t)i - (uint64_t)r.first <= r.span && !r.empty) ^ r.except;
}

struct float_range {
	double first, last;
	bool except;
};

static struct float_range float_range(struct expr *x, struct node *k, enum op op)
{
	struct bounds *b = bounds_of(x, k);
	if (!b->floats_ready) {
		double near = number_double(k->value);
		int order = isfinite(near) ? number_compare(value_float(near), k->value) : 0;
		b->float_first = order < 0 ? nextafter(near, INFINITY) : near;
		b->float_last = order > 0 ? nextafter(near, -INFINITY) : near;
		b->floats_ready = true;
	}
	struct float_range r = {.first = -INFINITY, .last = INFINITY, .except = op == OP_NE};
	switch (op) {
	case OP_LT: r.last = nextafter(b->float_first, -INFINITY); break;
	case OP_LE: r.last = b->float_last; break;
	case OP_GT: r.first = nextafter(b->float_last, INFINITY); break;
	case OP_GE: r.first = b->float_first; break;
	default:
		r.first = b->float_first;
		r.last = b->float_last;
		break;
	}
	return r;
}

static inline uint8_t float_range_has(struct float_range r, double f)
{
	return (f >= r.first && f <= r.last) ^ r.except;
}

/* -- ints, as they lie -- */

#define RANGE_LOOP(bits)                                                                                               \
	static void range_##bits(const uint##bits##_t *p, const uint32_t *rows, uint32_t count, uint##bits##_t first,  \
				 uint##bits##_t span, uint8_t except, uint8_t *out)                                    \
	{                                                                                                              \
		if (rows)                                                                                              \
			for (uint32_t i = 0; i < count; i++)                                                           \
				out[i] = ((uint##bits##_t)(p[rows[i]] - first) <= span) ^ except;                      \
		else                                                                                                   \
			for (uint32_t i = 0; i < count; i++)                                                           \
				out[i] = ((uint##bits##_t)(p[i] - first) <= span) ^ except;                            \
	}
RANGE_LOOP(8)
RANGE_LOOP(16)
RANGE_LOOP(32)
RANGE_LOOP(64)

/* A narrow column whose bias leaves the range of int64: never made by us, but a frame may come from anywhere. */
static void range_wrapping(const struct column *c, const uint32_t *rows, uint32_t count, struct range r, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = range_has(r, (int64_t)(column_raw(c, rows ? rows[i] : i) + (uint64_t)c->bias));
}

static void range_ints(const struct column *c, const uint32_t *rows, uint32_t count, struct range r, uint8_t *out)
{
	uint64_t max = c->width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * c->width)) - 1;
	__int128 from = (__int128)r.first - c->bias, to = from + r.span;
	if (c->width < 8 && (__int128)c->bias + max > INT64_MAX) {
		range_wrapping(c, rows, count, r, out);
		return;
	}
	if (c->width < 8) {
		from = from < 0 ? 0 : from;
		to = to > (__int128)max ? (__int128)max : to;
	}
	if (r.empty || from > to) {
		memset(out, r.except, count);
		return;
	}
	uint64_t first = (uint64_t)from, span = (uint64_t)(to - from);
	switch (c->width) {
	case 1: range_8(c->ints, rows, count, (uint8_t)first, (uint8_t)span, r.except, out); break;
	case 2: range_16(c->ints, rows, count, (uint16_t)first, (uint16_t)span, r.except, out); break;
	case 4: range_32(c->ints, rows, count, (uint32_t)first, (uint32_t)span, r.except, out); break;
	default: range_64(c->ints, rows, count, first, span, r.except, out); break;
	}
}

/* -- one row, when there is no better way -- */

static uint8_t one(struct eval *ev, struct node *n, enum op op, struct value v, struct node *k)
{
	/* What stands left and right only matters to messages, which scalar_eval makes. */
	const struct node *varies = n->args[0] == k && n->arg_count > 1 ? n->args[1] : n->args[0];
	return truth_of(compare_apply(ev, n, op, varies, v, k, k->value));
}

static void each(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
		 uint32_t count, struct node *k, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = one(ev, n, op, column_get(c, rows ? rows[i] : i), k);
}

static void apply_marks(const struct column *c, const uint32_t *rows, uint32_t count, uint8_t *out)
{
	if (!c->marks)
		return;
	for (uint32_t i = 0; i < count; i++)
		out[i] = c->marks[rows ? rows[i] : i] ? TRUTH_NULL : out[i];
}

/* -- by form and constant -- */

/* The range of a column of ints of this type against k; false: they are of different types. */
static bool column_range(struct eval *ev, const struct column *c, enum op op, struct node *k, struct range *r)
{
	if (c->type == TYPE_INT && value_is_number(k->value))
		*r = number_range(ev->x, k, op, c->scale);
	else if (c->type == TYPE_TIME && (k->value.type == TYPE_TIME || k->time.type == TYPE_TIME))
		*r = range_make(op, k->value.type == TYPE_TIME ? k->value.i : k->time.i,
				k->value.type == TYPE_TIME ? k->value.i : k->time.i);
	else if (c->type == TYPE_BOOL && k->value.type == TYPE_BOOL)
		*r = range_make(op, k->value.i, k->value.i);
	else
		return false;
	return true;
}

static bool compare_ints(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
			 uint32_t count, struct node *k, uint8_t *out)
{
	struct range r;
	if (!column_range(ev, c, op, k, &r))
		return false;
	n->matched = true;
	range_ints(c, rows, count, r, out);
	apply_marks(c, rows, count, out);
	return true;
}

static bool compare_floats(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
			   uint32_t count, struct node *k, uint8_t *out)
{
	if (!value_is_number(k->value))
		return false;
	struct float_range r = float_range(ev->x, k, op);
	n->matched = true;
	for (uint32_t i = 0; i < count; i++)
		out[i] = float_range_has(r, c->floats[rows ? rows[i] : i]);
	apply_marks(c, rows, count, out);
	return true;
}

static inline uint8_t equal_text(const char *s, size_t len, struct value k)
{
	return len == k.len && (!len || !memcmp(s, k.s, len));
}

static bool compare_texts(struct node *n, enum op op, const struct column *c, const uint32_t *rows, uint32_t count,
			  struct node *k, uint8_t *out)
{
	if (c->type != k->value.type || c->type == TYPE_NUMBER || (op != OP_EQ && op != OP_NE))
		return false;
	n->matched = true;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = rows ? rows[i] : i, at = c->offsets[row];
		out[i] = equal_text(c->bytes + at, c->offsets[row + 1] - at, k->value) ^ (op == OP_NE);
	}
	apply_marks(c, rows, count, out);
	return true;
}

/* Values one by one: ints and floats by their range, what is neither the long way. */
static void values_number(struct eval *ev, struct node *n, enum op op, const struct value *values, const uint32_t *rows,
			  uint32_t count, struct node *k, uint8_t *out)
{
	struct range r = {0};
	unsigned scale = VALUE_SCALE_MAX + 1;
	struct float_range f = float_range(ev->x, k, op);
	bool matched = false;
	for (uint32_t i = 0; i < count; i++) {
		const struct value *v = &values[rows ? rows[i] : i];
		if (v->type == TYPE_INT) {
			if (v->scale != scale)
				r = number_range(ev->x, k, op, scale = v->scale);
			out[i] = range_has(r, v->i);
			matched = true;
		} else {
			out[i] = v->type == TYPE_FLOAT ? float_range_has(f, v->f) : one(ev, n, op, *v, k);
		}
	}
	n->matched |= matched;
}

static void values_string(struct eval *ev, struct node *n, enum op op, const struct value *values, const uint32_t *rows,
			  uint32_t count, struct node *k, uint8_t *out)
{
	bool matched = false;
	for (uint32_t i = 0; i < count; i++) {
		const struct value *v = &values[rows ? rows[i] : i];
		if (v->type == TYPE_STRING) {
			out[i] = equal_text(v->s, v->len, k->value) ^ (op == OP_NE);
			matched = true;
		} else {
			out[i] = one(ev, n, op, *v, k);
		}
	}
	n->matched |= matched;
}

static bool compare_values(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
			   uint32_t count, struct node *k, uint8_t *out)
{
	if (value_is_number(k->value))
		values_number(ev, n, op, c->values, rows, count, k, out);
	else if (k->value.type == TYPE_STRING && (op == OP_EQ || op == OP_NE))
		values_string(ev, n, op, c->values, rows, count, k, out);
	else
		return false;
	return true;
}

void kernel_compare(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
		    uint32_t count, struct node *k, uint8_t *out)
{
	bool done = false;
	switch (c->form) {
	case COLUMN_VALUES: done = compare_values(ev, n, op, c, rows, count, k, out); break;
	case COLUMN_INT: done = compare_ints(ev, n, op, c, rows, count, k, out); break;
	case COLUMN_FLOAT: done = compare_floats(ev, n, op, c, rows, count, k, out); break;
	case COLUMN_TEXT: done = compare_texts(n, op, c, rows, count, k, out); break;
	default: break;
	}
	if (!done)
		each(ev, n, op, c, rows, count, k, out);
}
