/* Removing a stream. */
#ifndef STREAM_STORE_REMOVE_H
#define STREAM_STORE_REMOVE_H

#include <stdbool.h>

#include "base/error.h"
#include "store/stream/stream.h"

/*
 * Removes the stream whole: it is renamed first, durably, so that it is gone at once and nobody finds half of one; then its
 * files go, and those of streams whose removal was interrupted. Links in it are removed, not followed. All shards are
 * locked at the rename: what a writer appended before is gone with the stream, and what it would append after it is
 * refused. Readers that have it open end.
 *
 * ERR_USAGE: a process reads it as a slot of a group, and `force` is not set; or the stream is reached by a link.
 */
int stream_remove(struct stream *s, bool force, struct error *e);

#endif
