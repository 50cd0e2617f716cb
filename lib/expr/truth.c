/* Evaluation of conditions, many rows at a time, into a byte per row: what filters and if() ask for. */
#include <string.h>

#include "expr/eval.h"

/* [left][right]; the left side, where it decides or is an error, hides the right one. */
static const uint8_t and_table[4][4] = {{0, 0, 0, 0}, {0, 1, 2, 3}, {0, 2, 2, 3}, {3, 3, 3, 3}};
static const uint8_t or_table[4][4] = {{0, 1, 2, 3}, {1, 1, 1, 1}, {2, 1, 2, 3}, {3, 3, 3, 3}};

/* Whether a condition costs so little that it is evaluated in all rows, also where it is not needed. */
static bool is_cheap(const struct eval *ev, const struct node *n)
{
	if (n->op < OP_EQ || n->op > OP_GE)
		return n->op == OP_PRESENT || n->op == OP_IS_NULL || n->op == OP_NOT_NULL || n->op == OP_FIELD;
	return (n->args[0]->op == OP_CONST && plain_column(ev, n->args[1])) ||
	       (n->args[1]->op == OP_CONST && plain_column(ev, n->args[0]));
}

static void combine(const uint8_t table[4][4], const uint8_t *right, uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = table[out[i]][right[i]];
}

/* The next argument of && or ||, in those rows that it can still decide. */
static void join_open(struct eval *ev, struct node *n, struct node *arg, struct rows r, uint8_t *out)
{
	const uint8_t(*table)[4] = n->op == OP_AND ? and_table : or_table;
	uint8_t decided = n->op == OP_OR;
	uint32_t *list = scratch_take(ev->x), *places = list + CHUNK, count = 0;
	for (uint32_t i = 0; i < r.count; i++) {
		list[count] = rows_get(r, i);
		places[count] = i;
		count += out[i] != decided && out[i] != TRUTH_ERROR;
	}
	if (count) {
		uint8_t *right = scratch_take(ev->x);
		truth_eval(ev, arg, (struct rows){.list = list, .count = count}, right);
		for (uint32_t i = 0; i < count; i++)
			out[places[i]] = table[out[places[i]]][right[i]];
		scratch_drop(ev->x, 1);
	}
	scratch_drop(ev->x, 1);
}

static void logic(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	truth_eval(ev, n->args[0], r, out);
	for (uint32_t a = 1; a < n->arg_count; a++) {
		if (!is_cheap(ev, n->args[a])) {
			join_open(ev, n, n->args[a], r, out);
			continue;
		}
		uint8_t *right = scratch_take(ev->x);
		truth_eval(ev, n->args[a], r, right);
		combine(n->op == OP_AND ? and_table : or_table, right, r.count, out);
		scratch_drop(ev->x, 1);
	}
}

static void negation(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	truth_eval(ev, n->args[0], r, out);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] ^= out[i] <= TRUTH_TRUE;
}

/* The values of n as a VALUES column; *rows is NULL if they are in the order of r. */
static struct column as_column(struct eval *ev, struct node *n, struct rows r, const uint32_t **rows, uint32_t *scratch)
{
	const struct column *c = plain_column(ev, n);
	*scratch = 0;
	*rows = NULL;
	if (c && r.list) {
		*rows = r.list;
		return *c;
	}
	if (c)
		return column_from(c, r.first);
	struct value *values = scratch_take(ev->x);
	*scratch = 1;
	vector_eval(ev, n, r, values);
	return (struct column){.form = COLUMN_VALUES, .values = values};
}

static enum op turned(enum op op)
{
	switch (op) {
	case OP_LT: return OP_GT;
	case OP_LE: return OP_GE;
	case OP_GT: return OP_LT;
	case OP_GE: return OP_LE;
	default: return op;
	}
}

static void compare_constant(struct eval *ev, struct node *n, enum op op, struct node *left, struct node *constant,
			     struct rows r, uint8_t *out)
{
	const uint32_t *rows;
	uint32_t scratch;
	struct column c = as_column(ev, left, r, &rows, &scratch);
	kernel_compare(ev, n, op, &c, rows, r.count, constant, out);
	scratch_drop(ev->x, scratch);
}

static void compare(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	struct node *left = n->args[0], *right = n->args[1];
	if (right->op == OP_CONST) {
		compare_constant(ev, n, n->op, left, right, r, out);
		return;
	}
	if (left->op == OP_CONST) {
		compare_constant(ev, n, turned(n->op), right, left, r, out);
		return;
	}
	struct value *a = scratch_take(ev->x), *b = scratch_take(ev->x);
	vector_eval(ev, left, r, a);
	vector_eval(ev, right, r, b);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = truth_of(compare_apply(ev, n, n->op, left, a[i], right, b[i]));
	scratch_drop(ev->x, 2);
}

