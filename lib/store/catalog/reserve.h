/*
 * Small files that must be written also when the disk is full: the catalog, the low-water mark (without which retention
 * could free nothing), the positions of groups. Each stream holds a file `reserve` of zeros in its directory; a commit that
 * finds no space cuts a piece off it, and that much is free. The file that is replaced gives its own space back, so
 * that the reserve can grow again at once; where others were faster, it grows when there is space.
 *
 * Heads need none of it: they are written in place.
 */
#ifndef STREAM_STORE_RESERVE_H
#define STREAM_STORE_RESERVE_H

#include <stddef.h>

#include "base/error.h"
#include "store/disk/file.h"

enum { RESERVE_SIZE = 64 << 10, RESERVE_PIECE = 16 << 10 };

/* Makes the reserve of that stream as large as it should be, as far as there is space. */
void reserve_fill(const struct files *io, const char *stream);

/* file_replace, with what the reserve of the stream has. `directory` is the stream's, or lies in it. */
int reserve_replace(const struct files *io, const char *directory, const char *name, const void *p, size_t len,
		    struct error *e);

#endif
