#include "store/shard/shard_private.h"

/* Making durable what others wrote, under a policy that does not. */

/* With both locks. */
static int flush(struct shard *s, struct error *e)
{
	struct error why;
	int r = shard_whole(s, e);
	if (!r)
		r = shard_mend(s, e) ? e->code : 1;
	if (r <= 0 || s->head.durable >= s->head.written)
		return r < 0 ? r : OK;
	struct head to = s->head;
	r = shard_sync_to(s, &to, true, &why, e);
	if (r)
		return r < 0 ? r : OK;
	/* What was not durable goes out of the log: nobody has it in memory, but it is kept aside. */
	r = shard_mend(s, e);
	return r ? r : error_set(e, ERR_FAILED, "%s; what could not be made durable was set aside", why.text);
}

int shard_flush(struct shard *s, struct error *e)
{
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	if (!(r = shard_lock(s, e))) {
		r = flush(s, e);
		shard_unlock(s);
	}
	file_unlock(&s->sync);
	return r;
}
