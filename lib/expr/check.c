#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/zone.h"
#include "codec/regex.h"
#include "expr/eval.h"
#include "expr/function.h"
#include "expr/node.h"
#include "expr/set.h"

#define FAIL(x, n, ...) text_error((x)->text, (x)->len, (n)->begin, e, __VA_ARGS__)

/* The part of the text that n is, for %.*s. */
#define SPAN(x, n) (int)((n)->end - (n)->begin), (x)->text + (n)->begin

int node_pattern(struct expr *x, struct node *n, const char *flags, struct error *e)
{
	struct error why;
	if (regex_new(n->value.s, n->value.len, flags, &n->regex, &why))
		return FAIL(x, n, "%s", why.text);
	return OK;
}

/* Whether it can never be true or false, whatever the record. */
static bool is_no_condition(const struct node *n)
{
	if (n->op == OP_CONST)
		return n->value.type != TYPE_BOOL && n->value.type != TYPE_NULL;
	return n->op >= OP_NEGATE && n->op <= OP_MOD;
}

static int check_logic(struct expr *x, struct node *n, struct error *e)
{
	for (uint32_t i = 0; i < n->arg_count; i++) {
		const struct node *arg = n->args[i], *before = i ? n->args[i - 1] : NULL;
		if (!is_no_condition(arg))
			continue;
		if (before && before->op == OP_EQ && arg->op == OP_CONST)
			return FAIL(x, arg, "%.*s is no condition; write %.*s in (%.*s, %.*s)", SPAN(x, arg),
				    SPAN(x, before->args[0]), SPAN(x, before->args[1]), SPAN(x, arg));
		return FAIL(x, arg, "%.*s is no condition: it is neither true nor false", SPAN(x, arg));
	}
	return OK;
}

static bool is_null_literal(const struct node *n)
{
	return n->op == OP_CONST && n->literal && n->value.type == TYPE_NULL;
}

static int check_comparison(struct expr *x, struct node *n, struct error *e)
{
	if (!is_null_literal(n->args[0]) && !is_null_literal(n->args[1]))
		return OK;
	if (n->op != OP_EQ && n->op != OP_NE)
		return FAIL(x, n, "null is neither less nor greater; test it with ==");
	if (is_null_literal(n->args[0]))
		n->args[0] = n->args[1];
	n->arg_count = 1;
	n->op = n->op == OP_EQ ? OP_IS_NULL : OP_NOT_NULL;
	return OK;
}

/* The name of a zone: read here, once. */
static int check_zone(struct expr *x, struct node *arg, struct error *e)
{
	struct error why;
	if (arg->op != OP_CONST || arg->value.type != TYPE_STRING)
		return FAIL(x, arg, "a zone is wanted here, by its name: \"Europe/Berlin\"");
	if (!zone_load(arg->value.s, arg->value.len, &x->arena, &arg->zone, &why))
		return OK;
	/* That tzdata is missing is no fault of the expression. */
	return why.code == ERR_USAGE ? FAIL(x, arg, "%s", why.text) : error_set(e, why.code, "%s", why.text);
}

/* A constant format of times: kept with a NUL behind it, and all its directives known. */
static int check_format(struct expr *x, struct node *arg, bool reads, struct error *e)
{
	struct error why;
	struct value *v = &arg->value;
	if (arg->op != OP_CONST || v->type != TYPE_STRING)
		return OK;
	v->s = arena_copy(&x->arena, v->s, v->len);
	if (memchr(v->s, 0, v->len))
		return FAIL(x, arg, "a format has no NUL in it");
	if (reads ? timestamp_format_check(v->s, &why) : timestamp_print_check(v->s, &why))
		return FAIL(x, arg, "%s", why.text);
	return OK;
}

static int check_pattern(struct expr *x, struct node *arg, struct error *e)
{
	if (arg->regex)
		return OK;
	if (arg->op != OP_CONST || arg->value.type != TYPE_STRING)
		return FAIL(x, arg, "a pattern is wanted here: /.../ or a string");
	return node_pattern(x, arg, "", e);
}

static int check_argument(struct expr *x, const struct node *n, uint32_t i, struct error *e)
{
	struct node *arg = n->args[i];
	switch (function_arg(n->function, i)) {
	case 'f': return arg->op == OP_FIELD ? OK : FAIL(x, arg, "%s wants a field", n->function->name);
	case 'r': return check_pattern(x, arg, e);
	case 'z': return check_zone(x, arg, e);
	case 'c':
		if (arg->op == OP_CONST && arg->value.type == TYPE_STRING && !value_is_network(arg->value))
			return FAIL(x, arg, "this is no network, like 10.0.0.0/8 or fd00::/8");
		return OK;
	case 'd': return check_format(x, arg, false, e);
	case 'D': return check_format(x, arg, true, e);
	default: return OK;
	}
}

