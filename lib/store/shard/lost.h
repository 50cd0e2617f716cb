/*
 * What a shard has lost for good, and was told so: a text file `lost` in its directory, a line for each range that a
 * repair took out of the log. Readers do not complain of these ranges again.
 *
 *   0123456789abcdef lost FIRST BEHIND BASE FROM TO TIME ASIDE REASON
 *
 * From @seq FIRST on, below BEHIND; in the segment BASE, bytes FROM to TO; TIME is when it was noted (nanoseconds since
 * 1970); ASIDE is the file in aside/ that has the bytes, or `-`; REASON goes to the end of the line. The first word is the
 * XXH3-64 of what follows it, from `lost` on. Lines are only added, by replacing the file.
 */
#ifndef STREAM_STORE_LOST_H
#define STREAM_STORE_LOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/disk/file.h"

struct lost_range {
	uint64_t first, behind;
	uint64_t base;
	int64_t from, to;
	const char *aside;  /* NULL: there were no bytes */
	const char *reason; /* one line */
};

struct lost_list {
	struct lost_range *ranges; /* without aside and reason */
	size_t count, capacity;
	size_t damaged;  /* lines that are not as they were written; they don't count */
	struct buf text; /* the file */
};

/* A file that is not there is an empty one. */
int lost_read(struct lost_list *l, const struct files *io, const char *directory, struct error *e);
void lost_release(struct lost_list *l);
/* Whether each of [first, behind) is among them. */
bool lost_covers(const struct lost_list *l, uint64_t first, uint64_t behind);

/* Notes more of them, durably; `l` was read just before, with the shard's lock. */
int lost_add(struct lost_list *l, const struct files *io, const char *directory, const struct lost_range *more,
	     size_t count, struct error *e);

/* Leaves out the lines that are damaged, durably; likewise. */
int lost_mend(struct lost_list *l, const struct files *io, const char *directory, struct error *e);

#endif
