/*
 * Arithmetic on values. What is an int or a decimal by its text is computed exactly, as such, in 128 bits; a result
 * of at most 18 decimals that fits 64 bits stays exact (1.10 + 2.20 is 3.30). An int that does not fit is an error, a
 * decimal that does not becomes a float.
 */
#include <math.h>
#include <string.h>

#include "expr/arith.h"
#include "expr/eval.h"

typedef __int128 wide;

static const char overflow[] = "the result does not fit a 64-bit int; float() computes in floats";

wide power10(unsigned n)
{
	wide p = 1;
	while (n--)
		p *= 10;
	return p;
}

/* Digits and a sign only. */
static bool is_whole_text(struct value v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if ((v.s[i] < '0' || v.s[i] > '9') && v.s[i] != '-')
			return false;
	return true;
}

enum operand operand_of(struct value *v)
{
	int64_t i;
	if (v->type == TYPE_INT)
		return OPERAND_EXACT;
	if (v->type == TYPE_FLOAT)
		return OPERAND_FLOAT;
	if (is_whole_text(*v)) {
		/* The least int has a text, but no magnitude that fits. */
		if (!number_int64(*v, &i) && number_compare(*v, value_int(i = INT64_MIN)))
			return OPERAND_TOO_BIG;
		*v = value_int(i);
		return OPERAND_EXACT;
	}
	*v = value_float(number_double(*v));
	return isfinite(v->f) ? OPERAND_FLOAT : OPERAND_TOO_BIG;
}

bool fit_decimal(wide i, unsigned scale, struct value *out)
{
	while (scale && (scale > VALUE_SCALE_MAX || i > INT64_MAX || i < INT64_MIN) && i % 10 == 0) {
		i /= 10;
		scale--;
	}
	if (scale > VALUE_SCALE_MAX || i > INT64_MAX || i < INT64_MIN)
		return false;
	*out = value_decimal((int64_t)i, scale);
	return true;
}

struct value float_result(const struct eval *ev, const struct node *n, double f)
{
	if (!isfinite(f))
		return eval_error(ev, n, "the result is no finite number");
	return value_float(f + 0.0); /* no -0 */
}

static wide floor_div(wide a, wide b)
{
	wide q = a / b;
	return q - (a % b != 0 && (a < 0) != (b < 0));
}

