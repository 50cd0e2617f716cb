/* Functions on numbers. What is exact stays so: abs, floor, ceil, round, and pow of ints. */
#include <math.h>

#include "expr/arith.h"
#include "expr/function.h"

static const char overflow[] = "the result does not fit a 64-bit int";

/* The number as an exact decimal: a float by the decimals that it prints. False: it has too many. */
static bool as_decimal(struct value v, struct value *out)
{
	char text[NUMBER_TEXT_MAX];
	enum operand kind = operand_of(&v);
	*out = v;
	if (kind == OPERAND_FLOAT) {
		size_t len = float_text(v.f, text);
		number_read(text, text + len, out);
	}
	return kind != OPERAND_TOO_BIG && out->type == TYPE_INT;
}

static struct value too_big(struct eval *ev, const struct node *n)
{
	return eval_error(ev, n, "an operand does not fit 64 bits; float() rounds it");
}

static struct value call_abs(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value v = *a;
	enum operand kind = operand_of(&v);
	if (kind == OPERAND_TOO_BIG)
		return too_big(ev, n);
	if (kind == OPERAND_FLOAT)
		return value_float(fabs(v.f));
	if (v.i == INT64_MIN)
		return v.scale ? value_float(fabs(number_double(v))) : eval_error(ev, n, "%s", overflow);
	return value_decimal(v.i < 0 ? -v.i : v.i, v.scale);
}

enum rounding { DOWN, UP, NEAREST };

/* i / 10^scale as a whole number; NEAREST rounds a half away from zero. */
static __int128 whole(__int128 i, unsigned scale, enum rounding how)
{
	__int128 unit = power10(scale), q = i / unit, r = i % unit;
	switch (how) {
	case DOWN: return q - (r < 0);
	case UP: return q + (r > 0);
	default: return q + (2 * r >= unit) - (2 * r <= -unit && unit > 1);
	}
}

static struct value rounded(struct eval *ev, const struct node *n, struct value a, enum rounding how)
{
	struct value v = a, out;
	if (operand_of(&v) == OPERAND_TOO_BIG)
		return too_big(ev, n);
	if (as_decimal(v, &out)) {
		if (!out.scale)
			return out;
		return value_int((int64_t)whole(out.i, out.scale, how));
	}
	/* A float with an exponent in its text: beyond 2^53, or near nothing. */
	double f = how == DOWN ? floor(v.f) : how == UP ? ceil(v.f) : round(v.f);
	if (f >= -0x1p63 && f < 0x1p63)
		return value_int((int64_t)f);
	return value_float(f);
}

static struct value call_floor(struct eval *ev, const struct node *n, const struct value *a)
{
	return rounded(ev, n, *a, DOWN);
}

static struct value call_ceil(struct eval *ev, const struct node *n, const struct value *a)
{
	return rounded(ev, n, *a, UP);
}

/* To a place left of the decimal point. */
static struct value round_left(struct eval *ev, const struct node *n, struct value v, int64_t places)
{
	struct value out;
	if (places > 18)
		return value_int(0);
	__int128 unit = power10((unsigned)places);
	if (!fit_decimal(whole(v.i, v.scale + (unsigned)places, NEAREST) * unit, 0, &out))
		return eval_error(ev, n, "%s", overflow);
	return out;
}

struct value number_round(struct eval *ev, const struct node *n, struct value x, int64_t digits)
{
	struct value v;
	if (!digits)
		return rounded(ev, n, x, NEAREST);
	if (!as_decimal(x, &v)) {
		v = x;
		if (operand_of(&v) == OPERAND_TOO_BIG)
			return too_big(ev, n);
		if (digits > 0 && fabs(v.f) >= 0x1p53)
			return v;
		double unit = pow(10, (double)digits);
		return !isfinite(unit) ? v : unit == 0 ? value_int(0) : float_result(ev, n, round(v.f * unit) / unit);
	}
	if (digits < 0)
		return round_left(ev, n, v, digits < -100 ? 100 : -digits);
	if (digits >= v.scale)
		return v;
	return value_decimal((int64_t)whole(v.i, v.scale - (unsigned)digits, NEAREST), (unsigned)digits);
}

static struct value call_round(struct eval *ev, const struct node *n, const struct value *a)
{
	return number_round(ev, n, a[0], n->arg_count > 1 ? a[1].i : 0);
}

static struct value call_sign(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(number_compare(*a, value_int(0)));
}

