/* The meaning of an expression, a row at a time. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expr/eval.h"
#include "expr/function.h"
#include "format/json.h"

struct value eval_error(const struct eval *ev, const struct node *n, const char *format, ...)
{
	enum { SHOWN = 80 };
	if (ev->quiet)
		return value_text(TYPE_ERROR, "", 0);
	char why[512];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	uint32_t len = n->end - n->begin;
	char *text = arena_printf(ev->arena, "%.*s%s: %s", (int)(len > SHOWN ? SHOWN : len), ev->x->text + n->begin,
				  len > SHOWN ? "..." : "", why);
	return value_text(TYPE_ERROR, text, strlen(text));
}

struct value path_apply(struct eval *ev, const struct node *n, struct value v)
{
	if (v.type == TYPE_JSON)
		return json_path(v.s, v.len, n->path, n->path_len, ev->arena);
	return v.type == TYPE_ERROR ? v : value_absent();
}

struct value field_value(struct eval *ev, const struct node *n, uint32_t row)
{
	for (uint32_t i = 0; i < n->ref_count; i++) {
		const struct reference *r = &n->refs[i];
		struct value v = column_get(ev->fields[r->field], row);
		if (v.type == TYPE_ABSENT)
			continue;
		if (!r->path_len)
			return v;
		if (v.type == TYPE_JSON)
			return json_path(v.s, v.len, r->path, r->path_len, ev->arena);
		return value_absent();
	}
	return value_absent();
}

/* && and || from the left: what decides ends it, an error before that is the result. */
static struct value logic(struct eval *ev, struct node *n, uint32_t row)
{
	int64_t decides = n->op == OP_OR;
	bool null = false;
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct value v = scalar_eval(ev, n->args[i], row);
		if (v.type == TYPE_ERROR)
			return v;
		if (truth_of(v) == TRUTH_ERROR)
			return eval_error(ev, n->args[i], "%s wants true or false, not %s", decides ? "||" : "&&",
					  value_type_name(v));
		if (v.type == TYPE_BOOL && v.i == decides)
			return v;
		null |= v.type != TYPE_BOOL;
	}
	return null ? value_null() : value_bool(!decides);
}

static struct value negation(struct eval *ev, struct node *n, uint32_t row)
{
	struct value v = scalar_eval(ev, n->args[0], row);
	if (v.type == TYPE_ERROR)
		return v;
	if (truth_of(v) == TRUTH_ERROR)
		return eval_error(ev, n, "! wants true or false, not %s", value_type_name(v));
	return v.type == TYPE_BOOL ? value_bool(!v.i) : value_null();
}

static struct value choice(struct eval *ev, struct node *n, uint32_t row)
{
	struct value v = scalar_eval(ev, n->args[0], row);
	if (v.type == TYPE_ERROR)
		return v;
	if (truth_of(v) == TRUTH_ERROR)
		return eval_error(ev, n->args[0], "if() wants true or false, not %s", value_type_name(v));
	return v.type == TYPE_BOOL ? scalar_eval(ev, n->args[v.i ? 1 : 2], row) : value_null();
}

static struct value fallback(struct eval *ev, struct node *n, uint32_t row)
{
	struct value v = value_null();
	for (uint32_t i = 0; i < n->arg_count && value_is_missing(v); i++)
		v = scalar_eval(ev, n->args[i], row);
	return v;
}

static struct value attempt(struct eval *ev, struct node *n, uint32_t row)
{
	ev->quiet++;
	struct value v = scalar_eval(ev, n->args[0], row);
	ev->quiet--;
	return v.type == TYPE_ERROR ? scalar_eval(ev, n->args[1], row) : v;
}

static struct value missing(struct eval *ev, struct node *n, uint32_t row)
{
	struct value v = scalar_eval(ev, n->args[0], row);
	if (v.type == TYPE_ERROR)
		return v;
	return value_bool(value_is_missing(v) == (n->op == OP_IS_NULL));
}

/* Lists may be long: theirs is no place on the stack. */
static struct value membership(struct eval *ev, struct node *n, uint32_t row)
{
	struct value *args = arena_array(ev->arena, n->arg_count, sizeof *args);
	for (uint32_t i = 0; i < n->arg_count; i++)
		args[i] = scalar_eval(ev, n->args[i], row);
	return in_apply(ev, n, args);
}

static struct value call(struct eval *ev, struct node *n, uint32_t row)
{
	struct value args[ARGS_MAX];
	for (uint32_t i = 0; i < n->arg_count; i++)
		args[i] = scalar_eval(ev, n->args[i], row);
	return function_apply(ev, n, args);
}

static struct value binary(struct eval *ev, struct node *n, uint32_t row)
{
	struct value a = scalar_eval(ev, n->args[0], row), b = scalar_eval(ev, n->args[1], row);
	if (n->op <= OP_GE)
		return compare_apply(ev, n, n->op, n->args[0], a, n->args[1], b);
	return arith_apply(ev, n, a, b);
}

struct value scalar_eval(struct eval *ev, struct node *n, uint32_t row)
{
	switch ((enum op)n->op) {
	case OP_CONST: return n->value;
	case OP_FIELD: return field_value(ev, n, row);
	case OP_PATH: return path_apply(ev, n, scalar_eval(ev, n->args[0], row));
	case OP_PRESENT: return value_bool(field_value(ev, n->args[0], row).type != TYPE_ABSENT);
	case OP_IS_NULL:
	case OP_NOT_NULL: return missing(ev, n, row);
	case OP_NOT: return negation(ev, n, row);
	case OP_AND:
	case OP_OR: return logic(ev, n, row);
	case OP_MATCH:
	case OP_NO_MATCH: return match_apply(ev, n, scalar_eval(ev, n->args[0], row));
	case OP_IN: return membership(ev, n, row);
	case OP_NEGATE: return negate_apply(ev, n, scalar_eval(ev, n->args[0], row));
	case OP_DEFAULT: return fallback(ev, n, row);
	case OP_IF: return choice(ev, n, row);
	case OP_TRY: return attempt(ev, n, row);
	case OP_CALL: return call(ev, n, row);
	default: return binary(ev, n, row);
	}
}
