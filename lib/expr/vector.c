/* Evaluation of many rows at a time into values. Agrees with scalar.c, but that errors have no text. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/function.h"
#include "expr/set.h"

void *scratch_take(struct expr *x)
{
	if (x->scratch_used == x->scratch_count) {
		x->scratch = mem_resize(x->scratch, x->scratch_count + 1, sizeof *x->scratch);
		x->scratch[x->scratch_count++] = mem_alloc(SCRATCH_SIZE);
	}
	return x->scratch[x->scratch_used++];
}

void scratch_drop(struct expr *x, uint32_t count)
{
	x->scratch_used -= count;
}

struct column column_from(const struct column *c, uint32_t first)
{
	struct column from = *c;
	if (from.marks)
		from.marks += first;
	switch (from.form) {
	case COLUMN_VALUES: from.values += first; break;
	case COLUMN_INT:
	case COLUMN_DICT: from.ints = (const char *)from.ints + (size_t)first * from.width; break;
	case COLUMN_FLOAT: from.floats += first; break;
	case COLUMN_TEXT: from.offsets += first; break;
	default: break;
	}
	return from;
}

/* The values of an operand: those of row i at values[i * stride]. */
struct operand {
	const struct value *values;
	uint32_t stride;  /* 0: one for all */
	uint32_t scratch; /* buffers that were taken */
};

static struct operand operand_take(struct eval *ev, struct node *n, struct rows r)
{
	const struct column *c = plain_column(ev, n);
	if (n->op == OP_CONST)
		return (struct operand){.values = &n->value};
	if (c && c->form == COLUMN_CONST)
		return (struct operand){.values = &c->value};
	if (c && c->form == COLUMN_VALUES && !r.list)
		return (struct operand){.values = c->values + r.first, .stride = 1};
	struct value *values = scratch_take(ev->x);
	vector_eval(ev, n, r, values);
	return (struct operand){.values = values, .stride = 1, .scratch = 1};
}

static void fill(struct value v, uint32_t count, struct value *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = v;
}

static void fields(struct eval *ev, const struct node *n, struct rows r, struct value *out)
{
	const struct column *c = plain_column(ev, n);
	if (!c) {
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = field_value(ev, n, rows_get(r, i));
		return;
	}
	struct column from = r.list ? *c : column_from(c, r.first);
	column_gather(&from, r.list, r.count, out);
}

/* -- rows that go different ways -- */

/* Evaluates n in the rows whose mark is `which`, into their places. Marks are as many as rows. */
static void eval_where(struct eval *ev, struct node *n, struct rows r, const uint8_t *marks, uint8_t which,
		       struct value *out)
{
	uint32_t *list = scratch_take(ev->x), *places = list + CHUNK, count = 0;
	for (uint32_t i = 0; i < r.count; i++) {
		list[count] = rows_get(r, i);
		places[count] = i;
		count += marks[i] == which;
	}
	if (count == r.count) {
		vector_eval(ev, n, r, out);
	} else if (count) {
		struct value *values = scratch_take(ev->x);
		vector_eval(ev, n, (struct rows){.list = list, .count = count}, values);
		for (uint32_t i = 0; i < count; i++)
			out[places[i]] = values[i];
		scratch_drop(ev->x, 1);
	}
	scratch_drop(ev->x, 1);
}

static void choice(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	uint8_t *truths = scratch_take(ev->x);
	truth_eval(ev, n->args[0], r, truths);
	eval_where(ev, n->args[1], r, truths, TRUTH_TRUE, out);
	eval_where(ev, n->args[2], r, truths, TRUTH_FALSE, out);
	for (uint32_t i = 0; i < r.count; i++)
		if (truths[i] >= TRUTH_NULL)
			out[i] = truths[i] == TRUTH_NULL ? value_null() : value_text(TYPE_ERROR, "", 0);
	scratch_drop(ev->x, 1);
}

/* Goes on to the next argument in those rows only where the one before gave nothing: null for ??, an error for try. */
static void fallback(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	uint8_t *marks = scratch_take(ev->x);
	vector_eval(ev, n->args[0], r, out);
	for (uint32_t arg = 1; arg < n->arg_count; arg++) {
		uint32_t open = 0;
		for (uint32_t i = 0; i < r.count; i++) {
			marks[i] = n->op == OP_TRY ? out[i].type == TYPE_ERROR : value_is_missing(out[i]);
			open += marks[i];
		}
		if (open)
			eval_where(ev, n->args[arg], r, marks, 1, out);
	}
	scratch_drop(ev->x, 1);
}

