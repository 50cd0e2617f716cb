/*
 * Changing the shards of a stream while it is read and written.
 *
 * Under the catalog's lock and the locks of all shards that close: their children are made, durable and empty; the new
 * catalog replaces the old, which is the decision; then the parents are sealed (store/reshard/lineage.h). A child begins with
 * the greatest @seq that any of its parents could have given, so that @seq rises from parent to child. Killed at any
 * moment, this leaves the old shards or the new ones.
 *
 * Writers notice when they have the lock of a shard next, and take what they still hold to the children. Readers finish
 * parents before children. The order of each key holds.
 *
 * On success `s` has the new catalog. On failure it may or may not; close it.
 */
#ifndef STREAM_STORE_RESHARD_H
#define STREAM_STORE_RESHARD_H

#include <stdint.h>

#include "base/error.h"
#include "store/stream/stream.h"

/* In two: at the point `at`, which is the first of the second part; NULL: in the middle. */
int reshard_split(struct stream *s, uint32_t shard, const struct hash128 *at, struct error *e);
/* Two shards whose ranges meet become one. */
int reshard_merge(struct stream *s, uint32_t one, uint32_t other, struct error *e);
/* So many shards of equal parts of the space; those that are such a part already stay. Returns 1, or 0 if all are. */
int reshard_scale(struct stream *s, uint32_t parts, struct error *e);

#endif
