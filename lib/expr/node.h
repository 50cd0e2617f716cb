/*
 * Inside lib/expr: what an expression is once it has been read. A tree of nodes, all in the expression's arena, listed
 * so that arguments stand before what uses them.
 */
#ifndef STREAM_EXPR_NODE_H
#define STREAM_EXPR_NODE_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "expr/expr.h"
#include "record/value.h"

enum op {
	OP_CONST,
	OP_FIELD,
	OP_PATH, /* args[0], reached into by `path` */
	OP_PRESENT,
	OP_IS_NULL, /* x == null, as written */
	OP_NOT_NULL,
	OP_NOT,
	OP_AND, /* of two or more */
	OP_OR,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_MATCH, /* args[1] is a constant with a regex */
	OP_NO_MATCH,
	OP_IN, /* args[0] in the others */
	OP_NEGATE,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_FLOOR_DIV,
	OP_MOD,
	OP_DEFAULT, /* ??, of two or more */
	OP_IF,
	OP_TRY,
	OP_CALL,
};

enum {
	NESTING_MAX = 200,  /* of parentheses and calls in the text */
	HEIGHT_MAX = 1000,  /* of the tree: bounds the recursion of those who walk it */
	ARGS_MAX = 8,       /* of a function */
	TEXT_MAX = 1 << 20, /* bytes of an expression */
};

struct regex;
struct function;
struct bounds;
struct value_set;
struct zone;

/* A way to read a field: `a.b[0]` is the column `a.b[0]`, or `[0]` in the column `a.b`, or `.b[0]` in `a`. */
struct reference {
	uint32_t field;    /* index in expr.fields */
	uint32_t path_len; /* 0: the column itself */
	const char *path;
};

struct node {
	uint8_t op;
	bool literal; /* OP_CONST: stood so in the text; the null of `x == null` must */
	bool pattern; /* OP_CONST: was written /.../ */
	bool parenthesized;
	uint32_t begin, end; /* where it stands in the text */
	uint32_t height;
	uint32_t arg_count;
	struct node **args;

	struct value value;      /* OP_CONST */
	struct value time;       /* OP_CONST, a string: the time that it is (TYPE_TIME), else TYPE_ABSENT */
	struct bounds *bounds;   /* OP_CONST, a number: made by the kernels */
	struct value_set *set;   /* OP_IN: all its constants, when they are many */
	struct regex *regex;     /* OP_CONST that is used as a pattern */
	const struct zone *zone; /* OP_CONST that is used as the name of a zone; NULL: UTC */
	struct reference *refs;  /* OP_FIELD: tried in this order, row by row */
	uint32_t ref_count;
	uint32_t path_len; /* OP_PATH */
	const char *path;
	const struct function *function; /* OP_CALL */

	/* What evaluation knows about this batch (expr/memo.c). */
	int32_t source; /* the one field that it varies with, or SOURCE_NONE, SOURCE_MANY */
	uint64_t values_serial, truths_serial;
	const struct value *values;
	const uint8_t *truths;

	/* A comparison with a constant: what it met, for expr_warning. */
	bool matched; /* a value of the constant's type */
	bool warned;
	const char *mismatch; /* the name of another type, or NULL */
	const struct node *mismatch_with;
};

enum { SOURCE_NONE = -1, SOURCE_MANY = -2 };

struct expr {
	struct arena arena;
	const char *text; /* all of the text that it was found in; NUL-terminated */
	size_t len;
	struct node *root;
	struct node **nodes; /* arguments before their users */
	uint32_t node_count, node_cap;
	const char **fields; /* distinct names, NUL-terminated */
	uint32_t *field_lens;
	uint32_t field_count, field_cap;
	int64_t now;                   /* what now() gives */
	locale_t locale;               /* for upper() and lower(); 0 if there is none */
	const struct column **columns; /* of the batch at hand, one per field */
	uint64_t serial;               /* counts evaluations */
	void **scratch;                /* buffers of SCRATCH_SIZE, used as a stack */
	uint32_t scratch_used, scratch_count;
	struct buf warning;
};

/* In expr.c */
struct expr *expr_new(const char *text, size_t len);
struct node *node_new(struct expr *x, enum op op, size_t begin, size_t end);
/* The same with n arguments, copied. */
struct node *node_with(struct expr *x, enum op op, size_t begin, size_t end, struct node **args, uint32_t n);
/* The index of that field, added if it is new. */
uint32_t field_index(struct expr *x, const char *name, size_t len);

/* In check.c: looks at a node whose arguments have been looked at, and makes it a constant where it is one. */
int node_check(struct expr *x, struct node *n, struct error *e);
/* Sets the regex of a constant. */
int node_pattern(struct expr *x, struct node *n, const char *flags, struct error *e);

/* "EXPRESSION: column N: ..."; `at` is an offset in the text. Returns ERR_USAGE. */
int text_error(const char *text, size_t len, size_t at, struct error *e, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
