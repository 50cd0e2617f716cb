/* Comparisons with a constant that never met a value of its type. */
#include <string.h>

#include "expr/node.h"

static bool is_digits(struct value v)
{
	struct value number;
	return v.type == TYPE_STRING && v.len && number_read(v.s, v.s + v.len, &number) == v.s + v.len;
}

static void describe(struct expr *x, const struct node *n)
{
	const struct node *k = n->mismatch_with, *varies = n->args[0] == k ? n->args[1] : n->args[0];
	struct buf *out = &x->warning;
	int len = (int)(k->end - k->begin);
	const char *text = x->text + k->begin;
	buf_clear(out);
	buf_printf(out, "%.*s is never %s: %.*s is of type %s, %.*s of type %s", (int)(n->end - n->begin),
		   x->text + n->begin, n->op == OP_NE ? "false" : "true", (int)(varies->end - varies->begin),
		   x->text + varies->begin, n->mismatch, len, text, value_type_name(k->value));
	if (!strcmp(n->mismatch, "string") && value_is_number(k->value))
		buf_printf(out, "; write \"%.*s\"", len, text);
	else if ((!strcmp(n->mismatch, "int") || !strcmp(n->mismatch, "float")) && is_digits(k->value))
		buf_printf(out, "; write %.*s without quotes", (int)k->value.len, k->value.s);
	else if (k->value.type == TYPE_BOOL || !strcmp(n->mismatch, "bool"))
		buf_string_append(out, "; a bool is true or false, without quotes");
}

const char *expr_warning(struct expr *x)
{
	for (uint32_t i = 0; i < x->node_count; i++) {
		struct node *n = x->nodes[i];
		if (!n->mismatch || n->matched || n->warned)
			continue;
		n->warned = true;
		describe(x, n);
		return buf_string(&x->warning);
	}
	return NULL;
}