static int check_call(struct expr *x, struct node *n, struct error *e)
{
	const struct function *f = n->function;
	uint32_t least = (uint32_t)strcspn(f->args, "|"), most = (uint32_t)strlen(f->args) - (f->args[least] == '|');
	if (strchr(f->args, '*')) {
		least = most - 1;
		most = ARGS_MAX;
	}
	if (n->arg_count < least || n->arg_count > most)
		return FAIL(x, n, "%u argument%s, but it is %s: %s", n->arg_count, n->arg_count == 1 ? "" : "s",
			    f->usage, f->help);
	for (uint32_t i = 0; i < n->arg_count; i++) {
		int code = check_argument(x, n, i, e);
		if (code)
			return code;
	}
	return n->op == OP_IF ? check_logic(x, &(struct node){.args = n->args, .arg_count = 1}, e) : OK;
}

/* A pattern is no value: it stands behind =~ and where a function takes one. */
static int check_patterns(struct expr *x, struct node *n, struct error *e)
{
	for (uint32_t i = 0; i < n->arg_count; i++) {
		if (!n->args[i]->pattern)
			continue;
		if ((n->op == OP_MATCH || n->op == OP_NO_MATCH) && i == 1)
			continue;
		if (n->op == OP_CALL && i < ARGS_MAX && strchr("rp", function_arg(n->function, i)))
			continue;
		return FAIL(x, n->args[i], "a pattern has no place here; it stands behind =~ or in sub() and its like");
	}
	return OK;
}

/* A string that may meet a time is read as one now. */
static void read_times(struct node *n)
{
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct node *arg = n->args[i];
		int64_t ns;
		if (arg->op == OP_CONST && arg->value.type == TYPE_STRING && arg->time.type == TYPE_ABSENT &&
		    !timestamp_parse(arg->value.s, arg->value.len, &ns, NULL))
			arg->time = value_time(ns);
	}
}

/* split(...)[i] needs no array. Of a call that became a constant the arguments are still there. */
static void check_path(struct expr *x, struct node *n)
{
	struct node *call = n->args[0];
	if (!function_is_split(call->function) || n->path[0] != '[' ||
	    memchr(n->path, ']', n->path_len) != n->path + n->path_len - 1)
		return;
	struct node *index = node_new(x, OP_CONST, n->begin, n->end);
	index->value = value_int(strtoll(n->path + 1, NULL, 10));
	struct node **args = arena_array(&x->arena, 3, sizeof *args);
	args[0] = call->args[0];
	args[1] = call->args[1];
	args[2] = index;
	n->op = OP_CALL;
	n->function = &function_split_part;
	n->args = args;
	n->arg_count = 3;
}

static int check_match(struct expr *x, struct node *n, struct error *e)
{
	return check_pattern(x, n->args[1], e);
}

static int check_kind(struct expr *x, struct node *n, struct error *e)
{
	if (n->op >= OP_NOT && n->op <= OP_OR)
		return check_logic(x, n, e);
	if (n->op >= OP_EQ && n->op <= OP_GE)
		return check_comparison(x, n, e);
	if (n->op == OP_MATCH || n->op == OP_NO_MATCH)
		return check_match(x, n, e);
	if (n->op == OP_PATH)
		check_path(x, n);
	return n->function ? check_call(x, n, e) : OK;
}

static bool all_constant(const struct node *n, uint32_t from)
{
	for (uint32_t i = from; i < n->arg_count; i++)
		if (n->args[i]->op != OP_CONST)
			return false;
	return true;
}

/* An error stays for the rows to meet, where try() may catch it. */
static void fold(struct expr *x, struct node *n)
{
	struct eval ev = {.x = x, .arena = &x->arena, .total = 1, .plain = true, .quiet = 1};
	struct value v = scalar_eval(&ev, n, 0);
	if (v.type == TYPE_ERROR)
		return;
	n->op = OP_CONST;
	n->value = v;
	n->arg_count = 0;
}

int node_check(struct expr *x, struct node *n, struct error *e)
{
	int code = check_patterns(x, n, e);
	if (!code)
		code = check_kind(x, n, e);
	if (code)
		return code;
	read_times(n);
	if (n->op == OP_IN && all_constant(n, 1))
		n->set = set_new(x, n->args + 1, n->arg_count - 1);
	if (n->op != OP_FIELD && all_constant(n, 0))
		fold(x, n);
	return OK;
}
