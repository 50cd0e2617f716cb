/*
 * Compaction: runs of complete segments that are made of small frames are rewritten as one of large frames.
 *
 * A segment deserves it when its frames are below 64 KiB and 8,192 records on the average. Neighbours that do are taken
 * together, up to the size and age of a segment of this stream, when at least half of the frames are saved by it. So no
 * record is rewritten more often than the logarithm of how small its frame was.
 *
 * A buffer of the new frames is packed with zstd when that leaves a quarter of it or less: then it is not slower to
 * read than to send through a pipe. (Of 2 million web log records 76 MB are left of 142, and scanning them takes 10 %
 * longer; with all that zstd can do, 52 MB, twice as long.) Frames of 65,536 records were not faster, but slower.
 */
#ifndef STREAM_STORE_COMPACT_H
#define STREAM_STORE_COMPACT_H

#include "store/upkeep/tidy.h"

/* Of what was rewritten. */
struct compacted {
	uint64_t segments_before, segments_after;
	uint64_t bytes_before, bytes_after;
	uint64_t frames_before, frames_after;
	bool busy; /* somebody else was at work there */
};

/* A shard's complete segments; the newest is left alone. */
int compact(const struct stream *s, uint32_t shard, const struct tidy_options *o, struct compacted *out,
	    struct error *e);

#endif
