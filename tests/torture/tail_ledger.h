/*
 * What was written, line by line, and whether what was read is that.
 *
 * A line is `f7 n12 ...`, the 12th of the 7th file, and no other one is like it; or it is one of those that come again and again.
 */
#ifndef STREAM_TESTS_TORTURE_TAIL_LEDGER_H
#define STREAM_TESTS_TORTURE_TAIL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

struct ledger {
	char **lines;
	size_t count, capacity;
};

void ledger_add(struct ledger *l, const char *line, size_t len);
void ledger_release(struct ledger *l);
/* The lines of a file are added; one that is not there has none. */
void ledger_load(struct ledger *l, const char *path);
/*
 * Whether `got` has each line of `want` as often as it was written, and no other; with `again` at least as often. With `ordered` those
 * of each file in their order. Says on stderr what is wrong. Both are sorted.
 */
bool ledger_compare(struct ledger *want, struct ledger *got, bool again, bool ordered);

#endif
