/*
 * The sparse index of a segment, in a file beside it that has its name with `.idx`: entries of 32 bytes, little-endian,
 * one for each frame that lies across a multiple of 256 KiB.
 *
 *    0     8         16       24    32
 *    | seq | arrived | offset | sum |      of the frame's first record; where the frame begins in the segment
 *
 *   sum: XXH3-64 of the 24 bytes before it, with the segment's id as its seed
 *
 * It is only a hint. It is never synced, and need not be there; an entry that is torn, or of another file, has a wrong
 * sum; one that has become stale, because the segment was cut and written on, is found out by looking at the frame.
 * Whoever reads takes the same records without it, and is only slower. Trouble with the file is therefore no error.
 */
#ifndef STREAM_STORE_INDEX_H
#define STREAM_STORE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "store/segment/segment.h"

struct index_entry {
	uint64_t seq;
	int64_t arrived;
	int64_t at;
};

struct index {
	struct index_entry *entries; /* the valid ones, as they come */
	size_t count;
};

/* Empty if there is none. */
void index_read(struct index *x, const struct segment *s);
void index_release(struct index *x);
/* The entry with the greatest @seq that is at most `seq`; NULL: none. */
const struct index_entry *index_seq(const struct index *x, uint64_t seq);
/* The same of those whose @arrived is below `time`. */
const struct index_entry *index_time(const struct index *x, uint64_t seq, int64_t time);

struct index_writer {
	struct file file;
	uint64_t segment; /* the id of the one it is for */
};

#define INDEX_CLOSED ((struct index_writer){.file = FILE_CLOSED})

/* A frame was appended to the segment: notes it if it deserves an entry. With the shard's lock, or alone. */
void index_note(struct index_writer *w, const struct segment *s, const struct index_entry *frame, size_t size);
void index_close(struct index_writer *w);

/* The index's path, malloced, from the segment's. */
char *index_path(const char *segment);

#endif
