/*
 * How far a shard may be read: up to what is durable; where the stream never syncs, up to what is written.
 *
 * The head says so while it is of this boot. If it is not, nobody has written since the machine started, and what
 * is in the newest segment is what the disk has: its end is searched for (store/shard/tail.h), and nothing is changed. Who
 * reads then, before a writer has recovered the shard, may be shown what another crash takes away, if the head was lost
 * without a new start, or the disk had it in a cache of its own alone.
 */
#ifndef STREAM_STORE_LIMIT_H
#define STREAM_STORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"
#include "store/segment/scan.h"
#include "store/shard/head.h"

struct limit {
	uint64_t segment; /* id of the newest segment */
	uint64_t base;
	int64_t bytes; /* of it may be read */
	uint64_t seq;  /* the @seq behind the last one that may be read */
	uint64_t generation;
	bool sealed;   /* and nothing will follow */
	bool foreign;  /* nobody has written since the machine started, or the head is lost */
	bool searched; /* not from the head */
	bool unread;   /* what follows `bytes` can't be read: nobody knows whether there is more */
	bool known;
};

/* `scan` is used to search, and has no segment open afterwards. */
int limit_read(struct limit *l, const struct files *io, const char *directory, const struct file *head, bool written,
	       const uint8_t boot[BOOT_ID_SIZE], struct scan *scan, struct error *e);

#endif
