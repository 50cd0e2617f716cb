/* Inside lib/expr: text to tree. */
#ifndef STREAM_EXPR_PARSE_H
#define STREAM_EXPR_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "expr/expr.h"

/*
 * Reads one expression from text[*at]; *at is then behind it, at the token that does not belong to it. is_aggregate
 * (may be NULL) only makes a message better: an aggregate inside an expression.
 */
int parse_part(const char *text, size_t len, size_t *at, bool (*is_aggregate)(const char *name, size_t len),
	       struct expr **out, struct error *e);

#endif