static double float_mod(double a, double b)
{
	double r = fmod(a, b);
	return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/* The quotient is whole but for the rounding of the division. */
static double float_floor_div(double a, double b)
{
	double q = (a - float_mod(a, b)) / b, whole = floor(q);
	return q - whole > 0.5 ? whole + 1 : whole;
}

static struct value float_op(struct eval *ev, const struct node *n, double a, double b)
{
	double r;
	if (b == 0 && n->op >= OP_DIV)
		return eval_error(ev, n, "division by zero");
	switch (n->op) {
	case OP_ADD: r = a + b; break;
	case OP_SUB: r = a - b; break;
	case OP_MUL: r = a * b; break;
	case OP_DIV: r = a / b; break;
	case OP_FLOOR_DIV: r = float_floor_div(a, b); break;
	default: r = float_mod(a, b); break;
	}
	return float_result(ev, n, r);
}

/* Both exact. False: the result does not fit. */
static bool exact_op(enum op op, struct value a, struct value b, struct value *out)
{
	if (op == OP_MUL)
		return fit_decimal((wide)a.i * b.i, (unsigned)a.scale + b.scale, out);
	unsigned scale = a.scale > b.scale ? a.scale : b.scale;
	wide x = a.i * power10(scale - a.scale), y = b.i * power10(scale - b.scale);
	switch (op) {
	case OP_ADD: return fit_decimal(x + y, scale, out);
	case OP_SUB: return fit_decimal(x - y, scale, out);
	case OP_FLOOR_DIV: return fit_decimal(floor_div(x, y), 0, out);
	default: return fit_decimal(x - floor_div(x, y) * y, scale, out);
	}
}

static struct value number_op(struct eval *ev, const struct node *n, struct value a, struct value b)
{
	struct value out, x = a, y = b;
	enum operand left = operand_of(&x), right = operand_of(&y);
	if (left == OPERAND_TOO_BIG || right == OPERAND_TOO_BIG)
		return eval_error(ev, n, "an operand does not fit 64 bits; float() rounds it");
	if (left == OPERAND_FLOAT || right == OPERAND_FLOAT || n->op == OP_DIV)
		return float_op(ev, n, number_double(x), number_double(y));
	if (n->op >= OP_DIV && y.i == 0)
		return eval_error(ev, n, "division by zero");
	if (exact_op(n->op, x, y, &out))
		return out;
	if ((!x.scale && !y.scale) || n->op == OP_FLOOR_DIV)
		return eval_error(ev, n, "%s", overflow);
	return float_op(ev, n, number_double(x), number_double(y));
}

bool seconds_to_ns(struct value v, int64_t *ns)
{
	if (operand_of(&v) == OPERAND_TOO_BIG)
		return false;
	if (v.type == TYPE_FLOAT) {
		double scaled = nearbyint(v.f * 1e9);
		if (!(scaled >= -0x1p63 && scaled < 0x1p63))
			return false;
		*ns = (int64_t)scaled;
		return true;
	}
	wide i = v.scale <= 9 ? v.i * power10(9 - v.scale)
			      : floor_div(2 * (wide)v.i + power10(v.scale - 9), 2 * power10(v.scale - 9));
	*ns = (int64_t)i;
	return i >= INT64_MIN && i <= INT64_MAX;
}

struct value seconds_between(int64_t from, int64_t to)
{
	wide ns = (wide)to - from;
	unsigned scale = 9;
	for (; scale && ns % 10 == 0; scale--)
		ns /= 10;
	struct value v;
	return fit_decimal(ns, scale, &v) ? v : value_float((double)ns / (double)power10(scale));
}

static struct value time_shift(struct eval *ev, const struct node *n, struct value time, struct value seconds)
{
	int64_t ns, result;
	if (!seconds_to_ns(seconds, &ns) || (n->op == OP_ADD ? __builtin_add_overflow(time.i, ns, &result)
							     : __builtin_sub_overflow(time.i, ns, &result)))
		return eval_error(ev, n, "the result is no time between the years 1677 and 2262");
	return value_time(result);
}

static struct value joined(struct eval *ev, const struct node *n, struct value a, struct value b)
{
	size_t len = (size_t)a.len + b.len;
	if (len > UINT32_MAX)
		return eval_error(ev, n, "the result is longer than 4 GiB");
	char *text = arena_alloc(ev->arena, len);
	if (a.len)
		memcpy(text, a.s, a.len);
	if (b.len)
		memcpy(text + a.len, b.s, b.len);
	return value_string(text, len);
}

static const char *op_text(enum op op)
{
	static const char *const texts[] = {"+", "-", "*", "/", "//", "%"};
	return texts[op - OP_ADD];
}

struct value arith_apply(struct eval *ev, const struct node *n, struct value a, struct value b)
{
	if (a.type == TYPE_ERROR)
		return a;
	if (b.type == TYPE_ERROR)
		return b;
	if (value_is_missing(a) || value_is_missing(b))
		return value_null();
	if (value_is_number(a) && value_is_number(b))
		return number_op(ev, n, a, b);
	if (n->op == OP_SUB) {
		a = beside_time(ev, n->args[0], a, b);
		b = beside_time(ev, n->args[1], b, a);
		if (a.type == TYPE_ERROR || b.type == TYPE_ERROR)
			return a.type == TYPE_ERROR ? a : b;
		if (a.type == TYPE_TIME && b.type == TYPE_TIME)
			return seconds_between(b.i, a.i);
	}
	if (a.type == TYPE_TIME && value_is_number(b) && (n->op == OP_ADD || n->op == OP_SUB))
		return time_shift(ev, n, a, b);
	if (value_is_number(a) && b.type == TYPE_TIME && n->op == OP_ADD)
		return time_shift(ev, n, b, a);
	if (a.type == TYPE_STRING && b.type == TYPE_STRING && n->op == OP_ADD)
		return joined(ev, n, a, b);
	return eval_error(ev, n, "%s does not take %s and %s%s", op_text(n->op), value_type_name(a), value_type_name(b),
			  a.type == TYPE_STRING || b.type == TYPE_STRING ? "; int(), float() and string() convert"
									 : "");
}

struct value negate_apply(struct eval *ev, const struct node *n, struct value v)
{
	if (v.type == TYPE_ERROR)
		return v;
	if (value_is_missing(v))
		return value_null();
	if (!value_is_number(v))
		return eval_error(ev, n, "- wants a number, not %s", value_type_name(v));
	enum operand kind = operand_of(&v);
	if (kind == OPERAND_FLOAT)
		return value_float(0.0 - v.f);
	if (kind == OPERAND_EXACT && v.i != INT64_MIN)
		return value_decimal(-v.i, v.scale);
	if (kind == OPERAND_EXACT && v.scale)
		return value_float(-number_double(v));
	return eval_error(ev, n, "%s", overflow);
}
