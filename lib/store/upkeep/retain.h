/*
 * Retention: what is older than the stream keeps, or more than it keeps, goes: whole segments, the oldest first, never
 * the newest of a shard. With a tier they move there (store/upkeep/tier.h), else they are deleted.
 *
 *   age    a segment goes when its last record arrived longer ago than the stream keeps records
 *   size   of all shards together the segment goes whose records are the oldest, as long as what stays is not less than
 *          the stream keeps
 *
 * The order makes a crash harmless: copies in the tier, durable and read back; the low-water mark, durable; the files.
 */
#ifndef STREAM_STORE_RETAIN_H
#define STREAM_STORE_RETAIN_H

#include "store/upkeep/tidy.h"

struct retained {
	uint64_t segments, bytes; /* that went */
	uint64_t first;           /* @seq of the oldest record that is kept here */
	bool busy;                /* somebody else was at work there */
};

/*
 * By the settings in s->catalog. `out` has a place for each of its shards. With o->wait, which is for who asked for it,
 * the newest segments are rolled first where they are old enough. On failure what was done before stays done.
 */
int retain(const struct stream *s, const struct tidy_options *o, struct retained *out, struct error *e);

#endif
