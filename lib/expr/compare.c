/* Comparisons, matches and lists, on values. */
#include "codec/regex.h"
#include "expr/eval.h"
#include "expr/set.h"

struct value beside_time(const struct eval *ev, const struct node *n, struct value v, struct value other)
{
	if (n->op != OP_CONST || v.type != TYPE_STRING || other.type != TYPE_TIME)
		return v;
	if (n->time.type == TYPE_TIME)
		return n->time;
	return eval_error(ev, n, "this is no time (a time is written \"2026-11-22T19:37:33Z\")");
}

/* What `==` met beside a constant: if it never is of the constant's type, somebody should be told. */
static void note_mismatch(struct node *n, const struct node *left, struct value a, const struct node *right,
			  struct value b)
{
	if (left->op != OP_CONST && right->op != OP_CONST)
		return;
	bool left_varies = left->op != OP_CONST;
	n->mismatch = value_type_name(left_varies ? a : b);
	n->mismatch_with = left_varies ? right : left;
}

static struct value ordered(enum op op, int order)
{
	switch (op) {
	case OP_EQ: return value_bool(order == 0);
	case OP_NE: return value_bool(order != 0);
	case OP_LT: return value_bool(order < 0);
	case OP_LE: return value_bool(order <= 0);
	case OP_GT: return value_bool(order > 0);
	default: return value_bool(order >= 0);
	}
}

static struct value not_comparable(struct eval *ev, const struct node *n, struct value a, struct value b)
{
	const char *hint = "";
	if (value_is_number(a) && b.type == TYPE_STRING)
		hint = "; int() and float() read a number from a string";
	else if (a.type == TYPE_STRING && value_is_number(b))
		hint = "; int() and float() read a number from a string";
	else if (a.type == TYPE_TIME || b.type == TYPE_TIME)
		hint = "; time() makes a time";
	return eval_error(ev, n, "%s and %s have no order%s", value_type_name(a), value_type_name(b), hint);
}

struct value compare_apply(struct eval *ev, struct node *n, enum op op, const struct node *left, struct value a,
			   const struct node *right, struct value b)
{
	if (a.type == TYPE_ERROR)
		return a;
	if (b.type == TYPE_ERROR)
		return b;
	if (value_is_missing(a) || value_is_missing(b))
		return value_null();
	bool numbers = value_is_number(a) && value_is_number(b);
	if (!numbers && a.type != b.type) {
		a = beside_time(ev, left, a, b);
		b = beside_time(ev, right, b, a);
		if (a.type == TYPE_ERROR || b.type == TYPE_ERROR)
			return a.type == TYPE_ERROR ? a : b;
	}
	if (numbers || a.type == b.type) {
		n->matched = true;
		return ordered(op, numbers ? number_compare(a, b) : value_compare(a, b));
	}
	if (op != OP_EQ && op != OP_NE)
		return not_comparable(ev, n, a, b);
	note_mismatch(n, left, a, right, b);
	return value_bool(op == OP_NE);
}

struct value match_apply(struct eval *ev, const struct node *n, struct value subject)
{
	if (subject.type == TYPE_ERROR)
		return subject;
	if (value_is_missing(subject))
		return value_null();
	if (subject.type != TYPE_STRING && subject.type != TYPE_BYTES)
		return eval_error(ev, n, "a pattern matches a string, not %s; string() makes one",
				  value_type_name(subject));
	struct error e;
	const size_t *spans;
	int got = regex_match(n->args[1]->regex, subject.s, subject.len, 0, &spans, &e);
	if (got < 0)
		return eval_error(ev, n, "%s", e.text);
	return value_bool((got > 0) == (n->op == OP_MATCH));
}

/* As `x == a || x == b`, each evaluated: true if one is, else null if one is unknown. */
static struct value in_list(struct eval *ev, struct node *n, const struct value *args)
{
	bool null = false, found = false;
	if (args[0].type == TYPE_ERROR)
		return args[0];
	for (uint32_t i = 1; i < n->arg_count; i++) {
		const struct node *item = n->args[i];
		if (item->literal && args[i].type == TYPE_NULL) {
			found |= value_is_missing(args[0]);
			continue;
		}
		struct value v = compare_apply(ev, n, OP_EQ, n->args[0], args[0], item, args[i]);
		if (v.type == TYPE_ERROR)
			return v;
		found |= v.type == TYPE_BOOL && v.i;
		null |= v.type != TYPE_BOOL;
	}
	return found ? value_bool(true) : null ? value_null() : value_bool(false);
}

struct value in_apply(struct eval *ev, struct node *n, const struct value *args)
{
	struct value v = args[0];
	if (n->set && v.type != TYPE_TIME && v.type != TYPE_ERROR && !value_is_missing(v) && set_has(n->set, v)) {
		n->matched = true;
		return value_bool(true);
	}
	if (n->set && n->matched && v.type != TYPE_TIME && v.type != TYPE_ERROR && !value_is_missing(v))
		return value_bool(false);
	return in_list(ev, n, args);
}
