#include "store/shard/shard_private.h"

/* A shard that takes no more: noticing it, and making it so. */

int shard_moved(const struct shard *s, struct error *e)
{
	int linked = s->catalog ? file_linked(s->catalog, e) : 1;
	if (linked < 0)
		return linked;
	/* The catalog is replaced first, and the seal follows. */
	if (linked && s->head.sealed)
		return error_set(e, ERR_FAILED,
				 "%s is sealed, but its catalog, if it is the right one, says it is open",
				 s->directory);
	return linked ? OK : SHARD_MOVED;
}

int shard_make_durable(struct shard *s, bool cuts, struct error *e)
{
	struct error why;
	int r = shard_whole(s, e);
	if (!r && !(r = shard_mend(s, e)))
		r = 1;
	if (r > 0 && (cuts || s->head.durable < s->head.written)) {
		struct head to = s->head;
		r = shard_sync_to(s, &to, true, &why, e);
		if (!r)
			r = shard_mend(s, e);
	}
	return r < 0 ? r : OK;
}

/* Who was about to begin the next segment may have died, and left a file that is no part of the log. */
static int remove_successor(struct shard *s, struct error *e)
{
	if (!s->head.full || s->head.next == s->head.base)
		return OK;
	int r = segment_remove(s->io, s->directory, s->head.next, UINT64_MAX, e);
	return r ? r : path_sync(s->io, s->directory, e);
}

int shard_seal_locked(struct shard *s, struct error *e)
{
	int r = OK;
	if (!s->head.sealed || !shard_head_current(s)) {
		r = shard_make_durable(s, true, e);
		if (!r)
			r = remove_successor(s, e);
		struct head sealed = s->head;
		sealed.sealed = true;
		if (!r)
			r = shard_set_head(s, &sealed, e);
	}
	if (!r && (r = shard_follow(s, e)) >= 0) {
		sent_settle(s, s->head.durable);
		r = OK;
	}
	return r;
}

int shard_seal(struct shard *s, struct error *e)
{
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	if (!(r = shard_lock(s, e))) {
		r = shard_seal_locked(s, e);
		shard_unlock(s);
	}
	file_unlock(&s->sync);
	return r;
}
