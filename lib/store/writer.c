#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/background.h"
#include "store/shard.h"
#include "store/spread.h"

enum {
	DIRECT_ROWS = 1024, /* a batch of that many is a frame by itself */
	PENDING_BYTES = 1 << 20,
	SENT_BYTES = 24 << 20, /* more is not kept in memory waiting for a sync */
};

struct write_lane {
	struct shard shard;
	struct batch pending; /* gathered, not yet appended */
	uint32_t *rows;       /* of the batch at hand: those that are for this shard */
	uint32_t row_count;
};

struct store_writer {
	struct stream stream;
	struct write_lane *lanes; /* as the catalog's shards; those of closed ones are empty */
	struct arena arena;       /* for the batch at hand */
	int64_t oldest;           /* when the first record came that no sync was begun for; monotonic; 0: none */
	struct background syncs;
};

int store_writer_open(struct store_writer **out, struct stream *s, struct error *e)
{
	struct store_writer *w = mem_zero(sizeof *w);
	w->stream = *s;
	*s = (struct stream){0};
	const struct catalog *c = &w->stream.catalog;
	w->lanes = mem_zero(c->shard_count * sizeof *w->lanes);
	int r = OK;
	for (size_t i = 0; !r && i < c->shard_count; i++) {
		batch_init(&w->lanes[i].pending);
		if (!c->shards[i].closed)
			r = shard_open(&w->lanes[i].shard, w->stream.io, w->stream.directory, c->shards[i].id, e);
	}
	if (r) {
		store_writer_close(w);
		w = NULL;
	}
	*out = w;
	return r;
}

void store_writer_close(struct store_writer *w)
{
	if (!w)
		return;
	background_wait(&w->syncs);
	for (size_t i = 0; i < w->stream.catalog.shard_count; i++) {
		shard_close(&w->lanes[i].shard);
		batch_release(&w->lanes[i].pending);
	}
	free(w->lanes);
	stream_close(&w->stream);
	arena_release(&w->arena);
	free(w);
}

static int append(struct store_writer *w, struct write_lane *l, const struct batch *b, struct error *e)
{
	int r = shard_append(&l->shard, b, e);
	if (w->stream.catalog.sync == SYNC_NEVER)
		shard_forget(&l->shard);
	return r;
}

static int flush(struct store_writer *w, struct write_lane *l, struct error *e)
{
	if (!l->pending.rows)
		return OK;
	int r = append(w, l, &l->pending, e);
	batch_clear(&l->pending);
	return r;
}

static size_t pending_bytes(const struct write_lane *l)
{
	const struct arena *a = &l->pending.arena;
	return a->total - (size_t)(a->end - a->at);
}

/* The selected rows of b are for this lane. */
static int take(struct store_writer *w, struct write_lane *l, const struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	if (!l->pending.rows && count >= DIRECT_ROWS)
		return append(w, l, b, e);
	for (uint32_t done = 0; done < count;) {
		done += batch_append(&l->pending, b, done);
		if (done == count && l->pending.rows < BATCH_ROWS && pending_bytes(l) < PENDING_BYTES)
			break;
		int r = flush(w, l, e);
		if (r)
			return r;
	}
	return OK;
}

static int distribute(struct store_writer *w, struct batch *view, struct error *e)
{
	const struct catalog *c = &w->stream.catalog;
	uint32_t count = batch_count(view);
	for (size_t i = 0; i < c->shard_count; i++)
		w->lanes[i].row_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(view, i);
		struct write_lane *l = &w->lanes[catalog_owner(c, spread_point(&view->meta[META_HASH], row))];
		if (!l->row_count)
			l->rows = arena_array(&w->arena, count - i, sizeof *l->rows);
		l->rows[l->row_count++] = row;
	}
	int r = OK;
	for (size_t i = 0; !r && i < c->shard_count; i++) {
		struct batch part = *view;
		part.sel = w->lanes[i].rows;
		part.sel_count = w->lanes[i].row_count;
		if (part.sel_count)
			r = take(w, &w->lanes[i], &part, e);
	}
	return r;
}

