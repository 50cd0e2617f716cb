/*
 * Expressions: man/stream-expr.7 is the language. Text is parsed and checked once, then evaluated batch by batch; a
 * result is a value per row, and a row whose result could not be computed gets a TYPE_ERROR whose text says why.
 * An expression keeps working memory between batches: one thread at a time.
 */
#ifndef STREAM_EXPR_EXPR_H
#define STREAM_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct expr;

/* All errors are ERR_USAGE: one line with the expression, the column (from 1) and what to do. */
int expr_parse(const char *text, size_t len, struct expr **out, struct error *e);
void expr_free(struct expr *x);

/* An operand of stream-map, stream-agg or `-b`. */
struct statement {
	const char *name;     /* what stands before `=`, backquotes removed; NULL: none. NUL-terminated */
	struct expr *value;   /* the expression, if it is no call of an aggregate */
	const char *function; /* the aggregate's name; NULL: none */
	struct expr **args;   /* its arguments */
	size_t arg_count;
	const char *text; /* the text of the part behind `=`, for a name made from it */
};

/*
 * Reads `NAME = EXPR` or `EXPR` or, when is_aggregate says yes to a name, `NAME = FUNC(ARGS)`, `FUNC(ARGS)` and the
 * bare `FUNC` (also behind `NAME =`).
 * `NAME == EXPR` is no assignment. is_aggregate may be NULL.
 */
int statement_parse(const char *text, bool (*is_aggregate)(const char *name, size_t len), struct statement *out,
		    struct error *e);
void statement_release(struct statement *s);

/* The same for several between commas, as `-b` takes them: `status, h = trunc(@time, 1h)`. The list is the caller's. */
int statement_list_parse(const char *text, bool (*is_aggregate)(const char *name, size_t len), struct statement **out,
			 size_t *count, struct error *e);
void statement_list_release(struct statement *list, size_t count);

/* Whether an operand has the form of an expression by the grammar of the command line: `NAME =`, `NAME(`, in contrast
   to a FILE. */
bool statement_looks_like(const char *operand);

/*
 * The distinct field names that it may read, metadata with @; owned by x. `a.b[0]` is the column of that name in those
 * records that have it, else a path into the column `a.b` or `a`: all of these names are listed.
 */
size_t expr_fields(const struct expr *x, const char *const **names);

/*
 * What to tell about fields of which no name is among `known` (count of them), the fields that records had: appends a
 * line each, with newlines between, and returns how many. It has the nearest name, and answers `user-agent` written
 * without backquotes.
 */
size_t expr_unknown(const struct expr *x, const char *const *known, size_t count, struct buf *out);

/* If it is nothing but a field (not a path): its name, else NULL. */
const char *expr_bare_field(const struct expr *x);

/*
 * out[i] is the result for row rows[i] (rows NULL: row i), i < count. Texts live as long as the batch's content and
 * arena (x owns constants, and must live as long). Absent is the result of a field or path alone where there is none;
 * everything else gives null then. Never fails as a whole.
 */
void expr_eval(struct expr *x, struct batch *b, const uint32_t *rows, uint32_t count, struct value *out);

/*
 * For filters: writes the rows (of the batch's selection, or all) for which x is true to `kept` (room for batch_count),
 * and returns their count. Rows for which it is an error, or neither bool nor null, become rejects of b and are not
 * kept.
 */
uint32_t expr_filter(struct expr *x, struct batch *b, uint32_t *kept);

/* A warning that evaluating came to and that is worth a line, once each (a comparison that can never hold); NULL when
   there is none left. Valid until the next call. */
const char *expr_warning(struct expr *x);

#endif
