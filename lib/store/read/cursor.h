/*
 * A place in one shard that moves forward: the frames of its segments, in order, up to the limit (store/shard/limit.h), whole
 * and checked.
 *
 * Damage below the limit has lost records that were promised. It is reported, with the exact range, and reading goes
 * on with the first good frame behind it; what a repair has noted (store/shard/lost.h) is not reported again. Memory: one frame.
 *
 * The oldest records may be in the tier, and segments may go, or be rewritten, while we read: a segment that vanished is
 * looked for again, by the @seq that is wanted.
 */
#ifndef STREAM_STORE_CURSOR_H
#define STREAM_STORE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"
#include "store/segment/scan.h"
#include "store/segment/segment.h"
#include "store/shard/limit.h"
#include "store/stream/stream.h"

/* Records that are lost. */
struct damage {
	const char *stream;
	uint32_t shard;
	const char *file;       /* the segment's path; the shard's if there is none */
	int64_t from, to;       /* bytes of it; equal if the file ends too early; 0 if there is none */
	uint64_t first, behind; /* @seq: from `first` on, below `behind` */
	const char *reason;
};

struct cursor {
	const struct stream *stream; /* borrowed */
	uint32_t shard;
	char *directory;
	struct file head;
	uint8_t boot[BOOT_ID_SIZE];
	struct limit limit;

	struct segment segment;
	int64_t size;      /* of a segment that is complete */
	uint64_t until;    /* @seq where the next segment begins; UINT64_MAX: ours is the newest */
	bool reading;      /* since the last seek something was there: from then on, gaps are damage */
	uint64_t doubt;    /* where a gap seems to end; 0: there is none */
	int64_t at;        /* the next frame */
	uint64_t next;     /* the @seq that is expected there */
	uint64_t stranger; /* id of the last file that was newest and not the head's segment */

	uint64_t seq;   /* the record that is wanted next */
	uint64_t end;   /* and where to stop; UINT64_MAX: nowhere */
	int64_t since;  /* only records that arrived then or later */
	int64_t before; /* and before this */

	struct scan scan;
	struct batch batch;
	int64_t arrived;           /* of the first record in batch */
	const char *raw;           /* the batch has no fields, for it was asked for as it is: the frame; else NULL */
	struct frame frame;        /* which batch is from */
	uint32_t raw_from, raw_to; /* frames of so many rows that are wanted whole are left as they are; 0, 0: none */
	const char *const *want;   /* only these fields; NULL: all. Borrowed */
	size_t want_count;

	void (*damaged)(void *arg, const struct damage *d); /* NULL: nobody wants to know */
	void *damaged_arg;
};

/* At the oldest record, without an end. */
int cursor_open(struct cursor *c, const struct stream *s, uint32_t shard, struct error *e);
void cursor_close(struct cursor *c);

/* The @seq behind the last record that may be read now. */
int cursor_end(struct cursor *c, uint64_t *seq, struct error *e);

/* Moves to a record, forward or back. */
void cursor_seek(struct cursor *c, uint64_t seq);
/* Moves to the first record that arrived at `time` or later, by reading headers and a few frames. */
int cursor_seek_time(struct cursor *c, int64_t time, struct error *e);

/* Loads the next records into c->batch, where they are valid until the next call. Returns 1, or 0 if there is nothing
   (yet). */
int cursor_next(struct cursor *c, struct error *e);
/* Whether nothing will ever follow. */
bool cursor_done(const struct cursor *c);

#endif
