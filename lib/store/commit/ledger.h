/*
 * A ledger: the commits of one flow on a plain file system, for an end that has no database of its own. It holds the
 * last commit {n, the epoch that made it, state, payload} and the epoch that may make the next one, and it changes by
 * compare-and-swap, without a lock: a stopped process would keep a lock for ever.
 *
 * An entry is a file DIRECTORY/PREFIX.SEQ (1, 2, 3…) that appears whole and durable and never changes. The one with the
 * greatest number says all; those below it are remains. Who wants to change the ledger makes the number after the one
 * that it has seen, which only one can: so a process that was stopped, and wakes up when a later run has taken over,
 * finds its number taken or greater ones there, and has changed nothing. What it leaves is removed by the next commit of
 * the run that has taken over.
 *
 *   struct ledger l;
 *   ledger_init(&l, io, directory, prefix);
 *   ledger_take(&l, epoch, &last, e);               once per run: fences all earlier ones
 *   … carry out what `last` decided; ledger_entry_release(&last);
 *   ledger_add(&l, p, len, e)…                      the payload of the next commit, as it comes
 *   ledger_commit(&l, n, state, len, e);
 *   … carry out what was decided
 *   ledger_release(&l);
 *
 * The payload is what the commit decides and what is carried out afterwards: the names of files to be renamed, records to
 * be appended to shards. Carrying it out must be idempotent, and harmless when late: ledger_take by a later run gives it
 * out again, and a stopped process may be in the middle of it.
 *
 * A file while it is being written is PREFIX+EPOCH.RANDOM; what dead runs have left of those is removed by ledger_take.
 *
 *   0          payload
 *   payload    ledger 1\n epoch E\n n N\n by E\n payload BYTES HASH\n state BYTES\n    (decimal; the hash is 16 hex digits)
 *              state, \n
 *              check PAYLOAD-BYTES HASH\n                  (two times 16 hex digits; the hash is of the lines above)
 *
 * The payload's hash is that of its blocks of 256 KiB in turn, each seeded with the one before it. A damaged entry is
 * ERR_FAILED, and nothing goes on: to forget it would be to deliver twice.
 *
 * After an error only ledger_release may follow. A commit that failed other than by ERR_UPSTREAM may have been made or not:
 * what its payload names must be left alone, the next run knows.
 */
#ifndef STREAM_STORE_LEDGER_H
#define STREAM_STORE_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct ledger_draft;

struct ledger {
	const struct files *io;
	char *directory, *prefix; /* owned */
	uint64_t epoch;           /* ours; 0: not taken */
	uint64_t seq;             /* of our last entry */
	uint64_t n, by;           /* what it says */
	char *state;              /* the same; owned */
	size_t len;
	struct ledger_draft *draft; /* the next entry; NULL: not begun */
};

/* What an entry says. */
struct ledger_entry {
	uint64_t seq;   /* 0: there is none, and all is 0 or NULL */
	uint64_t epoch; /* of the run that may commit next */
	uint64_t n, by; /* the last commit and the epoch that made it; n 0: none yet */
	char *state;    /* what was given to it; NULL: nothing */
	size_t len;
	struct file file; /* open for reading; the payload is its first bytes */
	int64_t payload;  /* how many; 0: there is nothing to carry out */
	uint64_t hash;    /* of the payload; ledger_take has checked it, ledger_look has not */
};

/* Strings are copied. The directory is made by ledger_take if it is not there. */
void ledger_init(struct ledger *l, const struct files *io, const char *directory, const char *prefix);
/* In one step: ERR_UPSTREAM if this epoch or a greater one is there; else ours is, durably, and *last is what was there, to be
   released. */
int ledger_take(struct ledger *l, uint64_t epoch, struct ledger_entry *last, struct error *e);
/* Adds to the payload of the next commit. Nothing is decided. */
int ledger_add(struct ledger *l, const void *p, size_t len, struct error *e);
/* Throws away what was added. */
void ledger_drop(struct ledger *l);
/* Durable, in one step. ERR_UPSTREAM: a later run has taken over, and does not know of this commit, or has made it its own. */
int ledger_commit(struct ledger *l, uint64_t n, const void *state, size_t len, struct error *e);
/* The last commit is carried out: later runs need not. For large payloads; without it they do it again. */
int ledger_settle(struct ledger *l, struct error *e);
void ledger_release(struct ledger *l);

/* What the ledger said a moment ago, for those who only look. What its payload says is decided and durable, whoever carries it out. */
int ledger_look(const struct files *io, const char *directory, const char *prefix, struct ledger_entry *out,
		struct error *e);
/* Reads the payload of what ledger_look has found: whole and as it was written, or ERR_FAILED. */
int ledger_entry_check(const struct ledger_entry *x, struct error *e);
/* The number of the entry that says all; 0: there is none. */
int ledger_newest(const struct files *io, const char *directory, const char *prefix, uint64_t *seq, struct error *e);
void ledger_entry_release(struct ledger_entry *x);

#endif
