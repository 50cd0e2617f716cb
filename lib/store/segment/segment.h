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
 *
 * A segment that was rewritten from one or several others is bounded: it says itself where it ends, in its name,
 * `00000000000000000000-00000000000000005000.seg`, and in its line, `store/SHARD/BASE/ID/ARRIVED/UNTIL/SUM`. It has
 * every record in between, so that whatever else begins there is superseded. The name says so, and not the line alone,
 * that the listing of a directory tells which files make up the log.
 */
#ifndef STREAM_STORE_SEGMENT_H
#define STREAM_STORE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/disk/file.h"

struct segment {
	struct file file;
	uint64_t base;
	uint64_t own;    /* the @seq where it ends by its own word; UINT64_MAX: it is not bounded */
	uint64_t id;     /* 0: the stream line is damaged, and start is 0; scan_open finds out what it was */
	int64_t start;   /* bytes of the stream line: where the first frame is */
	int64_t arrived; /* see above */
};

#define SEGMENT_CLOSED ((struct segment){.file = FILE_CLOSED})

/* Makes an empty one, durably, and opens it for reading and writing. A file of that base, which must hold nothing
   acknowledged, is replaced. */
int segment_create(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		   int64_t arrived, struct error *e);
/* The same in two steps, for one that is filled before anybody sees it: a file that is called `name` meanwhile, and
   which replaces one of that name; then, durably, its own name. A draft that is not published is removed by the next. */
int segment_draft(struct segment *s, const struct files *io, const char *directory, const char *name, uint32_t shard,
		  struct error *e);
int segment_publish(struct segment *s, const char *directory, struct error *e);

/* A segment that is filled elsewhere, at `path`, where nothing must be, before it is known whether it will go where base and
   arrived say. Nothing is synced. */
int segment_begin(struct segment *s, const struct files *io, const char *path, uint32_t shard, uint64_t base,
		  int64_t arrived, struct error *e);
/* The path of a segment in its shard's directory, malloced. */
char *segment_path(const char *directory, uint64_t base, uint64_t own);

/* Puts a new file in its place that has its first `end` bytes, durably, and turns to that; whoever has the old one open
   keeps it. On failure the old one is there, or one like it. */
int segment_renew(struct segment *s, const char *directory, int64_t end, struct error *e);

/* Returns 1, or 0 if there is no such file. */
int segment_open(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		 int flags, struct error *e);
int segment_open_bounded(struct segment *s, const struct files *io, const char *directory, uint32_t shard,
			 uint64_t base, uint64_t own, int flags, struct error *e);
void segment_close(struct segment *s);

/* Appends the stream line of a segment. */
void segment_line(const struct segment *s, uint32_t shard, struct buf *out);
/* Removes the file, and what stands beside it. */
int segment_remove(const struct files *io, const char *directory, uint64_t base, uint64_t own, struct error *e);

/* The segments that make up a shard's log, by their bases, ascending; and the superseded ones. */
struct segment_list {
	uint64_t *bases;
	uint64_t *owns; /* where each ends by its own word, or UINT64_MAX */
	size_t count, capacity;
	size_t old_count; /* superseded ones: they stand behind the others */
};

int segment_list_read(struct segment_list *l, const struct files *io, const char *directory, struct error *e);
void segment_list_release(struct segment_list *l);
/* The last one whose base is at most seq; the first if there is none; l->count if there are none at all. */
size_t segment_list_find(const struct segment_list *l, uint64_t seq);
/* Where the i-th ends: by its own word, or where the next begins; UINT64_MAX: it is the newest. */
uint64_t segment_list_until(const struct segment_list *l, size_t i);

#endif
