/*
 * The one option parser. A command describes its options in a table; the parser, the help text
 * and the completion scripts are made from it.
 *
 * POSIX short options (`-n5`, `-n 5`, `-qv`), GNU long ones (`--delay=5s`, `--delay 5s`, unique
 * prefixes accepted); options may stand behind operands until `--`. An option that does not exist is
 * answered with the nearest name that does. All errors are ERR_USAGE.
 */
#ifndef STREAM_BASE_OPT_H
#define STREAM_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum opt_kind {
	OPT_END,      /* closes a table */
	OPT_FLAG,     /* bool: set to true */
	OPT_TEXT,     /* const char *: borrowed from argv */
	OPT_LIST,     /* struct opt_list: each use adds one */
	OPT_COUNT,    /* int64_t: a whole number >= 0, K M G not allowed */
	OPT_DURATION, /* int64_t nanoseconds */
	OPT_SIZE,     /* int64_t bytes */
	OPT_CHOICE,   /* int: the index in `choices` (blank-separated words) */
};

struct opt {
	char letter;      /* 0: none */
	const char *name; /* long name without the dashes; NULL: none */
	enum opt_kind kind;
	size_t offset;       /* of the member in the struct given to opt_parse */
	const char *arg;     /* name of the argument in the help; NULL for flags */
	const char *help;    /* one line, no full stop; the choices are added to it */
	const char *choices; /* for OPT_CHOICE */
};

struct opt_list {
	const char **items; /* owned by the list, the strings borrowed */
	size_t count;
};

/* One table and the struct that its offsets point into. */
struct opt_set {
	const struct opt *table;
	void *into;
};

/*
 * Parses argv[1..argc). `sets` (count of them) are searched in order. What is no option is moved, in
 * order, to argv[0..*operands) -- argv is rearranged --, and *after_dashes is how many of these stood behind `--`.
 * With `stop_at_operand` the first operand ends the options (for commands that run another one).
 */
int opt_parse(int argc, char **argv, const struct opt_set *sets, size_t count, bool stop_at_operand, int *operands,
	      int *after_dashes, struct error *e);

/* Appends a line per option, `  -n, --count=N        how many to print`; the help begins at the same column in all tables. */
void opt_help(const struct opt *table, struct buf *out);

/* The word of `words` (count of them) nearest to `word` by edit distance (transposition counts one), or NULL
   when none is near enough to be meant (distance at most a third of the length, at least 1). Case is not looked at. */
const char *nearest_word(const char *word, size_t len, const char *const *words, size_t count);

void opt_list_release(struct opt_list *l);

#endif
