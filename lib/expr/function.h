/* Inside lib/expr: the functions, in tables by kind. */
#ifndef STREAM_EXPR_FUNCTION_H
#define STREAM_EXPR_FUNCTION_H

#include <stddef.h>

#include "expr/eval.h"
#include "expr/node.h"

enum {
	FUNCTION_MISSING = 1, /* wants to see absent and null; others are null for them */
};

/*
 * `args` is a letter per argument, those behind | may be left out, and * repeats the last:
 *
 *   s string      b string or bytes   n number         i whole number   t time, or a constant that is one
 *   a anything    r pattern           p string or pattern               f a field
 *   z the constant name of a zone, which is read once (node.zone)
 *   c the name of a network; a constant one is looked at once
 *   d a format of times; a constant one is looked at once: D for strptime, d for strftime
 */
struct function {
	const char *name;
	const char *args;
	const char *usage; /* as messages and the manual show it */
	const char *help;  /* a few words for messages; the manual says more */
	struct value (*call)(struct eval *ev, const struct node *n, const struct value *args);
	unsigned flags;
	enum op op; /* OP_CALL, or the node that it is */
};

const struct function *function_find(const char *name, size_t len);
/* "; did you mean NAME?", or another hint, or "". */
void function_hint(const char *name, size_t len, char *out, size_t cap);
/* The letter of argument i. */
char function_arg(const struct function *f, uint32_t i);

bool function_is_split(const struct function *f);
/* split(s, separator)[i], with i as third argument. */
extern const struct function function_split_part;

/* Whether a string is a network like 10.0.0.0/8, or an address. */
bool value_is_network(struct value s);

/* The result for these arguments: errors and nulls among them, and their types, are looked at here. */
struct value function_apply(struct eval *ev, const struct node *n, const struct value *args);

extern const struct function functions_choice[], functions_text[], functions_form[], functions_pattern[],
	functions_number[], functions_time[], functions_convert[], functions_code[], functions_json[],
	functions_place[];

/* All of these tables, each ended by a row without a name. */
extern const struct function *const function_tables[];
extern const size_t function_table_count;

#endif
