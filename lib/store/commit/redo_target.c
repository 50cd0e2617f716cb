/* The shards that a commit goes to, and what is there of it. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/commit/redo_job.h"
#include "store/shard/shard_private.h"

/* -- targets -- */

static struct redo_mark mark_of(const struct redo_job *j, uint32_t shard)
{
	for (size_t i = 0; i < j->mark_count; i++)
		if (j->marks[i].shard == shard)
			return j->marks[i];
	return (struct redo_mark){.shard = shard}; /* made since: from its beginning */
}

int redo_target_open(struct redo_job *j, uint32_t id, struct redo_target **out, struct error *e)
{
	for (size_t i = 0; i < j->target_count; i++)
		if (j->targets[i]->shard.id == id) {
			*out = j->targets[i];
			return OK;
		}
	struct redo_target *t = mem_zero(sizeof *t);
	struct redo_mark from = mark_of(j, id);
	int r = shard_open(&t->shard, j->stream->io, j->stream->directory, id, e);
	if (r) {
		free(t);
		return r;
	}
	t->shard.catalog = &j->stream->catalog_file;
	shard_bound(&t->shard, &j->stream->catalog);
	redo_tags_init(&t->tags, &from);
	j->targets = mem_resize(j->targets, j->target_count + 1, sizeof(struct redo_target *));
	j->targets[j->target_count++] = *out = t;
	return OK;
}

void redo_targets_close(struct redo_job *j)
{
	for (size_t i = 0; i < j->target_count; i++) {
		shard_close(&j->targets[i]->shard);
		redo_tags_release(&j->targets[i]->tags);
		free(j->targets[i]);
	}
	free(j->targets);
	j->targets = NULL;
	j->target_count = 0;
}

/* The catalog says that it takes no more: what it has is final then. */
int redo_target_look(struct redo_job *j, struct redo_target *t, struct error *e)
{
	const struct catalog_shard *c = catalog_shard(&j->stream->catalog, t->shard.id);
	if (c && !c->closed)
		return OK;
	/* Whoever replaced the catalog may have died before that was durable. */
	int r = path_sync(j->stream->io, j->stream->directory, e);
	if (!r)
		r = shard_seal(&t->shard, e);
	if (!r && t->shard.sent_count)
		j->again = true; /* what a failed sync took out is not there, though we put it */
	if (!r)
		r = redo_tags_read(&t->tags, &t->shard, e);
	t->closed = !r;
	return r;
}

/* -- what others did -- */

/* We were stopped for long, and somebody else has carried it out; what was compacted or removed since has no tags any more. */
int redo_job_is_over(struct redo_job *j, struct error *e)
{
	struct ledger_entry x;
	uint64_t newest;
	if (j->over)
		return 1;
	int r = redo_is_done(j->stream, j->flow, j->n, e);
	j->over = r > 0;
	if (r)
		return r;
	char *directory = redo_directory(j->stream);
	r = ledger_newest(j->stream->io, directory, j->flow, &newest, e);
	if (!r && newest != j->seq && !(r = ledger_look(j->stream->io, directory, j->flow, &x, e))) {
		j->over = x.n != j->n || !x.payload;
		j->seq = x.seq;
		ledger_entry_release(&x);
	}
	free(directory);
	return r ? r : j->over;
}

/* What has its tag is there; what has not may have lost it, but only after all was carried out. Who put it may have died before
   it was durable: then it counts as put by us, so that we notice if it is lost. */
int redo_target_has(struct redo_job *j, struct redo_target *t, const char *p, size_t len, uint32_t tag, struct error *e)
{
	const struct redo_tag *found = redo_tags_find(&t->tags, tag, p, len);
	const struct head *h = &t->shard.head;
	if (found && found->segment == h->segment && found->end > h->durable)
		sent_note(&t->shard, found->end);
	return found ? 1 : redo_job_is_over(j, e);
}
