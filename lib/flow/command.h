/*
 * A command as its user sees it: options, operands, help. One table per command; the help text, the parser and the
 * completions come from it, and the options that all commands share are added here.
 */
#ifndef STREAM_FLOW_COMMAND_H
#define STREAM_FLOW_COMMAND_H

#include <stdbool.h>

#include "base/error.h"
#include "base/opt.h"
#include "format/text.h"

#define STREAM_VERSION "0.1"

enum command_traits {
	COMMAND_SOURCE = 1,       /* makes or fetches its records: reads no standard input, takes no -i */
	COMMAND_SINK = 2,         /* the end of a pipeline: takes no -o */
	COMMAND_FOLDS = 4,        /* the records that come out are new ones, made of those that came in */
	COMMAND_RUNS = 8,         /* its operands are a COMMAND, whose options are not ours */
	COMMAND_KEEPS_ORDER = 16, /* records come out in the order they came in: ORDER frames concern it */
};

struct command {
	const char *summary;       /* `keeps the records for which an expression is true` */
	const char *operands;      /* `EXPR [FILE…]` */
	const char *examples;      /* lines, each ended by a newline */
	const struct opt *options; /* its own; offsets into the command's struct; NULL: none */
	unsigned traits;           /* enum command_traits */
};

/* What the common options said. */
struct common_options {
	int input, output; /* enum format */
	int color;         /* 0 auto, 1 always, 2 never */
	bool meta, strict, stats, quiet, verbose, help, version;
	const char *bad, *metrics;
};

struct operands {
	char **items;
	int count;
	int dashed; /* how many of them, the last ones, stood behind `--` */
};

/*
 * Parses the command line into `common` and `self`. Returns 0, or 1 when it has done all there was to do (--help, --version: printed on
 * standard output), or ERR_USAGE.
 */
int command_parse(const struct command *c, int argc, char **argv, struct common_options *common, void *self,
		  struct operands *operands, struct error *e);

/* Takes the first operand off; ERR_USAGE that names `what` if there is none. */
int operand_take(struct operands *o, const char *what, const char **item, struct error *e);

/* Appends the help text. */
void command_help(const struct command *c, struct buf *out);

/* Prints the one line that ends a command in failure (nothing for ERR_GONE) and returns its status. */
int command_fail(const struct error *e);

/* Writes all of it to standard output, so that a full disk is noticed. */
int print_out(const struct buf *text, struct error *e);

#endif
