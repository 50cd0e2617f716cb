/* One look at the files of a path; for lib/tail/chain_*.c alone. */
#ifndef STREAM_TAIL_CHAIN_PRIVATE_H
#define STREAM_TAIL_CHAIN_PRIVATE_H

#include "base/units.h"
#include "tail/chain.h"
#include "tail/siblings.h"

struct look {
	struct chain *c;
	struct siblings siblings;
	bool *found;          /* of the chain's items: it is there */
	bool *packed;         /* and a compressed copy of it was met */
	size_t known;         /* items before the look */
	struct source *named; /* which of them is what the path names; NULL: none */
	bool moved;           /* a file was renamed, removed or truncated while we looked */
	int fd;               /* what the path names, if it is not known; -1: nothing */
	struct stat st;
};

/* When it was written last. */
static inline int64_t source_written(const struct stat *st)
{
	return st->st_mtim.tv_sec * SECOND + st->st_mtim.tv_nsec;
}

/* chain_copies.c */
/* Of which file that is no more `fd`, which is `at`, is a copy: 1 and *i; 0: of none. */
int look_original(struct look *l, int fd, const struct sibling *at, size_t *i, struct error *e);
/* Whether it is one of a file that is there: 1 or 0. What is packed goes when that is done, and the other one is read. */
int look_is_copy(const struct look *l, int part, const struct sibling *at, struct error *e);

#endif
