#include "store/reshard/reshard_private.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/reshard/lineage.h"
#include "store/shard/shard_private.h"

/* How shards are replaced by others: the protocol of store/reshard/reshard.h. */

/* The shards that close: locked from first to last. */
struct closing {
	struct shard *shards;
	size_t count, locked;
	uint64_t base;   /* the @seq behind all of theirs */
	int64_t arrived; /* their last @arrived */
};

static bool overlap(const struct range *a, const struct catalog_shard *b)
{
	return hash128_compare(a->from, b->to) <= 0 && hash128_compare(b->from, a->to) <= 0;
}

static bool is_replaced(const struct catalog_shard *s, const struct range *parts, size_t count)
{
	for (size_t i = 0; !s->closed && i < count; i++)
		if (overlap(&parts[i], s))
			return true;
	return false;
}

/* Both locks, and a head that holds, so that it is known which @seq comes next. */
static int lock_whole(struct shard *s, struct error *e)
{
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	r = shard_lock(s, e);
	if (!r) {
		r = shard_whole(s, e);
		r = r ? r : shard_mend(s, e);
		if (r < 0)
			shard_unlock(s);
	}
	if (r < 0)
		file_unlock(&s->sync);
	return r < 0 ? r : OK;
}

/* In the order of their ids: nobody else holds the locks of two shards. */
static int lock_closing(struct closing *c, const struct stream *s, const struct range *parts, size_t count,
			struct error *e)
{
	const struct catalog *catalog = &s->catalog;
	int r = OK;
	c->arrived = INT64_MIN;
	c->shards = mem_zero(catalog->shard_count * sizeof *c->shards);
	for (size_t i = 0; !r && i < catalog->shard_count; i++) {
		if (!is_replaced(&catalog->shards[i], parts, count))
			continue;
		struct shard *shard = &c->shards[c->count];
		r = lineage_seal_parents(s, &catalog->shards[i], e);
		if (!r && !(r = shard_open(shard, s->io, s->directory, catalog->shards[i].id, e)))
			c->count++;
		if (!r && !(r = lock_whole(shard, e)))
			c->locked++;
		if (!r && shard->head.next > c->base)
			c->base = shard->head.next;
		if (!r && shard->head.arrived > c->arrived)
			c->arrived = shard->head.arrived;
	}
	return r;
}

static void release_closing(struct closing *c)
{
	for (size_t i = c->locked; i-- > 0;) {
		shard_unlock(&c->shards[i]);
		file_unlock(&c->shards[i].sync);
	}
	for (size_t i = 0; i < c->count; i++)
		shard_close(&c->shards[i]);
	free(c->shards);
}

/* Its parents are the open shards that it takes something from. */
static uint32_t add_child(struct catalog *c, size_t old_count, const struct range *part)
{
	uint32_t *parents = mem_array(old_count, sizeof *parents), count = 0;
	for (size_t i = 0; i < old_count; i++)
		if (!c->shards[i].closed && overlap(part, &c->shards[i]))
			parents[count++] = c->shards[i].id;
	uint32_t id = catalog_add(c, part->from, part->to, parents, count)->id;
	free(parents);
	return id;
}

/* What is there of that name was left by an attempt that did not come to its decision: nothing refers to it. */
static int make_child(const struct stream *s, uint32_t id, const struct closing *c, struct error *e)
{
	char *directory = shard_directory(s->directory, id);
	int r = path_remove(s->io, directory, e);
	free(directory);
	return r ? r : shard_create(s->io, s->directory, id, c->base, c->arrived, e);
}

static int make_children(struct stream *s, const struct range *parts, size_t count, const struct closing *c,
			 struct error *e)
{
	size_t old_count = s->catalog.shard_count;
	char *shards = file_path("%s/shards", s->directory);
	int r = OK;
	for (size_t i = 0; !r && i < count; i++)
		r = make_child(s, add_child(&s->catalog, old_count, &parts[i]), c, e);
	if (!r)
		r = path_sync(s->io, shards, e);
	for (size_t i = 0; i < old_count; i++)
		if (is_replaced(&s->catalog.shards[i], parts, count))
			s->catalog.shards[i].closed = true;
	free(shards);
	return r;
}

static int seal_all(struct closing *c, struct error *e)
{
	int r = OK;
	for (size_t i = 0; !r && i < c->count; i++)
		r = shard_seal_locked(&c->shards[i], e);
	return r ? error_prefix(e, "the shards are changed, but an old one could not be sealed yet") : OK;
}

int reshard_replace(struct stream *s, const struct range *parts, size_t count, struct error *e)
{
	struct closing closing = {0};
	int r = lock_closing(&closing, s, parts, count, e);
	if (!r)
		r = make_children(s, parts, count, &closing, e);
	if (!r)
		r = catalog_save(&s->catalog, s->io, s->directory, e);
	if (!r)
		r = seal_all(&closing, e);
	release_closing(&closing);
	return r ? r : stream_reload(s, e);
}
