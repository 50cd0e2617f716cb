/*
 * Records that wait to be appended to one shard, copied, in order: batches of up to 16,384 rows or so many bytes of memory
 * as the owner says. Nearly always there is one; more, when the shards that they were meant for have closed.
 */
#ifndef STREAM_STORE_PENDING_H
#define STREAM_STORE_PENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "record/batch.h"

struct pending {
	struct batch **batches; /* the first stays when it is empty, so that its columns need not be found again */
	size_t count, capacity;
};

void pending_init(struct pending *p);
void pending_release(struct pending *p);

bool pending_empty(const struct pending *p);
/* The selected rows of b. */
void pending_add(struct pending *p, const struct batch *b, size_t most);
/* There is a batch that is as large as is good. */
bool pending_full(const struct pending *p, size_t most);
/* The first `count` batches are done with. */
void pending_drop(struct pending *p, size_t count);

#endif
