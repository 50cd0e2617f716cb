/*
 * Parents and children: when a shard is split, or shards are merged, the catalog closes it and names its children
 * (store/reshard/reshard.h). The catalog decides; the seal of the parent follows, and whoever finds it missing makes up for it,
 * since the process that should have done it may be dead.
 */
#ifndef STREAM_STORE_LINEAGE_H
#define STREAM_STORE_LINEAGE_H

#include "base/error.h"
#include "store/stream/stream.h"

/* Seals the parents of all open shards that are not sealed. Before a child gets its first record its parents must be:
   so that readers find the end of the one before the beginning of the other, and the catalog that says so is durable. */
int lineage_seal(const struct stream *s, struct error *e);
/* The same for the parents of one shard. */
int lineage_seal_parents(const struct stream *s, const struct catalog_shard *child, struct error *e);

#endif
