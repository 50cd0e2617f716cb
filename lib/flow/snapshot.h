/*
 * Snapshots: what a stage remembered at a checkpoint, as files of frames in its folder of the flow's directory.
 *
 *   N.EPOCH.whole     all of it
 *   N.EPOCH.change    what has changed since the one before it of the same epoch
 *
 * A file is frames, each by itself and with checksums: first one record of its own (`snapshot` COMMAND, `version`, `n`, `epoch`,
 * `side0`… the lengths of the stage's side outputs, `path0`… where they are), then what the stage wrote, then END. It is written aside, synced and renamed.
 *
 * The names carry n and the epoch, for a stopped process that wakes up late writes snapshots of its own epoch only, and no others are
 * its to remove. A run begins by linking those that it begins with into its own epoch: from then on all that it may have to go
 * back to is called by its epoch, and the rest may go when the first commit of this run is known.
 */
#ifndef STREAM_FLOW_SNAPSHOT_H
#define STREAM_FLOW_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/checkpoint.h"
#include "record/batch.h"

struct snapshot_file {
	uint64_t n;
	bool whole;
};

struct snapshots {
	char *directory; /* of the stage; need not exist */
	const char *command;
	unsigned version;
	uint64_t epoch; /* of this run */

	uint64_t from;               /* the checkpoint that this run began with */
	struct snapshot_file *files; /* of our epoch, oldest first, back to a whole one */
	size_t count;
	uint64_t whole_size, change_size; /* bytes of the last whole one, and of the changes since */
	bool complete;                    /* this run has written a whole one */
	bool cleaned;                     /* earlier epochs are gone */
};

/* `directory` is taken over, `command` borrowed. */
void snapshots_init(struct snapshots *s, char *directory, const char *command, unsigned version, uint64_t epoch);
void snapshots_release(struct snapshots *s);

/* What is in a snapshot besides batches. */
struct snapshot_sides {
	uint64_t *lengths; /* `count` of them */
	char **paths;      /* absolute; of a snapshot that was loaded malloced, or NULL. All of it NULL: not wanted */
	size_t count;
};

/*
 * Finds the newest one up to n of the line that `epoch` committed, links it into this run's epoch and gives its batches to `take`, the newest
 * file first. sides->lengths are those of the newest. n 0: the first one there ever was for nothing but the sides. Returns 1; 0 if
 * there is none; ERR_FAILED if it is damaged, ERR_USAGE if another release wrote it.
 */
int snapshots_load(struct snapshots *s, uint64_t n, uint64_t epoch, struct snapshot_sides *sides,
		   int (*take)(void *self, struct batch *b, struct error *e), void *self, struct error *e);

struct snapshot {
	struct snapshots *of;
	uint64_t n;
	bool change;
	int fd;
	char *path; /* aside */
	struct frame_writer *writer;
	struct buf pending;
	uint64_t size;
};

/* Begins one, in any case to be ended by snapshot_finish or snapshot_abandon. Batches go in by snapshot_add (flow/checkpoint.h). */
int snapshot_begin(struct snapshot *w, struct snapshots *s, uint64_t n, const struct snapshot_sides *sides,
		   struct error *e);
/* It is there, durably. */
int snapshot_finish(struct snapshot *w, struct error *e);
void snapshot_abandon(struct snapshot *w);

/* The newest of this run's; 0: none. */
uint64_t snapshots_newest(const struct snapshots *s);
/* Checkpoint n is committed: removes what nobody will go back to. What cannot be removed is left. */
void snapshots_clean(struct snapshots *s, uint64_t n);
/* The last commit is of this epoch: removes those of the other runs before ours, which came to none. 0: the last commit is ours. */
void snapshots_forget(const struct snapshots *s, uint64_t epoch);

#endif