static bool has_key(const struct batch *b)
{
	const struct column *key = &b->meta[META_KEY];
	return key->form != COLUMN_CONST || key->value.type != TYPE_ABSENT;
}

static size_t unsynced(const struct store_writer *w)
{
	size_t bytes = 0;
	for (size_t i = 0; i < w->stream.catalog.shard_count; i++)
		bytes += w->lanes[i].shard.sent_bytes;
	return bytes;
}

/* -- syncs -- */

static int flush_all(struct store_writer *w, struct error *e)
{
	int r = OK;
	for (size_t i = 0; !r && i < w->stream.catalog.shard_count; i++)
		r = flush(w, &w->lanes[i], e);
	return r;
}

/* Syncs begin for all shards that want one. How many there are. */
static size_t begin_syncs(struct store_writer *w)
{
	const struct catalog *c = &w->stream.catalog;
	uint32_t *shards = mem_array(c->shard_count, sizeof *shards);
	size_t count = 0;
	for (size_t i = 0; i < c->shard_count; i++)
		if (w->lanes[i].shard.sent_count)
			shards[count++] = c->shards[i].id;
	background_wait(&w->syncs);
	background_start(&w->syncs, w->stream.io, w->stream.directory, shards, count);
	w->oldest = 0;
	return count;
}

/* Those that were begun are over, and what came of them is known. */
static int end_syncs(struct store_writer *w, struct error *e)
{
	int r = OK;
	background_wait(&w->syncs);
	for (size_t i = 0; !r && i < w->stream.catalog.shard_count; i++)
		r = shard_settle(&w->lanes[i].shard, e);
	return r;
}

/* The oldest record has waited long enough. */
static int sync_some(struct store_writer *w, struct error *e)
{
	if (background_busy(&w->syncs) && unsynced(w) < SENT_BYTES)
		return OK;
	if (!w->stream.io->threads || unsynced(w) >= SENT_BYTES)
		return store_writer_sync(w, e);
	int r = flush_all(w, e);
	bool none = !r && begin_syncs(w) && !w->syncs.started; /* no thread was to be had */
	return none ? store_writer_sync(w, e) : r;
}

int store_writer_append(struct store_writer *w, const struct batch *b, const struct column *key, struct error *e)
{
	const struct catalog *c = &w->stream.catalog;
	struct batch view = *b;
	if (!batch_count(b))
		return OK;
	arena_clear(&w->arena);
	if (key)
		view.meta[META_KEY] = *key;
	view.meta[META_STREAM] = view.meta[META_SHARD] = view.meta[META_SEQ] = column_const(value_absent());
	view.meta[META_HASH] = key || has_key(&view) ? spread_keys(&c->router, &view.meta[META_KEY], b->rows, &w->arena)
						     : spread_random(b->rows, &w->arena);
	if (!w->oldest)
		w->oldest = monotonic_now();
	int r = c->shard_count == 1 ? take(w, &w->lanes[0], &view, e) : distribute(w, &view, e);
	if (r)
		return r;
	int64_t most = c->sync == SYNC_NEVER ? SYNC_DEFAULT : c->sync;
	if (most == SYNC_ALWAYS)
		return store_writer_sync(w, e);
	return monotonic_now() - w->oldest >= most || unsynced(w) >= SENT_BYTES ? sync_some(w, e) : OK;
}

int store_writer_sync(struct store_writer *w, struct error *e)
{
	int r = flush_all(w, e);
	if (!r && w->syncs.started)
		r = end_syncs(w, e);
	size_t left = 0;
	for (size_t i = 0; i < w->stream.catalog.shard_count; i++)
		left += w->lanes[i].shard.sent_count > 0;
	/* One is done here; of several, the disk makes less work together. */
	if (!r && left > 1 && begin_syncs(w))
		r = end_syncs(w, e);
	for (size_t i = 0; !r && i < w->stream.catalog.shard_count; i++)
		r = shard_sync(&w->lanes[i].shard, e);
	if (!r)
		w->oldest = 0;
	return r;
}
