/*
 * A run: records in order, on disk, as frames in a file that nobody else sees (it is unlinked as soon as it is open). It is written once,
 * then read from its beginning, as often as wanted and by several readers at once.
 */
#ifndef STREAM_SORT_RUN_H
#define STREAM_SORT_RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "hold/hold.h"

struct run;

enum { RUN_ROWS = 4096 }; /* of a frame */

/* In a directory such as /tmp; a full disk is ERR_FAILED and names it. */
int run_new(const char *dir, struct run **out, struct error *e);
void run_free(struct run *r);

/* Appends the selected rows. */
int run_write(struct run *r, struct batch *b, struct error *e);
/* All is written: before the first run_read. */
int run_finish(struct run *r, struct error *e);

/* The frame at *at, which is 0 at first and is moved behind it; *out NULL: that was all. */
int run_read(const struct run *r, off_t *at, struct block **out, struct error *e);

#endif
