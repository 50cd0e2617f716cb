/* The one change that split, merge and scale are made of. */
#ifndef STREAM_STORE_RESHARD_PRIVATE_H
#define STREAM_STORE_RESHARD_PRIVATE_H

#include <stddef.h>

#include "store/stream/stream.h"

struct range {
	struct hash128 from, to; /* both inclusive */
};

/* With the catalog's lock, and the catalog as it is: the parts, which together are whole open shards, replace those. */
int reshard_replace(struct stream *s, const struct range *parts, size_t count, struct error *e);

#endif
