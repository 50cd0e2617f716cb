/* Carrying out a commit; for lib/store/commit/redo_apply.c and the files it is made of. */
#ifndef STREAM_STORE_REDO_JOB_H
#define STREAM_STORE_REDO_JOB_H

#include "store/commit/redo_private.h"

/* A shard that pieces go to. */
struct redo_target {
	struct shard shard;
	struct redo_tags tags;
	bool closed; /* it takes no more, and all its tags are known */
};

struct redo_job {
	struct stream *stream;
	const char *flow;
	uint64_t n, seq; /* of the entry that was the newest when we looked */
	int64_t arrived;
	struct redo_mark *marks;
	size_t mark_count;
	struct redo_part *parts;
	size_t part_count;
	int64_t end; /* of the pieces in the payload */
	struct redo_target **targets;
	size_t target_count;
	bool over;  /* others have carried it out */
	bool again; /* a sync failed under us: from there on nothing is put, and the whole is looked at again */
	struct error why;
};

/* -- redo_target.c -- */

int redo_target_open(struct redo_job *j, uint32_t shard, struct redo_target **out, struct error *e);
void redo_targets_close(struct redo_job *j);
/* Sees whether the catalog says that it takes no more: what it has is final then. */
int redo_target_look(struct redo_job *j, struct redo_target *t, struct error *e);
/* 1: somebody else has carried it out, and what was compacted or removed since has no tags any more; or 0. */
int redo_job_is_over(struct redo_job *j, struct error *e);
/* Whether the piece is there, as far as the tags were read: 1 or 0. */
int redo_target_has(struct redo_job *j, struct redo_target *t, const char *p, size_t len, uint32_t tag,
		    struct error *e);

/* -- redo_piece.c -- */

/* A piece is put into the shard, or where its records belong by now, unless it is there. */
int redo_place_piece(struct redo_job *j, uint32_t shard, const char *p, size_t len, uint32_t tag, struct error *e);

/* -- redo_link.c -- */

int redo_place_part(struct redo_job *j, const struct ledger_entry *x, const struct redo_part *p, struct error *e);

#endif
