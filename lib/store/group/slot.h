/*
 * A slot of a group, and who holds it.
 *
 *   groups/NAME/0/EPOCH.run      a run that took the slot. flock: its process lives. Says who it is, for people
 *                 N.EPOCH.pos    its positions at checkpoint N (store/group/position.h)
 *                 state/FLOW/    what the stages of its pipeline remember
 *                 receipt.EPOCH  what the last stage answers to that run
 *
 * A run has the slot by a claim (store/claim/claim.h), with an epoch that fences all earlier ones, and what it commits counts
 * only if no newer one was there.
 *
 * A flow is the slot with its positions and state; its id is new after a reset.
 *
 * Who commits is one of two. A reader whose output is text does it himself: slot_resume, then slot_commit. In a checkpointed
 * pipeline its end does (flow/checkpoint.h), in its own storage, and says which checkpoint that was: slot_join, slot_restore with what it
 * says, then slot_keep before each barrier.
 */
#ifndef STREAM_STORE_SLOT_H
#define STREAM_STORE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/claim/claim.h"
#include "store/group/group.h"
#include "store/group/position.h"

struct slot {
	const struct files *io;
	const char *directory;      /* of the claim; NULL: not taken */
	const char *stream, *group; /* for messages; borrowed from the group */
	uint32_t index;
	struct hash128 from, to; /* its part of the hash space, both inclusive */
	struct claim claim;
	uint64_t epoch; /* of the claim */
	char flow[FLOW_ID_LENGTH + 1];
	uint64_t n;                 /* the last checkpoint of ours; */
	struct positions positions; /* what it says */
};

/*
 * Takes slot k, as claim_take and claim_try do: 1, or 0 if a process that lives has it. Then slot_resume, or slot_restart.
 */
int slot_take(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e);
int slot_try(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e);
/* Goes on where the last commit stands: loads it, copies it into our epoch, and removes what is older. ERR_UPSTREAM: we
   were fenced meanwhile. */
int slot_resume(struct slot *s, struct error *e);
/* Begins anew at these positions: a new flow id, checkpoint 0, no state. */
int slot_restart(struct slot *s, const struct positions *p, struct error *e);
/* Gives it up; what was not committed is for the next one. */
void slot_release(struct slot *s);

/* Makes p the positions of checkpoint n, durably. ERR_UPSTREAM: a newer run has the slot, and nothing was committed. */
int slot_commit(struct slot *s, uint64_t n, const struct positions *p, struct error *e);
/* Only learns the flow's id, and n and the positions of its newest snapshot, committed or not. */
int slot_join(struct slot *s, struct error *e);
/* Goes to the newest snapshot up to n of that epoch; n 0: to the beginning. Afterwards s->n and s->positions are that. */
int slot_restore(struct slot *s, uint64_t n, uint64_t epoch, struct error *e);
/* Makes p, durably, the positions of a checkpoint that is to be committed. The pipeline has committed `committed`: what is before it may go.
   ERR_UPSTREAM: a newer run has the slot. */
int slot_keep(struct slot *s, uint64_t n, uint64_t committed, const struct positions *p, struct error *e);
/* Writes our snapshot n, durably; ERR_UPSTREAM, and it does not count, if a newer run has the slot. For lib/store/group/slot*.c alone. */
int slot_write(struct slot *s, uint64_t n, const struct positions *p, struct error *e);
/* ERR_UPSTREAM if a newer run has the slot. */
int slot_check(const struct slot *s, struct error *e);
/* The snapshot (n, epoch), whoever made it. Returns 1, or 0 if there is none. */
int slot_load(const struct slot *s, uint64_t n, uint64_t epoch, struct positions *p, struct error *e);

/* Where the stages of this flow keep their state; and the receipt of this epoch. Malloced; neither need exist. */
char *slot_state_path(const struct slot *s);
char *slot_receipt_path(const struct slot *s);

/* A slot, looked at without taking it. */
struct slot_view {
	struct claim_view claim;
	uint64_t n, n_epoch; /* its newest snapshot */
	char flow[FLOW_ID_LENGTH + 1];
	struct positions positions;
};

int slot_look(struct slot_view *v, const struct group *g, uint32_t k, struct error *e);
void slot_view_release(struct slot_view *v);

/* The newest snapshot, which must be there, and (n, epoch) that name it. */
int slot_newest(const struct files *io, const char *directory, uint64_t *n, uint64_t *epoch, struct positions *p,
		char flow[FLOW_ID_LENGTH + 1], struct error *e);
char *slot_directory(const struct group *g, uint32_t k);

/* For group_create: a slot that nobody has held. */
int slot_create(const struct files *io, const char *directory, const struct positions *p, struct error *e);

/*
 * Waiting for a slot: readable when a holder of one that is watched may have died. -1: look again after WATCH_INTERVAL.
 * (Look again after a second in any case: where the file system gives no notice of other machines.)
 */
int slot_wait_open(const struct group *g, int *fd, struct error *e);
/* Empties it and watches the holders of now; try slot_take afterwards. */
int slot_wait_again(const struct group *g, int fd, struct error *e);

#endif
