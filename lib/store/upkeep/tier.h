/*
 * The tier: a directory, perhaps on another disk, where segments go that retention takes from a stream, packed harder.
 * Nothing is ever deleted there.
 *
 *   TIER/ID/SHARD/BASE-UNTIL.seg     bounded segments (store/segment/segment.h); ID is the stream's
 *
 * TIER itself is never made: where it is not there, a disk is not mounted.
 */
#ifndef STREAM_STORE_TIER_H
#define STREAM_STORE_TIER_H

#include <stdbool.h>

#include "store/segment/segment.h"
#include "store/upkeep/tidy.h"

/* Sees to it that the shard's directory in the tier is there. `used`: it was before, and must be. */
int tier_check(const struct stream *s, uint32_t shard, bool used, struct error *e);

/* Copies the i-th segment of the shard there, durably, and reads the copy back. One with damage is copied as it is, byte
   by byte. Returns 1, 0 if it was told to stop, or an error. */
int tier_keep(const struct stream *s, uint32_t shard, const struct segment_list *l, size_t i,
	      const struct tidy_options *o, struct error *e);

#endif
