/*
 * A log that is written and rotated in the working directory, as `log`: by a writer that draws what it does from a seed.
 *
 * Lines are put on the ledger when they are whole. What no reader can have is not done: nothing is written between the copy
 * and the truncation, nor to a file that is being compressed; and what is not whole is made so before that. Files are deleted
 * when the caller says that all of it was read.
 */
#ifndef STREAM_TESTS_TORTURE_TAIL_LOG_H
#define STREAM_TESTS_TORTURE_TAIL_LOG_H

#include <sys/types.h>

#include "tail_dice.h"
#include "tail_ledger.h"

enum rotation { BY_DATES, BY_SHIFTS, BY_GZIP, BY_DELAYED_GZIP, BY_TRUNCATION, BY_COPIES, BY_LINK, BY_ANY, ROTATIONS };
extern const char *const rotation_names[ROTATIONS];

/* Something open that is written to. */
struct written {
	int fd; /* -1: none */
	int number, lines;
	char *rest; /* of a line that is not whole yet; NULL: all are */
	char *line;
};

struct log {
	struct dice *dice;
	struct ledger *ledger;
	enum rotation rotation;
	bool headers; /* files begin alike, and some hold nothing else */
	bool watched; /* for the caller: somebody reads */
	struct written now, before;
	int files, dates;
	pid_t packer; /* runs; 0: none */
	long rotations;
};

void log_init(struct log *l, enum rotation rotation, bool headers, struct dice *dice, struct ledger *ledger);
/* Some lines; perhaps a part of one. */
void log_write(struct log *l);
void log_rotate(struct log *l);
/* What was begun is ended: lines, and compression. */
void log_settle(struct log *l);
/* All that is there was read: deletes old ones. */
void log_prune(struct log *l);
void log_release(struct log *l);

#endif
