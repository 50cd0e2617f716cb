/*
 * Records put aside until it is time to deliver them: frames in memory, from 16 MiB on in an unnamed file (in $TMPDIR or /tmp),
 * which goes with the process. What comes back are the same records in the same order, in other batches.
 */
#ifndef STREAM_SINK_STASH_H
#define STREAM_SINK_STASH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/frame.h"
#include "record/batch.h"

struct stash {
	struct frame_writer *writer;
	struct batch gathered; /* rows of small batches, for the next frame */
	struct buf frames;     /* behind those of the file */
	int fd;                /* -1: no file yet */
	int64_t size;          /* bytes in it */
};

void stash_init(struct stash *s);
void stash_release(struct stash *s);
/* Copies the selected rows. */
int stash_add(struct stash *s, const struct batch *b, struct error *e);
/* Gives all of them to `each`, and forgets them; a batch lives until `each` returns. */
int stash_empty(struct stash *s, int (*each)(void *arg, struct batch *b, struct error *e), void *arg, struct error *e);

#endif
