/*
 * How far a group has read: for each shard the @seq that is wanted next.
 *
 * A snapshot of it is a file of lines (store/disk/sealed.h) that is named by its checkpoint and the epoch that made it,
 * `N.EPOCH.pos`, and says which flow it belongs to:
 *
 *   position 1
 *   flow 6f0c...                 32 hex digits
 *   shard 0 1234                 id, the @seq wanted next
 *   shard 1 500 finished         nothing will follow from it
 *   check 0123456789abcdef
 */
#ifndef STREAM_STORE_POSITION_H
#define STREAM_STORE_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/claim/claim.h"
#include "store/read/reader.h"
#include "store/stream/stream.h"

struct position {
	uint32_t shard;
	bool finished;
	uint64_t next;
};

/* In the order of shards, each once. */
struct positions {
	struct position *items;
	size_t count, capacity;
};

void positions_release(struct positions *p);
void positions_copy(struct positions *to, const struct positions *from);
/* NULL: it was never seen. Valid until the next positions_set. */
struct position *positions_get(const struct positions *p, uint32_t shard);
void positions_set(struct positions *p, uint32_t shard, uint64_t next, bool finished);

/* The lines of a snapshot, for claim_keep; what `out` held is gone. */
void positions_text(const struct positions *p, const char *flow, struct buf *out);
int positions_save(const struct positions *p, const char *flow, const struct files *io, const char *directory,
		   const char *name, struct error *e);
/* Returns 1, or 0 if there is no such file. */
int positions_load(struct positions *p, char flow[FLOW_ID_LENGTH + 1], const struct files *io, const char *path,
		   struct error *e);

/*
 * Where a bound lies in a shard: the @seq of the first record behind it, between the oldest that is kept and the end.
 * *past: it is a @seq behind the end.
 */
int position_resolve(const struct stream *s, uint32_t shard, const struct bound *from, uint64_t *seq, bool *past,
		     struct error *e);
/* The same for all shards that overlap a part of the hash space; ERR_USAGE if it is past the end in all of them. */
int positions_resolve(struct positions *p, const struct stream *s, struct hash128 from, struct hash128 to,
		      const struct bound *at, struct error *e);

/* The oldest @seq that a shard has, for somebody who wants `seq`: only if that lies below the low-water mark it matters
   what the tier has, which must be there then. */
int position_oldest(const struct stream *s, uint32_t shard, uint64_t seq, uint64_t *oldest, struct error *e);

/* What a reader at `next` has before it. */
struct lag {
	uint64_t records; /* of the shard, whosever they are */
	uint64_t bytes;   /* of its segments and the tier's, from the frame that holds the next one on */
	int64_t arrived;  /* of the next one; TIMESTAMP_MAX if there is none */
};

int position_lag(const struct stream *s, uint32_t shard, uint64_t next, struct lag *out, struct error *e);

/* Makes the records [from, to) of a shard durable: for streams that never sync. */
int position_secure(const struct stream *s, uint32_t shard, uint64_t from, uint64_t to, struct error *e);

#endif
