/*
 * The low-water mark of a shard: the oldest @seq that its own segments keep. File `low`, replaced as a whole and durable
 * before any segment goes, so that what lies below is gone at once for all readers, whatever of it is still on the disk. A
 * shard that was split or merged from others has one from the start: it begins where they end.
 *
 *   low 5000 1000 0123456789abcdef      the mark; where what the tier has begins (the mark itself: nothing); XXH3-64
 */
#ifndef STREAM_STORE_LOW_H
#define STREAM_STORE_LOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct low {
	uint64_t seq;  /* 0: nothing was ever taken away, or (of a shard with parents) nobody knows */
	uint64_t tier; /* from here on, below seq: moved to the tier */
	bool damaged;  /* the file says nothing: the segments that are there speak for themselves */
};

/* `directory` is the shard's. */
int low_read(struct low *l, const struct files *io, const char *directory, struct error *e);
/* Whether nobody knows where the shard begins, of which the first segment begins at `first`: the mark is damaged, or was
   lost, or it was made before children had one from the start. What the tier has must be seen there. */
static inline bool low_is_unknown(const struct low *l, uint64_t first)
{
	return l->damaged || (!l->seq && first);
}

int low_write(const struct low *l, const struct files *io, const char *directory, struct error *e);

#endif
