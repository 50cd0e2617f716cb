/*
 * The insides of a shard, for the files that make it up. "With the lock" and "with `sync`" say which locks the caller
 * holds.
 */
#ifndef STREAM_STORE_SHARD_PRIVATE_H
#define STREAM_STORE_SHARD_PRIVATE_H

#include <stdbool.h>

#include "store/shard/shard.h"

/* -- shard.c: locks, head and segment -- */

/* Takes the lock and reads the head. */
int shard_lock(struct shard *s, struct error *e);
void shard_unlock(struct shard *s);

/* With the lock: writes the next head. */
int shard_set_head(struct shard *s, const struct head *h, struct error *e);
/* Whether the head holds: valid, beyond doubt, of this boot. */
bool shard_head_current(const struct shard *s);

/* With the lock and a current head: turns from the segment we had to the head's, and finds out what became of what we
   sent. Returns 1, or 0 if the head's segment is not there. */
int shard_follow(struct shard *s, struct error *e);
/* With the lock: 1 if the newest segment is open and whole; 0 if shard_mend must see to it. */
int shard_whole(struct shard *s, struct error *e);
/* With the lock: 1 if the newest segment is open, whole and has room; 0 if shard_mend must see to it. */
int shard_ready(struct shard *s, struct error *e);

/* -- seal.c -- */

/* With the lock: SHARD_MOVED if the catalog is another by now, else 0. */
int shard_moved(const struct shard *s, struct error *e);
/* With both locks: all that is written is durable; what a failed sync takes away goes out of the log. `cuts`: so is that what was cut
   off is gone, which matters where no successor says so. */
int shard_make_durable(struct shard *s, bool cuts, struct error *e);
/* With both locks: shard_seal. */
int shard_seal_locked(struct shard *s, struct error *e);

/* -- mend.c -- */

/* With both locks: makes the shard ready: finds the end of the log, cuts what is no part of it, begins a new segment.
   */
int shard_mend(struct shard *s, struct error *e);
/* With both locks: makes what is in the newest segment durable and begins the next, so that the old one changes no more. */
int shard_retire(struct shard *s, struct error *e);
/* With both locks: begins the segment that the record `base` goes to, and makes it the head's. */
int shard_begin(struct shard *s, uint64_t base, int64_t arrived, struct error *e);

/* -- adopt.c: a segment that was filled elsewhere; with both locks -- */

/* All that is in the log is durable, and nothing more goes into the newest segment: the next begins with head.next. */
int shard_conclude(struct shard *s, struct error *e);
/* After shard_conclude: the draft (segment_begin), whole and durable, with so many rows from head.next on, gets a second name, and is
   the newest segment. Returns 1, or 0 if the file systems can't do that. */
int shard_adopt(struct shard *s, const struct segment *draft, int64_t size, uint64_t rows, int64_t arrived,
		struct error *e);

/* -- sent.c: what was appended here and is not known to be durable -- */

/* Keeps the frames in s->frame, which have just been written. */
int sent_keep(struct shard *s, struct error *e);
/* The same of one that ends there, without its bytes: it cannot be appended again, only found to be lost. */
void sent_note(struct shard *s, int64_t end);
/* Forgets those that the first `durable` bytes of the segment hold. */
void sent_settle(struct shard *s, int64_t durable);
/* Those that end beyond are no more in the log. */
void sent_lose(struct shard *s, int64_t beyond);
bool sent_any_lost(const struct shard *s);

/* -- append.c -- */

/* Takes the lock, mends the shard if need be, and appends again what was lost. SHARD_MOVED: without the lock. */
int shard_lock_ready(struct shard *s, struct error *e);
/* The same, and what was lost stays so. */
int shard_lock_mended(struct shard *s, struct error *e);
/* With the lock, and ready: appends a frame that was made with no place, but for its tag, and came at `arrived`. Its bytes are not
   kept: whoever does this asks sent_any_lost, and never for shard_lock_ready. */
int shard_put_frame(struct shard *s, const char *p, size_t len, int64_t arrived, struct error *e);

/* -- sync.c -- */

/* With `sync`: writes which segment is being synced, 0 for none. If its holder dies in between, nobody knows the
   outcome. */
int shard_set_mark(struct shard *s, uint64_t segment, struct error *e);
/* 0 too if the machine has started anew since. */
int shard_read_mark(const struct shard *s, uint64_t *segment, struct error *e);
/*
 * With `sync`: fdatasync of the segment, which makes durable what the head in `to` says was written; then the new
 * head, with the lock, which is taken here unless `locked`. Returns 1, 0 if it failed (*why says how; the head says
 * so too), or an error of another kind.
 */
int shard_sync_to(struct shard *s, const struct head *to, bool locked, struct error *why, struct error *e);

#endif
