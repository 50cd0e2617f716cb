/*
 * `dir:` in a checkpointed flow: files of many directories that appear together, or not at all.
 *
 * All that is hidden is in one directory, FIXED/.stream-FLOW, FIXED being what comes before the first brace of the pattern:
 *
 *   commit.SEQ             the ledger of the flow (store/commit/ledger.h)
 *   origin                 what tells whether the flow is no more, until a commit does
 *   EPOCH-NAME.part        a file that is being written, or is full and waits for the barrier
 *
 * At the barrier all files are whole and durable; the ledger's entry, whose payload is where each of them belongs, is the
 * commit; then they are renamed to there, without overwriting, and their directories synced. A later run does again what
 * the last entry says: a file that is not hidden any more has been renamed. What other files of earlier epochs there
 * are, it removes. Nothing here takes a lock, so a stopped process holds up nobody.
 *
 * The payload is pairs of strings, each with its NUL: the hidden name, and the path below FIXED.
 */
#ifndef STREAM_SINK_DIR_FLOW_H
#define STREAM_SINK_DIR_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sink/dir_file.h"
#include "store/commit/ledger.h"

#define DIR_ORIGIN "origin"

struct dir_flow {
	const struct files *io;
	char *fixed, *work; /* owned */
	uint64_t epoch;
	struct ledger ledger;
	struct buf ready; /* pairs for the next commit */
	bool decided;     /* the commit may have been made: nothing of it is ours to remove */
};

/* Fences earlier runs, carries out the last commit, removes what they left. *last is to be released. */
int dir_flow_open(struct dir_flow *w, const struct files *io, const char *fixed, const char *flow, uint64_t epoch,
		  struct ledger_entry *last, struct error *e);
/* The same for other flows in the same directory that are gone, by what was kept with their last commits, or DIR_ORIGIN; then their `.stream-FLOW`
   goes. What cannot be done is left for the next run. */
void dir_flow_sweep(const struct dir_flow *w, bool (*gone)(const char *state, size_t len));
/* Hides a new file here. */
int dir_flow_hide(const struct dir_flow *w, struct dir_file *f, struct error *e);
/* A file that is whole and synced waits for the commit; it is closed. */
void dir_flow_add(struct dir_flow *w, struct dir_file *f);
/* The names of what was added are durable. */
int dir_flow_prepare(struct dir_flow *w, struct error *e);
int dir_flow_commit(struct dir_flow *w, uint64_t n, const void *state, size_t len, struct error *e);
/* Removes what was added and not committed. */
void dir_flow_release(struct dir_flow *w);

#endif
