/* Functions that turn values of one type into another. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "expr/arith.h"
#include "expr/function.h"
#include "expr/text.h"

static struct value no_number(struct eval *ev, const struct node *n, struct value v)
{
	if (v.type == TYPE_STRING)
		return eval_error(ev, n, "\"%.*s\" is no number", (int)(v.len > 60 ? 60 : v.len), v.s);
	return eval_error(ev, n, "%s is no number", value_type_name(v));
}

/* The number that a string is, blanks around it and zeros before it apart. */
static bool number_of_text(struct value s, struct arena *arena, struct value *out)
{
	const char *p = s.s, *end = p + s.len;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	const char *digits = p;
	if (digits < end && (*digits == '-' || *digits == '+'))
		digits++;
	const char *first = digits;
	while (first + 1 < end && *first == '0' && first[1] >= '0' && first[1] <= '9')
		first++;
	if (first > digits || (p < end && *p == '+')) {
		bool negative = *p == '-';
		char *text = arena_alloc(arena, (size_t)(end - first) + 1);
		text[0] = '-';
		memcpy(text + negative, first, (size_t)(end - first));
		p = text;
		end = text + negative + (end - first);
	}
	return p < end && number_read(p, end, out) == end;
}

/* Toward zero. */
static struct value whole_part(struct eval *ev, const struct node *n, struct value v)
{
	int64_t i;
	if (number_int64(v, &i))
		return value_int(i);
	if (v.type == TYPE_INT)
		return value_int((int64_t)(v.i / power10(v.scale)));
	double f = trunc(number_double(v));
	if (!(f >= -0x1p63 && f < 0x1p63))
		return eval_error(ev, n, "the number does not fit a 64-bit int");
	return value_int((int64_t)f);
}

static struct value call_int(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value v = *a;
	if (v.type == TYPE_BOOL)
		return value_int(v.i);
	if (v.type == TYPE_TIME)
		return value_int(v.i / SECOND - (v.i % SECOND < 0));
	if (v.type == TYPE_STRING ? !number_of_text(*a, ev->arena, &v) : !value_is_number(v))
		return no_number(ev, n, *a);
	return whole_part(ev, n, v);
}

static struct value call_float(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value v = *a;
	if (v.type == TYPE_BOOL)
		return value_float((double)v.i);
	if (v.type == TYPE_TIME)
		return value_float((double)v.i / 1e9);
	if (v.type == TYPE_STRING ? !number_of_text(*a, ev->arena, &v) : !value_is_number(v))
		return no_number(ev, n, *a);
	return float_result(ev, n, number_double(v));
}

struct value plain_text(struct eval *ev, struct value v)
{
	if (v.type == TYPE_BYTES || v.type == TYPE_JSON || v.type == TYPE_NUMBER || v.type == TYPE_STRING)
		return value_string(v.s, v.len);
	char number[NUMBER_TEXT_MAX];
	if (v.type == TYPE_INT) {
		size_t len = int_text(v.i, v.scale, number);
		return value_string(arena_copy(ev->arena, number, len), len);
	}
	struct buf out = BUF_INIT;
	value_plain(v, &out);
	struct value text = value_string(arena_copy(ev->arena, out.data, out.len), out.len);
	buf_release(&out);
	return text;
}

static struct value call_string(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)n;
	return plain_text(ev, *a);
}

static bool is_text(struct value v, const char *text)
{
	return v.type == TYPE_STRING && v.len == strlen(text) && !memcmp(v.s, text, v.len);
}

static struct value call_bool(struct eval *ev, const struct node *n, const struct value *a)
{
	if (a->type == TYPE_BOOL)
		return *a;
	if (value_is_number(*a))
		return value_bool(number_compare(*a, value_int(0)) != 0);
	if (is_text(*a, "true") || is_text(*a, "false"))
		return value_bool(a->s[0] == 't');
	if (a->type == TYPE_STRING)
		return eval_error(ev, n, "\"%.*s\" is neither true nor false", (int)(a->len > 60 ? 60 : a->len), a->s);
	return eval_error(ev, n, "%s is neither true nor false", value_type_name(*a));
}

static struct value call_type(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	const char *name = value_type_name(*a);
	return value_string(name, strlen(name));
}

const struct function functions_convert[] = {
	{"int", "a", "int(x)", "a whole number", call_int, 0, OP_CALL},
	{"float", "a", "float(x)", "a double", call_float, 0, OP_CALL},
	{"string", "a", "string(x)", "the text of a value", call_string, 0, OP_CALL},
	{"bool", "a", "bool(x)", "true or false", call_bool, 0, OP_CALL},
	{"type", "a", "type(x)", "the name of its type", call_type, FUNCTION_MISSING, OP_CALL},
	{0},
};
