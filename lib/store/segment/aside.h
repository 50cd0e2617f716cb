/*
 * What is taken out of a segment is kept beside it, in the shard's directory `aside`, in files named
 * SEGMENT.FROM.MARK after the segment and the byte it stood at. Nothing of ours reads or deletes them.
 */
#ifndef STREAM_STORE_ASIDE_H
#define STREAM_STORE_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"
#include "store/segment/segment.h"

/* Copies bytes [at, end) of a segment there, durably. `holes`: what can't be read is kept as zeros; else it is an error.
   *name (may be NULL) becomes the name of the file, malloced; NULL if there was nothing to copy, and on failure. */
int aside_copy(const struct files *io, const char *directory, const struct segment *from, int64_t at, int64_t end,
	       bool holes, char **name, struct error *e);
/* Copies a whole file of the directory there, durably, under its own name and a mark; as far as it can be read. */
int aside_keep(const struct files *io, const char *directory, const char *file, struct error *e);
/* Moves a whole file of the directory there, durably, under its own name and a mark. */
int aside_move(const struct files *io, const char *directory, const char *file, char **name, struct error *e);

#endif
