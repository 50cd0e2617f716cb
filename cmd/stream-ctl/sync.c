/* sync: what was written is made durable now; and another policy from now on. */
#include "ctl.h"
#include "store/shard/shard.h"

static int set_policy(struct stream *s, const char *when, struct error *e)
{
	struct file lock;
	int64_t sync;
	int r = sync_parse(when, strlen(when), &sync, e);
	if (!r)
		r = catalog_lock(&lock, s->io, s->directory, e);
	if (r)
		return r;
	r = stream_reload(s, e);
	if (!r && s->catalog.sync != sync) {
		s->catalog.sync = sync;
		r = catalog_save(&s->catalog, s->io, s->directory, e);
	}
	file_close(&lock);
	return r;
}

int ctl_sync(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = ctl_no_more(o, e);
	/* First the policy: who writes after that makes it durable himself. */
	if (!r && c->sync)
		r = set_policy(&s, c->sync, e);
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++) {
		struct shard shard;
		r = shard_open(&shard, s.io, s.directory, s.catalog.shards[i].id, e);
		if (!r) {
			r = shard_flush(&shard, e);
			shard_close(&shard);
		}
	}
	stream_close(&s);
	return r ? r : 1;
}
