/* Inside lib/expr: numbers to compute with. */
#ifndef STREAM_EXPR_ARITH_H
#define STREAM_EXPR_ARITH_H

#include "expr/eval.h"

enum operand {
	OPERAND_EXACT,   /* TYPE_INT, an int or a decimal */
	OPERAND_FLOAT,   /* TYPE_FLOAT */
	OPERAND_TOO_BIG, /* an int beyond 64 bits, or a number beyond a double */
};

/* Turns a number into what is computed with. */
enum operand operand_of(struct value *v);

__int128 power10(unsigned n); /* n <= 38 */
/* i / 10^scale as a decimal of at most 18 places in 64 bits, zeros at the end given up for it. False: it is none. */
bool fit_decimal(__int128 i, unsigned scale, struct value *out);
/* A float, or an error if it is not finite. */
struct value float_result(const struct eval *ev, const struct node *n, double f);

/* To the nearest with at most so many decimals, a half away from zero; exact for what is a decimal. */
struct value number_round(struct eval *ev, const struct node *n, struct value x, int64_t digits);

/* A number of seconds in nanoseconds, rounded; false where that does not fit. */
bool seconds_to_ns(struct value v, int64_t *ns);
struct value seconds_between(int64_t from, int64_t to);

#endif