/* -- operators -- */

static inline struct value quick_arith(struct eval *ev, const struct node *n, enum op op, struct value a,
				       struct value b)
{
	int64_t i;
	if (a.type == TYPE_INT && b.type == TYPE_INT && op <= OP_MUL && (a.scale == b.scale) &&
	    (op != OP_MUL || !a.scale)) {
		bool over = op == OP_ADD   ? __builtin_add_overflow(a.i, b.i, &i)
			    : op == OP_SUB ? __builtin_sub_overflow(a.i, b.i, &i)
					   : __builtin_mul_overflow(a.i, b.i, &i);
		if (!over)
			return value_decimal(i, a.scale);
	} else if (op <= OP_DIV && (a.type == TYPE_FLOAT || a.type == TYPE_INT) &&
		   (b.type == TYPE_FLOAT || b.type == TYPE_INT) && !a.scale && !b.scale &&
		   (op == OP_DIV || a.type == TYPE_FLOAT || b.type == TYPE_FLOAT)) {
		double x = a.type == TYPE_INT ? (double)a.i : a.f, y = b.type == TYPE_INT ? (double)b.i : b.f;
		double f = op == OP_ADD ? x + y : op == OP_SUB ? x - y : op == OP_MUL ? x * y : x / y;
		if (isfinite(f))
			return value_float(f + 0.0);
	}
	return arith_apply(ev, n, a, b);
}

static inline void arith_loop(struct eval *ev, const struct node *n, enum op op, struct operand a, struct operand b,
			      uint32_t count, struct value *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = quick_arith(ev, n, op, a.values[i * a.stride], b.values[i * b.stride]);
}

static void arith(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	struct operand a = operand_take(ev, n->args[0], r), b = operand_take(ev, n->args[1], r);
	switch (n->op) { /* a loop each, with the operator known */
	case OP_ADD: arith_loop(ev, n, OP_ADD, a, b, r.count, out); break;
	case OP_SUB: arith_loop(ev, n, OP_SUB, a, b, r.count, out); break;
	case OP_MUL: arith_loop(ev, n, OP_MUL, a, b, r.count, out); break;
	case OP_DIV: arith_loop(ev, n, OP_DIV, a, b, r.count, out); break;
	default:
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = arith_apply(ev, n, a.values[i * a.stride], b.values[i * b.stride]);
	}
	scratch_drop(ev->x, a.scratch + b.scratch);
}

static void unary(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	vector_eval(ev, n->args[0], r, out);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = n->op == OP_NEGATE ? negate_apply(ev, n, out[i]) : path_apply(ev, n, out[i]);
}

static void call(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	struct operand operands[ARGS_MAX];
	struct value args[ARGS_MAX];
	uint32_t scratch = 0;
	for (uint32_t a = 0; a < n->arg_count; a++) {
		operands[a] = operand_take(ev, n->args[a], r);
		scratch += operands[a].scratch;
	}
	for (uint32_t i = 0; i < r.count; i++) {
		for (uint32_t a = 0; a < n->arg_count; a++)
			args[a] = operands[a].values[i * operands[a].stride];
		out[i] = function_apply(ev, n, args);
	}
	scratch_drop(ev->x, scratch);
}

static void conditions(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	uint8_t *truths = scratch_take(ev->x);
	truth_eval(ev, n, r, truths);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = truths[i] <= TRUTH_TRUE   ? value_bool(truths[i])
			 : truths[i] == TRUTH_NULL ? value_null()
						   : value_text(TYPE_ERROR, "", 0);
	scratch_drop(ev->x, 1);
}

void vector_eval(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	if (memo_values(ev, n, r, out))
		return;
	switch ((enum op)n->op) {
	case OP_CONST: fill(n->value, r.count, out); break;
	case OP_FIELD: fields(ev, n, r, out); break;
	case OP_PATH:
	case OP_NEGATE: unary(ev, n, r, out); break;
	case OP_DEFAULT:
	case OP_TRY: fallback(ev, n, r, out); break;
	case OP_IF: choice(ev, n, r, out); break;
	case OP_CALL: call(ev, n, r, out); break;
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_FLOOR_DIV:
	case OP_MOD: arith(ev, n, r, out); break;
	default: conditions(ev, n, r, out);
	}
}