static void missing(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	const struct column *c = plain_column(ev, n->args[0]);
	bool is_null = n->op == OP_IS_NULL;
	if (c && c->form != COLUMN_VALUES && c->form != COLUMN_CONST && c->form != COLUMN_DICT) {
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = (c->marks && c->marks[rows_get(r, i)]) == is_null;
		return;
	}
	const uint32_t *rows;
	uint32_t scratch;
	struct column values = as_column(ev, n->args[0], r, &rows, &scratch);
	for (uint32_t i = 0; i < r.count; i++) {
		struct value v = column_get(&values, rows ? rows[i] : i);
		out[i] = v.type == TYPE_ERROR ? TRUTH_ERROR : value_is_missing(v) == is_null;
	}
	scratch_drop(ev->x, scratch);
}

static void match(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	const uint32_t *rows;
	uint32_t scratch;
	struct column c = as_column(ev, n->args[0], r, &rows, &scratch);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = truth_of(match_apply(ev, n, column_get(&c, rows ? rows[i] : i)));
	scratch_drop(ev->x, scratch);
}

static uint8_t is_missing(struct value v)
{
	return v.type == TYPE_ERROR ? TRUTH_ERROR : value_is_missing(v);
}

/* A short list of constants: one comparison after the other, each over all rows. */
static void in_constants(struct eval *ev, struct node *n, const struct column *c, const uint32_t *rows, uint32_t count,
			 uint8_t *out)
{
	uint8_t *one = scratch_take(ev->x);
	memset(out, TRUTH_FALSE, count);
	for (uint32_t a = 1; a < n->arg_count; a++) {
		struct node *item = n->args[a];
		if (item->literal && item->value.type == TYPE_NULL)
			for (uint32_t i = 0; i < count; i++)
				one[i] = is_missing(column_get(c, rows ? rows[i] : i));
		else
			kernel_compare(ev, n, OP_EQ, c, rows, count, item, one);
		/* An error ends it; true decides, but an error may still follow. */
		for (uint32_t i = 0; i < count; i++)
			out[i] =
				out[i] == TRUTH_ERROR || one[i] == TRUTH_ERROR ? TRUTH_ERROR : or_table[out[i]][one[i]];
	}
	scratch_drop(ev->x, 1);
}

static void in_set(struct eval *ev, struct node *n, const struct column *c, const uint32_t *rows, uint32_t count,
		   uint8_t *out)
{
	struct value *args = arena_array(ev->arena, n->arg_count, sizeof *args);
	for (uint32_t a = 1; a < n->arg_count; a++)
		args[a] = n->args[a]->value;
	for (uint32_t i = 0; i < count; i++) {
		args[0] = column_get(c, rows ? rows[i] : i);
		out[i] = truth_of(in_apply(ev, n, args));
	}
}

static bool has_constant_items(const struct node *n)
{
	for (uint32_t a = 1; a < n->arg_count; a++)
		if (n->args[a]->op != OP_CONST)
			return false;
	return true;
}

static void membership(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	if (!has_constant_items(n)) {
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = truth_of(scalar_eval(ev, n, rows_get(r, i)));
		return;
	}
	const uint32_t *rows;
	uint32_t scratch;
	struct column c = as_column(ev, n->args[0], r, &rows, &scratch);
	if (n->set)
		in_set(ev, n, &c, rows, r.count, out);
	else
		in_constants(ev, n, &c, rows, r.count, out);
	scratch_drop(ev->x, scratch);
}

static void present(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = field_value(ev, n->args[0], rows_get(r, i)).type != TYPE_ABSENT;
}

static void any(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	const uint32_t *rows;
	uint32_t scratch;
	struct column c = as_column(ev, n, r, &rows, &scratch);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = truth_of(column_get(&c, rows ? rows[i] : i));
	scratch_drop(ev->x, scratch);
}

void truth_eval(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	if (memo_truths(ev, n, r, out))
		return;
	switch ((enum op)n->op) {
	case OP_AND:
	case OP_OR: logic(ev, n, r, out); break;
	case OP_NOT: negation(ev, n, r, out); break;
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE: compare(ev, n, r, out); break;
	case OP_IS_NULL:
	case OP_NOT_NULL: missing(ev, n, r, out); break;
	case OP_PRESENT: present(ev, n, r, out); break;
	case OP_MATCH:
	case OP_NO_MATCH: match(ev, n, r, out); break;
	case OP_IN: membership(ev, n, r, out); break;
	default: any(ev, n, r, out);
	}
}
