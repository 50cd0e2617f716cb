/*
 * What retention and compaction have in common: who changes the complete segments of a shard holds its lock `tidy`, and
 * first finishes what one before it may have left when it died. The locks of writers are not needed for that, and the
 * newest segment is never touched.
 */
#ifndef STREAM_STORE_TIDY_H
#define STREAM_STORE_TIDY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "store/disk/file.h"
#include "store/stream/stream.h"

struct tidy_options {
	bool wait;               /* for who holds a lock; else those shards are left alone */
	const atomic_bool *stop; /* set it, and the work ends soon, with nothing half done; NULL: it can't be stopped */
};

static inline bool tidy_stopped(const struct tidy_options *o)
{
	return o->stop && atomic_load(o->stop);
}

/* Returns 1 with the lock, which falls with file_close; 0: another has it. `directory` is the shard's. */
int tidy_lock(struct file *lock, const struct files *io, const char *directory, bool wait, struct error *e);
/* With the lock: removes drafts, superseded segments, and what lies below the low-water mark. */
int tidy_clean(const struct files *io, const char *directory, struct error *e);

/* Begins a new segment if the newest has records and nothing that arrived at `before` or later stands before it. */
int tidy_roll(const struct stream *s, uint32_t shard, int64_t before, struct error *e);

#endif
