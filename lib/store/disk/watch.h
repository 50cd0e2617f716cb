/*
 * Waking when a shard grows, or a stream gets others: inotify on the heads, and on the streams' directories. Where the kernel gives none (it has a limit per user), the caller
 * polls; WATCH_INTERVAL is how often.
 */
#ifndef STREAM_STORE_WATCH_H
#define STREAM_STORE_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/units.h"
#include "store/disk/file.h"

#define WATCH_INTERVAL (50 * MILLISECOND)

struct watch {
	const struct files *io;
	int fd;           /* readable when something happened; -1: refused, poll */
	struct error why; /* it was refused */
};

void watch_open(struct watch *w, const struct files *io);
void watch_close(struct watch *w);
/* A refusal gives up the whole watch. */
void watch_add(struct watch *w, const char *path);
/* The directory of a stream: wakes when its catalog is replaced, or it is removed. */
void watch_add_stream(struct watch *w, const char *directory);
/* Whether something happened since the last call; always true where we poll. */
bool watch_fired(struct watch *w);

#endif
