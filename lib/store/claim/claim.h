/*
 * A claim: a run (a process) has a directory for itself, until it ends, however it ends, or is fenced by another one.
 *
 *   EPOCH.run      a run that took it. flock: its process lives. Says who it is, for people
 *   N.EPOCH.pos    what it kept at checkpoint N
 *
 * It takes the directory by making the file of the next epoch, which is the moment at which every earlier run is fenced.
 * Nothing is ever waited for under a lock that a stopped process could hold: a run owns the files that carry its epoch,
 * writes no others, and removes no newer ones.
 *
 * A stale run that wakes up late can do no harm: after it has written a snapshot it looks for a newer epoch, and the
 * snapshot counts only if there was none. Whoever takes the directory raises the epoch first and reads the newest
 * snapshot then, so that it sees every one that counts; it writes a copy in its own epoch, which is preferred to all of
 * earlier epochs from then on.
 *
 * Slots of groups (store/group/slot.h) and what else reads a source for good stand on this.
 */
#ifndef STREAM_STORE_CLAIM_H
#define STREAM_STORE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/disk/file.h"

enum { FLOW_ID_LENGTH = 32 };

/* A new id of a flow: 32 random hex digits. */
int flow_id_make(char id[FLOW_ID_LENGTH + 1], struct error *e);

struct claim {
	const struct files *io;
	char *directory; /* NULL: not taken */
	uint64_t epoch;
	struct file file; /* locked */
};

/*
 * Takes the directory, which must be there, durably, with an epoch above all earlier ones and at least `least`. Returns 1, or 0 if a process
 * that lives has it; with `steal` it is taken all the same.
 *
 * Who only looks at it holds its lock for a moment, and a process that is killed is seen to close its files just before
 * its locks fall. claim_take therefore tries CLAIM_TRIES times, a millisecond apart; claim_try once, for those who have many
 * to try, and pause after all of them.
 */
enum { CLAIM_TRIES = 4 };

int claim_take(struct claim *c, const struct files *io, const char *directory, uint64_t least, bool steal,
	       struct error *e);
int claim_try(struct claim *c, const struct files *io, const char *directory, uint64_t least, bool steal,
	      struct error *e);
void claim_pause(void);
void claim_release(struct claim *c);

/* 1, or 0 if a newer run has the directory: we are fenced. */
int claim_check(const struct claim *c, struct error *e);
/* Makes `text` (see sealed_begin) our snapshot n, durably. 1, or 0: fenced, and it does not count. */
int claim_keep(const struct claim *c, uint64_t n, struct buf *text, struct error *e);
/* Removes our snapshot n; if that fails, the next taker does. */
void claim_forget(const struct claim *c, uint64_t n);
/* All of ours below n. */
int claim_forget_below(const struct claim *c, uint64_t n, struct error *e);
/* The newest snapshot up to n of that epoch; n 0: the newest of 0, whoever made it. 1, or 0: there is none. */
int claim_find(const struct claim *c, uint64_t n, uint64_t epoch, uint64_t *found_n, uint64_t *found_epoch,
	       struct error *e);
/* The newest snapshot of all. 1, or 0: there is none. */
int claim_newest(const struct claim *c, uint64_t *n, uint64_t *epoch, struct error *e);
/* Where (n, epoch) is, malloced. */
char *claim_snapshot(const struct claim *c, uint64_t n, uint64_t epoch);
/* Removes what earlier runs left. */
int claim_clean(const struct claim *c, struct error *e);
/* The same, but for the run of that epoch, whose commit is the last one: those after it, up to ours, came to none. */
int claim_clean_but(const struct claim *c, uint64_t epoch, struct error *e);

/* The last run, looked at from outside. */
struct claim_view {
	uint64_t epoch; /* 0: there was none */
	bool held;
	int64_t pid;    /* of the last holder; 0: unknown */
	bool stopped;   /* it is held, by a process of this machine that was stopped by a signal */
	char since[40]; /* when it took the directory */
};

int claim_look(struct claim_view *v, const struct files *io, const char *directory, struct error *e);
/* `process 1234, since 2026-11-22T10:00:00Z (it is stopped)` */
void claim_holder_text(const struct claim_view *v, char out[128]);

/* Lets an inotify descriptor be readable when the holder of now may have died. */
int claim_watch(const struct files *io, const char *directory, int fd, struct error *e);

#endif
