/*
 * Reading the frames of one segment, at whatever place, and telling a frame from what is none: a good frame has a whole
 * header with a good checksum, is a data frame with a place in this segment and shard, and ends before `end`.
 *
 * What the disk can't read is damage like any other: the blocks around it are read one by one, those that fail are
 * holes, and a frame that has a hole in it is no good one.
 *
 * Frames begin at multiples of 8. The scan keeps one window of the file in memory: the frame at hand, or 64 KiB. What
 * is read lies below an end that the caller knows, where bytes don't change any more.
 */
#ifndef STREAM_STORE_SCAN_H
#define STREAM_STORE_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/frame.h"
#include "store/segment/segment.h"

/* Bytes that could not be read, and why (errno). */
struct hole {
	int64_t from, to;
	int error;
};

struct scan {
	const struct segment *segment; /* borrowed */
	uint32_t shard;
	struct buf window;
	int64_t window_at;
	struct hole *holes; /* in the window, which has zeros there; they ascend */
	size_t hole_count, hole_capacity;
	struct hole
		last; /* of all that were met since scan_open, the one that lies last; error is 0 if there was none */
	struct frame_reader *reader;
	struct error why; /* why the last frame was not a good one */
};

void scan_init(struct scan *s, uint32_t shard);
void scan_release(struct scan *s);
/* Turns to a segment, which must stay where it is until scan_close. If its stream line is damaged, its id and start
   are those of the first good frame, or stay 0 if there is none (then any frame of this shard is taken). */
int scan_open(struct scan *s, struct segment *segment, struct error *e);
void scan_close(struct scan *s);

/* The header at `at`. Returns 1, or 0 if there is no good frame (s->why says why not), or an I/O error. */
int scan_look(struct scan *s, int64_t at, int64_t end, struct frame *f, struct error *e);

/* Loads the frame that scan_look has found there and checks every byte of it. Returns 1, 0 if it is damaged, or an
   I/O error. b borrows from the window: it is valid until the next call of any scan function. */
int scan_load(struct scan *s, int64_t at, const struct frame *f, const char *const *want, size_t want_count,
	      struct batch *b, struct error *e);

/* The same without fields, for who passes the frame on as it is: *bytes, valid as long as b. A frame that
   has @stream, which ours do not, is loaded whole, and *bytes is NULL. */
int scan_pass(struct scan *s, int64_t at, const struct frame *f, struct batch *b, const char **bytes, struct error *e);
/* The bytes of the frame that scan_load has just loaded at `at`; valid as long as its batch. */
const char *scan_bytes(const struct scan *s, int64_t at);

/* The first good header in [*at, end) whose @seq is at least `seq`. Returns 1 and its place, or 0. */
int scan_find(struct scan *s, int64_t *at, int64_t end, uint64_t seq, struct frame *f, struct error *e);

#endif
