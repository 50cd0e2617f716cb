/* Inside lib/expr: the constants of a long `in (...)`, found by hash. */
#ifndef STREAM_EXPR_SET_H
#define STREAM_EXPR_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "expr/node.h"

/* NULL if the list is short, or holds what a set can't tell: null. In x's arena. */
struct value_set *set_new(struct expr *x, struct node *const *constants, uint32_t count);

/* v is no time (a string constant may be meant as one), not missing and no error. */
bool set_has(const struct value_set *s, struct value v);

#endif
