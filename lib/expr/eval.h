/*
 * Inside lib/expr: evaluation. scalar_eval defines the meaning, a row at a time; vector_eval and truth_eval give the
 * same for many rows, with shortcuts (kernels, dictionaries). In these an error has no text: whoever wants to show
 * one asks scalar_eval for it.
 */
#ifndef STREAM_EXPR_EVAL_H
#define STREAM_EXPR_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "expr/node.h"
#include "record/column.h"

enum {
	CHUNK = 1024, /* rows that are evaluated at a time */
	SCRATCH_SIZE = CHUNK * (int)sizeof(struct value),
};

struct eval {
	struct expr *x;
	const struct column *const *fields; /* a column per field of x */
	struct arena *arena;                /* for texts that are made */
	uint32_t total;                     /* rows of this evaluation */
	bool plain;                         /* no shortcuts through dictionaries */
	unsigned quiet;                     /* errors get no text */
};

/* At most CHUNK rows: list[0..count), or from `first` on. */
struct rows {
	const uint32_t *list;
	uint32_t first, count;
};

static inline uint32_t rows_get(struct rows r, uint32_t i)
{
	return r.list ? r.list[i] : r.first + i;
}

/* The column that n is, if it is a field alone, else NULL. */
static inline const struct column *plain_column(const struct eval *ev, const struct node *n)
{
	return n->op == OP_FIELD && n->ref_count == 1 && !n->refs->path_len ? ev->fields[n->refs->field] : NULL;
}

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_NULL, TRUTH_ERROR };

/* What a condition makes of a value: anything but a bool and null is an error. */
static inline uint8_t truth_of(struct value v)
{
	return v.type == TYPE_BOOL ? (uint8_t)v.i : value_is_missing(v) ? TRUTH_NULL : TRUTH_ERROR;
}

struct value scalar_eval(struct eval *ev, struct node *n, uint32_t row);
void vector_eval(struct eval *ev, struct node *n, struct rows r, struct value *out);
void truth_eval(struct eval *ev, struct node *n, struct rows r, uint8_t *out);

/* Binds the batch: ev->fields and the source of each node. */
void eval_begin(struct eval *ev, struct expr *x, struct batch *b, uint32_t total);

/* Answers by evaluating once per entry of a dictionary, or once at all, where that is less. False: not done. */
bool memo_values(struct eval *ev, struct node *n, struct rows r, struct value *out);
bool memo_truths(struct eval *ev, struct node *n, struct rows r, uint8_t *out);

/* Buffers of SCRATCH_SIZE bytes, as a stack. */
void *scratch_take(struct expr *x);
void scratch_drop(struct expr *x, uint32_t count);

/* An error whose text begins with the part of the expression that n is. */
struct value eval_error(const struct eval *ev, const struct node *n, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A string constant beside a time is the time that it stands for; an error if it is none. */
struct value beside_time(const struct eval *ev, const struct node *n, struct value v, struct value other);

/* -- operators on values: errors first, then null for null, then types -- */

struct value arith_apply(struct eval *ev, const struct node *n, struct value a, struct value b);
struct value negate_apply(struct eval *ev, const struct node *n, struct value v);
/* `op` is not always n's: kernels turn a comparison round. left and right are the operands' nodes. */
struct value compare_apply(struct eval *ev, struct node *n, enum op op, const struct node *left, struct value a,
			   const struct node *right, struct value b);
struct value match_apply(struct eval *ev, const struct node *n, struct value subject);
/* args[0] in args[1..] */
struct value in_apply(struct eval *ev, struct node *n, const struct value *args);
struct value path_apply(struct eval *ev, const struct node *n, struct value v);
/* The value of a field in a row, absent if it has none. */
struct value field_value(struct eval *ev, const struct node *n, uint32_t row);

/* A row of a column against a constant: kernel.c. `c` may be VALUES, INT, FLOAT or TEXT. */
void kernel_compare(struct eval *ev, struct node *n, enum op op, const struct column *c, const uint32_t *rows,
		    uint32_t count, struct node *constant, uint8_t *out);

/* The column from row `first` on. */
struct column column_from(const struct column *c, uint32_t first);

#endif
