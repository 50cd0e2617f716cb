/* A slot whose commits are the end of its pipeline's: our snapshots are only what such a commit may go back to. */
#include <inttypes.h>

#include "store/group/slot.h"

int slot_join(struct slot *s, struct error *e)
{
	uint64_t n = 0, epoch;
	int r = slot_newest(s->io, s->directory, &n, &epoch, &s->positions, s->flow, e);
	s->n = r ? 0 : n;
	return r;
}

int slot_restore(struct slot *s, uint64_t n, uint64_t epoch, struct error *e)
{
	uint64_t found_n, found_epoch;
	int r = claim_find(&s->claim, n, epoch, &found_n, &found_epoch, e);
	if (r > 0)
		r = slot_load(s, found_n, found_epoch, &s->positions, e);
	if (r < 0)
		return r;
	if (!r)
		return error_set(e, ERR_FAILED,
				 "group %s of %s has no positions of checkpoint %" PRIu64
				 ", which its pipeline has committed; set them by `stream-ctl reset`",
				 s->group, s->stream, n);
	s->n = n;
	return n ? claim_clean_but(&s->claim, epoch, e) : OK;
}

int slot_keep(struct slot *s, uint64_t n, uint64_t committed, const struct positions *p, struct error *e)
{
	int r = slot_write(s, n, p, e);
	if (!r)
		r = claim_forget_below(&s->claim, committed, e);
	/* That is ours: who takes the slot from us begins with it. */
	if (!r && committed > s->n)
		r = claim_clean(&s->claim, e);
	if (!r && p != &s->positions)
		positions_copy(&s->positions, p);
	return r;
}
