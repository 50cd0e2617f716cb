/*
 * Making shards durable while their writer goes on.
 *
 * A few threads that share nothing with the writer but the names of the shards: each opens a shard for itself, as
 * another process would, and so the locks of store/shard/shard.h are all that is needed. What comes of it the writer finds
 * in the head when it takes the lock next: that its records are durable, or that the segment failed.
 *
 * It is a help and no promise: where no thread can be had, or a sync fails, nothing is said, for the writer calls
 * shard_sync in the end, which does what is left and knows the reasons.
 */
#ifndef STREAM_STORE_BACKGROUND_H
#define STREAM_STORE_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/disk/file.h"

enum { BACKGROUND_THREADS = 8 };

struct background {
	const struct files *io;
	const char *stream; /* borrowed */
	uint32_t *shards;   /* owned */
	size_t count;
	atomic_size_t next; /* index of the shard that nobody has taken yet */
	atomic_size_t busy; /* threads that are not at their end */
	size_t started;
	pthread_t threads[BACKGROUND_THREADS];
};

/* Takes `shards` over: ids of shards of the stream in that directory. Nothing may be under way in b, which is all zeros or
   was waited for. Does nothing where the file layer is not to be called from several threads. */
void background_start(struct background *b, const struct files *io, const char *stream, uint32_t *shards, size_t count);
bool background_busy(const struct background *b);
void background_wait(struct background *b);

#endif