static struct value call_sqrt(struct eval *ev, const struct node *n, const struct value *a)
{
	return float_result(ev, n, sqrt(number_double(*a)));
}

static struct value call_log(struct eval *ev, const struct node *n, const struct value *a)
{
	double x = number_double(a[0]);
	if (n->arg_count == 1)
		return float_result(ev, n, log(x));
	double base = number_double(a[1]);
	if (base == 10)
		return float_result(ev, n, log10(x));
	if (base == 2)
		return float_result(ev, n, log2(x));
	return float_result(ev, n, log(x) / log(base));
}

static struct value call_exp(struct eval *ev, const struct node *n, const struct value *a)
{
	return float_result(ev, n, exp(number_double(*a)));
}

static struct value int_power(struct eval *ev, const struct node *n, int64_t base, int64_t exponent)
{
	int64_t result = 1;
	bool over = false;
	/* 0, 1 and -1 alone can have a large exponent. */
	if (base >= -1 && base <= 1)
		return value_int(exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base);
	for (; exponent > 0 && !over; exponent--)
		over = __builtin_mul_overflow(result, base, &result);
	return over ? eval_error(ev, n, "%s; float() computes in floats", overflow) : value_int(result);
}

static struct value call_pow(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value x = a[0], y = a[1];
	enum operand left = operand_of(&x), right = operand_of(&y);
	if (left == OPERAND_TOO_BIG || right == OPERAND_TOO_BIG)
		return too_big(ev, n);
	if (left == OPERAND_EXACT && right == OPERAND_EXACT && !x.scale && !y.scale && y.i >= 0)
		return int_power(ev, n, x.i, y.i);
	return float_result(ev, n, pow(number_double(x), number_double(y)));
}

/* -- of several values of one type -- */

/* Beside a time, constants that are one are meant so. */
static bool has_time(const struct node *n, const struct value *a)
{
	for (uint32_t i = 0; i < n->arg_count; i++)
		if (a[i].type == TYPE_TIME)
			return true;
	return false;
}

static struct value extreme(struct eval *ev, const struct node *n, const struct value *a, int sign)
{
	bool times = has_time(n, a);
	struct value best = value_null();
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct value v = times ? beside_time(ev, n->args[i], a[i], value_time(0)) : a[i];
		if (v.type == TYPE_ERROR)
			return v;
		if (i && v.type != best.type && !(value_is_number(v) && value_is_number(best)))
			return eval_error(ev, n, "%s and %s have no order", value_type_name(best), value_type_name(v));
		if (!i || value_compare(v, best) * sign > 0)
			best = v;
	}
	return best;
}

static struct value call_least(struct eval *ev, const struct node *n, const struct value *a)
{
	return extreme(ev, n, a, -1);
}

static struct value call_greatest(struct eval *ev, const struct node *n, const struct value *a)
{
	return extreme(ev, n, a, 1);
}

const struct function functions_number[] = {
	{"abs", "n", "abs(x)", "without its sign", call_abs, 0, OP_CALL},
	{"floor", "n", "floor(x)", "down to a whole number", call_floor, 0, OP_CALL},
	{"ceil", "n", "ceil(x)", "up to a whole number", call_ceil, 0, OP_CALL},
	{"round", "n|i", "round(x[, digits])", "to the nearest, with so many decimals", call_round, 0, OP_CALL},
	{"sign", "n", "sign(x)", "-1, 0 or 1", call_sign, 0, OP_CALL},
	{"sqrt", "n", "sqrt(x)", "the square root", call_sqrt, 0, OP_CALL},
	{"log", "n|n", "log(x[, base])", "the logarithm, natural without a base", call_log, 0, OP_CALL},
	{"exp", "n", "exp(x)", "e to this power", call_exp, 0, OP_CALL},
	{"pow", "nn", "pow(x, y)", "x to the power y", call_pow, 0, OP_CALL},
	{"least", "aa*", "least(a, b, ...)", "the least of its arguments", call_least, 0, OP_CALL},
	{"greatest", "aa*", "greatest(a, b, ...)", "the greatest of its arguments", call_greatest, 0, OP_CALL},
	{"min", "aa*", "min(a, b, ...)", "the least of its arguments; stream-agg has the one over records", call_least,
	 0, OP_CALL},
	{"max", "aa*", "max(a, b, ...)", "the greatest of its arguments; stream-agg has the one over records",
	 call_greatest, 0, OP_CALL},
	{0},
};
