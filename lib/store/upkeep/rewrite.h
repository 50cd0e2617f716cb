/*
 * Rewriting complete segments that follow each other as one bounded segment of large frames, in the same directory
 * (which supersedes them) or in another. Every record keeps all it has: fields and their order, @seq, @arrived, @key,
 * @hash, @time.
 *
 * The new file is written aside and synced. Each frame is decoded before it is written and compared with what it was
 * made of, value by value, and the whole file is read back and checked, before it gets its name.
 *
 * Segments with damage are not rewritten: what is left of the damaged bytes would be lost, and with it the range that
 * readers report.
 */
#ifndef STREAM_STORE_REWRITE_H
#define STREAM_STORE_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"
#include "store/segment/segment.h"
#include "store/upkeep/tidy.h"

#define REWRITE_DRAFT "+tidy" /* .seg and .idx */

enum {
	REWRITE_ROWS = 16384,         /* of a frame */
	REWRITE_TEXT = 8 << 20,       /* bytes of the texts in it, before they are packed or put in a dictionary */
	REWRITE_FRAME_MIN = 64 << 10, /* frames that are smaller on the average deserve it */
};

struct rewrite {
	const struct files *io;
	const struct tidy_options *options;
	uint32_t shard;
	const char *from, *to; /* directories */
	int zstd;              /* level; 0: not packed */
	int gain;              /* percent: a buffer is packed if it becomes so much smaller, or more */

	/* out, when it is done */
	uint64_t frames_before, frames_after, bytes_before, bytes_after;
};

/* Of l's segments `count`, from `first` on; the last has an end. Returns 1; 0 if they are not fit for it, or it was told
   to stop; or an error. In the last two cases all is as it was. */
int rewrite_segments(struct rewrite *w, const struct segment_list *l, size_t first, size_t count, struct error *e);

/* Whether all rows of b are those of a from `first` on, in every field and metadatum but @seq, @shard and @stream. */
bool rewrite_same(const struct batch *a, uint32_t first, const struct batch *b);

#endif
