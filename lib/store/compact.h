/*
 * Compaction: runs of complete segments that are made of small frames are rewritten as one of large frames.
 *
 * A segment deserves it when its frames are below 64 KiB and 8,192 records on the average. Neighbours that do are taken
 * together, up to the size and age of a segment of this stream, when at least half of the frames are saved by it. So no
 * record is rewritten more often than the logarithm of how small its frame was.
 *
 * A buffer of the new frames is packed with zstd when that makes it smaller by a third: it then costs less to send it
 * through a pipe than to unpack it, and columns that nobody asks for are never unpacked.
 */
#ifndef STREAM_STORE_COMPACT_H
#define STREAM_STORE_COMPACT_H

#include "store/tidy.h"

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
