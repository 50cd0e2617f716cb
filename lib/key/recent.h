/*
 * Which keys were seen, and when: a record is new unless one with its key was let through less than `within` before or after it.
 *
 * Times are put in buckets `within` wide. In a bucket a key has one time at most, since those that were let through
 * are at least so far apart; so a look at three buckets decides, and a bucket that no record can be near to any more
 * is freed whole.
 */
#ifndef STREAM_KEY_RECENT_H
#define STREAM_KEY_RECENT_H

#include <stdbool.h>

#include "key/table.h"

struct recent_bucket {
	int64_t start; /* of the stretch of time */
	struct key_table keys;
	int64_t *times; /* by number of key */
	uint32_t cap;
	uint32_t saved; /* keys that a snapshot has */
};

struct recent {
	int64_t within; /* ns, > 0 */
	struct recent_bucket *buckets;
	uint32_t count, cap; /* in order of start */
	uint32_t last;       /* the one found last */
	int64_t forgotten;   /* the greatest time that recent_forget was told */
};

void recent_init(struct recent *r, int64_t within);
void recent_release(struct recent *r);

/* True, and the key is noted, if the record is new. */
bool recent_see(struct recent *r, const char *key, size_t len, int64_t time);
/* No record before `time` will come. */
void recent_forget(struct recent *r, int64_t time);
/* A row of a snapshot (key_table_save with the bucket's times), whose bucket starts there. */
int recent_load(struct recent *r, int64_t start, const struct batch *b, struct error *e);
size_t recent_memory(const struct recent *r); /* bytes, about */

#endif
