/*
 * One shard, as those who append to it hold it.
 *
 *   shards/0/lock     flock: held to change the head, and to append
 *            sync     flock: held to make the newest segment durable, to mend it, or to begin the next; and 24 bytes:
 *                     the id of the segment that is being synced, 0 when none is, and the boot id
 *            head     store/shard/head.h
 *            news     one byte, written when there is more to be read: what followers watch. The head changes at every
 *                     append, which is no news while only what is durable may be read
 *            *.seg    store/segment/segment.h
 *            *.idx    store/segment/index.h
 *            low      store/shard/low.h
 *            tidy     flock: held to retain and to compact
 *            aside/   what was cut off: torn and failed writes that nobody had been promised
 *
 * A shard whose range was given to others is sealed (store/reshard/reshard.h): its head says that nothing follows.
 *
 * Whoever needs both locks takes `sync` first. Many writers append while one syncs; those who want a sync queue on
 * `sync`, and find when their turn comes that the one before them has made their records durable too.
 *
 * What was appended is kept in memory until it is durable. When a sync fails, the segment is done with for all
 * processes: it is cut back to its durable part, a new one begins there, and each writer appends again what it still
 * holds. A segment that some writer was syncing when it died is treated the same way, for nobody knows what the
 * kernel told it. With a lost head nobody knows either, nor what was promised: then all that is whole is copied to a
 * new file, for a sync of the old one could succeed and be worth nothing.
 */
#ifndef STREAM_STORE_SHARD_H
#define STREAM_STORE_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/frame.h"
#include "record/batch.h"
#include "store/catalog/catalog.h"
#include "store/disk/file.h"
#include "store/segment/index.h"
#include "store/segment/segment.h"
#include "store/shard/head.h"

enum { SEGMENT_SIZE = 256 << 20 };

/* The catalog was replaced since `catalog` was opened: look there whether the record still belongs here. */
enum { SHARD_MOVED = 2 };

/* A frame that was appended and is not known to be durable. */
struct sent {
	int64_t end; /* bytes of the segment up to its end; -1: lost, to be appended again */
	char *bytes; /* owned */
	struct frame frame;
};

struct shard {
	const struct files *io;
	char *directory;
	uint32_t id;
	const struct file *catalog; /* borrowed; NULL: the stream's shards are known not to change */
	int64_t segment_size;       /* a new segment begins when one is that large */
	int64_t segment_age;        /* or when what stands before it arrived so long ago, in nanoseconds; 0: never */
	uint8_t boot[BOOT_ID_SIZE];
	struct file lock, sync, head_file, news;
	bool written_is_news;   /* of a stream that never syncs: what is written may be read */
	struct segment segment; /* the newest, as far as we know */
	struct index_writer index;
	struct head head;  /* as it was when we last held the lock */
	struct sent *sent; /* in the order they were appended, all of them in `segment` */
	size_t sent_count, sent_capacity, sent_bytes;
	struct frame_writer *writer; /* borrowed; NULL until it is given, or needed, which makes one of our own */
	struct frame_writer *own_writer;
	struct buf frame;
};

/* One such as shards want, for several of them. */
struct frame_writer *shard_frame_writer(void);

/* `stream`/shards/`id`, malloced. */
char *shard_directory(const char *stream, uint32_t id);

/* Makes a shard whose first @seq is `base`, and whose @arrived are no less than `arrived`; the directory above is the
   caller's to sync. */
int shard_create(const struct files *io, const char *stream, uint32_t id, uint64_t base, int64_t arrived,
		 struct error *e);

int shard_open(struct shard *s, const struct files *io, const char *stream, uint32_t id, struct error *e);
void shard_close(struct shard *s); /* what is not durable may be lost: shard_sync first */

/*
 * Appends the selected rows of b as one frame (more, if it would be too large), with the metadata of b but for
 * @arrived, @seq and @shard, which are the shard's to give. On failure it is not in the log (unless even the cut that
 * takes it back fails). SHARD_MOVED: nothing was done, and what was lost before is in `sent`, marked as lost.
 */
int shard_append(struct shard *s, const struct batch *b, struct error *e);

/* Begins a new segment if the newest has records, and nothing before it arrived at `before` or later. Takes the locks. */
int shard_roll(struct shard *s, int64_t before, struct error *e);
/* How large and how old a segment becomes: 256 MiB; a 16th of what retention allows, but not below 64 KiB and 1 s, and
   no more than a day. */
void shard_bound(struct shard *s, const struct catalog *c);

/* Makes all that was appended here durable. On failure it may or may not be. SHARD_MOVED: what is durable is forgotten,
   the rest is lost and still in `sent`. */
int shard_sync(struct shard *s, struct error *e);
/* Makes durable what anybody has written. On failure the head says what is to be known. */
int shard_sync_written(struct shard *s, struct error *e);
/* Finds out what became durable by other hands, without a sync. */
int shard_settle(struct shard *s, struct error *e);
/* Forgets what is not durable, for a stream that never syncs. */
void shard_forget(struct shard *s);
/* Makes durable what anybody wrote. What can't be is out of the log, and ERR_FAILED. */
int shard_flush(struct shard *s, struct error *e);
/* Nothing more goes in, and what is in is durable: both locks are taken. What was appended here is forgotten then; or,
   where a sync failed, lost and still in `sent`. The catalog must say durably that the shard is closed. */
int shard_seal(struct shard *s, struct error *e);

#endif
