/*
 * Runs: records in order, on disk, as frames. All runs of a command lie in one file, the spool, that nobody else sees: it is unlinked
 * as soon as it is open. A run is written at once, and then read from its beginning, as often as wanted and by several
 * readers at once; the room of one that is freed goes back to the disk, where the file system can do that.
 */
#ifndef STREAM_HOLD_RUN_H
#define STREAM_HOLD_RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "hold/hold.h"

struct spool;
struct run;

enum {
	RUN_ROWS = 4096
}; /* of a frame, or of a batch in order: few enough for a cache to hold what they were gathered from */

/* $TMPDIR, or /tmp. */
const char *spool_directory(void);
/* In such a directory (borrowed); the file is made with the first run. */
struct spool *spool_new(const char *dir);
void spool_free(struct spool *s);

/* Behind all others; none is being written. A full disk is ERR_FAILED and names the directory. */
int run_new(struct spool *s, struct run **out, struct error *e);
void run_free(struct run *r); /* before its spool */

/* Appends the selected rows. */
int run_write(struct run *r, const struct batch *b, struct error *e);
/* All is written: before the first run_read. */
int run_finish(struct run *r, struct error *e);

/* The frame at *at, an offset in the run, 0 at first, which is moved behind it; *out NULL: that was all. */
int run_read(const struct run *r, off_t *at, struct block **out, struct error *e);

#endif
