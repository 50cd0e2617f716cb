/*
 * A segment: one file of a shard's log. It is named by the @seq of its first record, `00000000000000000000.seg`,
 * begins with a stream line that says where it belongs, and goes on with frames that each stand alone, carry
 * checksums and have a place (format/frame.h).
 *
 *   #stream 1 ... store/SHARD/BASE/ID/ARRIVED/SUM ...\n | frame | frame | ...
 *
 * ID is random, and is in every frame, so that no stale byte of another file passes for one. ARRIVED is the greatest
 * @arrived before the segment's first. SUM is the XXH3-64 of what stands before it, from `store` on.
 *
 * A log is the shard's segments in the order of their bases. A segment that has a successor ends where the successor
 * begins: a frame in it at or above that @seq is no part of the log. (It was never acknowledged: it was left behind
 * by a failed sync.)
 */
#ifndef STREAM_STORE_SEGMENT_H
#define STREAM_STORE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/file.h"

struct segment {
	struct file file;
	uint64_t base;
	uint64_t id;     /* 0: the stream line is damaged, and start is 0; scan_open finds out what it was */
	int64_t start;   /* bytes of the stream line: where the first frame is */
	int64_t arrived; /* see above */
};

#define SEGMENT_CLOSED ((struct segment){.file = FILE_CLOSED})

/* Makes an empty one, durably, and opens it for reading and writing. A file of that base, which must hold nothing
   acknowledged, is replaced. */
int segment_create(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		   int64_t arrived, struct error *e);
/* Returns 1, or 0 if there is no such file. */
int segment_open(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		 int flags, struct error *e);
void segment_close(struct segment *s);

/* Appends the stream line of a segment of that base, id and arrived. */
void segment_line(const struct segment *s, uint32_t shard, struct buf *out);

/* The bases of all segments of a shard, ascending. */
struct segment_list {
	uint64_t *bases;
	size_t count, capacity;
};

int segment_list_read(struct segment_list *l, const struct files *io, const char *directory, struct error *e);
void segment_list_release(struct segment_list *l);
/* The last one whose base is at most seq; the first if there is none; l->count if there are none at all. */
size_t segment_list_find(const struct segment_list *l, uint64_t seq);

#endif
