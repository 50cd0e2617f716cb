/*
 * The end of a segment that nobody vouches for: after a new start of the machine, or with a lost head, the frames
 * themselves must tell how far the log goes.
 *
 * Frames are taken one after another while they are whole and follow each other. Where that breaks, what is
 * *acknowledged* decides: the greatest of the head's durable @seq and of that field in any good frame. Damage below
 * it has lost records that were promised: they are skipped, and what follows is kept. Damage above it is a torn write
 * that was never acknowledged: the log ends before it.
 */
#ifndef STREAM_STORE_TAIL_H
#define STREAM_STORE_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/segment/scan.h"
#include "store/shard/head.h"

struct tail {
	int64_t at;            /* where the log ends: bytes */
	uint64_t seq;          /* and the @seq that comes next */
	uint64_t acknowledged; /* in: what is known; out: what was found */
	int64_t arrived;       /* in: a lower bound; out: the greatest @arrived */
	bool damaged;          /* acknowledged records before `at` are lost */
	bool unread;           /* the disk can't read what follows the last good frame: nobody knows what it was */
};

/* Where to begin: at what the head knows to be durable if it speaks of this segment, else at its first frame. */
struct tail tail_start(const struct segment *newest, int64_t size, const struct head *h);

/* Goes from t->at and t->seq to the end of the log; `size` is the file's. */
int tail_find(struct scan *s, int64_t size, struct tail *t, struct error *e);

#endif
