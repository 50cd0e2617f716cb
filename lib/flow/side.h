/*
 * A side output: where --bad, --late and --dead put what does not go on. DEST is a file, to which JSON lines are appended, or
 * `stream:NAME`, which is served by a stream-put of our own at the other end of a pipe.
 *
 * Opened when the first record comes; a line per record, written through when the loop waits and at the end.
 *
 * In a checkpointed flow a file is taken first (side_take, flow/owner.h): from then on nobody else's are its lines, and a run that
 * was overtaken neither writes to it nor cuts it. What is in no flow refuses a file that one has.
 */
#ifndef STREAM_FLOW_SIDE_H
#define STREAM_FLOW_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/owner.h"
#include "record/batch.h"

struct side {
	const char *dest; /* borrowed; NULL: there is none */
	char *path;       /* of a file that was taken: DEST and what tells our copy from the others; else NULL */
	struct owner owner;
	int fd;
	int child; /* process id of stream-put; 0: none */
	struct buf pending;
	bool unsynced; /* something was written since side_sync */
	bool made;     /* the file is new, and its name may not be durable yet */
};

void side_init(struct side *s, const char *dest);
/* Whether a file could be written there, so that it is known before the first record is at stake. */
int side_check(const struct side *s, struct error *e);
/* A rejected record: `reason`, `source`, `line`, `attempts`, and `text` as it came or `record`. */
int side_reject(struct side *s, const struct batch *b, const struct reject *r, struct error *e);
/* A row as it is, with its metadata. */
int side_row(struct side *s, const struct batch *b, uint32_t row, struct error *e);
int side_flush(struct side *s, struct error *e);
/* Whether it is a file, whose length can be kept and cut back. */
bool side_is_file(const struct side *s);
/* The file is ours alone, as DEST with `suffix`; errors as of owner_take. Before the first row. */
int side_take(struct side *s, const char *suffix, const struct owner_id *id, struct error *e);
/* What it has is durable; *length: bytes of the file. */
int side_sync(struct side *s, uint64_t *length, struct error *e);
/* What stands behind `length` is removed: it was written by a run that was not committed. Of one that was taken; before the
   first row. */
int side_cut(struct side *s, uint64_t length, struct error *e);
/* Flushes, syncs, and waits for stream-put to say that it has all. */
int side_close(struct side *s, struct error *e);
/* After a failure: the records of one that was taken come again with the next run, so no more is written; else as side_close. */
int side_abandon(struct side *s, struct error *e);
/* At the very end; gives up what was taken. */
void side_release(struct side *s);

#endif
