#include "store/write/writer_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/catalog/reserve.h"
#include "store/catalog/spread.h"
#include "store/commit/redo.h"

enum {
	DIRECT_ROWS = 1024,         /* a batch of that many is a frame by itself */
	PENDING_BYTES = 12 << 20,   /* of all shards together */
	PENDING_PART_MAX = 4 << 20, /* of one */
	SENT_BYTES = 20 << 20,      /* more is not kept in memory waiting for a sync */
};

int store_writer_open(struct store_writer **out, struct stream *s, struct error *e)
{
	struct store_writer *w = mem_zero(sizeof *w);
	w->stream = *s;
	*s = (struct stream){0};
	w->frames = shard_frame_writer();
	reserve_fill(w->stream.io, w->stream.directory);
	w->tidier = tidier_new(&w->stream);
	int r = redo_finish(&w->stream, e);
	if (!r)
		r = writer_open_lanes(w, e);
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
	tidier_free(w->tidier);
	for (size_t i = 0; i < w->lane_count; i++)
		write_lane_free(w->lanes[i]);
	free(w->lanes);
	frame_writer_free(w->frames);
	stream_close(&w->stream);
	arena_release(&w->arena);
	free(w);
}

/* Whether the frame that was just appended, of so many rows, is the first of a segment which is not the shard's first. */
static bool segment_began(const struct shard *s, uint32_t rows)
{
	return s->head.base && s->head.base + rows == s->head.next;
}

static int append(struct store_writer *w, struct write_lane *l, const struct batch *b, struct error *e)
{
	int r = shard_append(&l->shard, b, e);
	if (r == SHARD_MOVED)
		w->moved = true;
	else if (w->stream.catalog.sync == SYNC_NEVER)
		shard_forget(&l->shard);
	if (!r && segment_began(&l->shard, batch_count(b)))
		tidier_wake(w->tidier);
	return r;
}

/* What the shard does not take because it has closed stays. */
static int flush(struct store_writer *w, struct write_lane *l, struct error *e)
{
	size_t done = 0;
	int r = OK;
	for (; !r && done < l->pending.count && l->pending.batches[done]->rows; done++)
		r = append(w, l, l->pending.batches[done], e);
	pending_drop(&l->pending, r == SHARD_MOVED ? done - 1 : done);
	return r < 0 ? r : OK;
}

static size_t pending_most(const struct store_writer *w)
{
	size_t part = PENDING_BYTES / w->lane_count;
	return part < PENDING_PART_MAX ? part : PENDING_PART_MAX;
}

/* The selected rows of b are for this lane. */
static int take(struct store_writer *w, struct write_lane *l, const struct batch *b, struct error *e)
{
	if (pending_empty(&l->pending) && batch_count(b) >= DIRECT_ROWS && !w->moved) {
		int r = append(w, l, b, e);
		if (r != SHARD_MOVED)
			return r;
	}
	pending_add(&l->pending, b, pending_most(w));
	return pending_full(&l->pending, pending_most(w)) && !w->moved ? flush(w, l, e) : OK;
}

static struct write_lane *owner(const struct store_writer *w, struct hash128 point)
{
	size_t low = 0, high = w->lane_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (hash128_compare(point, w->lanes[middle]->from) < 0)
			high = middle;
		else
			low = middle;
	}
	return w->lanes[low];
}

int writer_distribute(struct store_writer *w, const struct batch *view, struct error *e)
{
	uint32_t count = batch_count(view);
	if (w->lane_count == 1)
		return take(w, w->lanes[0], view, e);
	for (size_t i = 0; i < w->lane_count; i++)
		w->lanes[i]->row_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(view, i);
		struct write_lane *l = owner(w, spread_point(&view->meta[META_HASH], row));
		if (!l->row_count)
			l->rows = arena_array(&w->arena, count - i, sizeof *l->rows);
		l->rows[l->row_count++] = row;
	}
	int r = OK;
	for (size_t i = 0; !r && i < w->lane_count; i++) {
		struct batch part = *view;
		part.sel = w->lanes[i]->rows;
		part.sel_count = w->lanes[i]->row_count;
		if (part.sel_count)
			r = take(w, w->lanes[i], &part, e);
	}
	return r;
}

static size_t unsynced(const struct store_writer *w)
{
	size_t bytes = 0;
	for (size_t i = 0; i < w->lane_count; i++)
		bytes += w->lanes[i]->shard.sent_bytes;
	return bytes;
}

/* -- syncs -- */

static int flush_all(struct store_writer *w, struct error *e)
{
	int r = OK;
	for (size_t i = 0; !r && i < w->lane_count; i++)
		r = flush(w, w->lanes[i], e);
	return r;
}

static size_t lanes_unsynced(const struct store_writer *w)
{
	size_t count = 0;
	for (size_t i = 0; i < w->lane_count; i++)
		count += w->lanes[i]->shard.sent_count > 0;
	return count;
}

/* Syncs begin for all shards that want one; none may be under way. */
static void begin_syncs(struct store_writer *w)
{
	uint32_t *shards = mem_array(w->lane_count, sizeof *shards);
	size_t count = 0;
	for (size_t i = 0; i < w->lane_count; i++)
		if (w->lanes[i]->shard.sent_count)
			shards[count++] = w->lanes[i]->shard.id;
	background_wait(&w->syncs);
	background_start(&w->syncs, w->stream.io, w->stream.directory, shards, count);
	w->oldest = 0;
}

/* Those that were begun are over, and what came of them is known. */
static int end_syncs(struct store_writer *w, struct error *e)
{
	int r = OK;
	background_wait(&w->syncs);
	for (size_t i = 0; !r && i < w->lane_count; i++)
		r = shard_settle(&w->lanes[i]->shard, e);
	return r;
}

/* The oldest record has waited long enough, or there are too many: syncs begin, while more records come. */
static int sync_some(struct store_writer *w, struct error *e)
{
	if (unsynced(w) >= SENT_BYTES || !w->stream.io->threads)
		return store_writer_sync(w, e);
	if (background_busy(&w->syncs))
		return OK;
	int r = flush_all(w, e);
	if (r || !lanes_unsynced(w))
		return r;
	begin_syncs(w);
	return w->syncs.started ? OK : store_writer_sync(w, e); /* no thread was to be had */
}

int store_writer_append(struct store_writer *w, const struct batch *b, const struct column *key, struct error *e)
{
	struct batch view = *b;
	if (!batch_count(b))
		return OK;
	arena_clear(&w->arena);
	spread_batch(&view, &w->stream.catalog.router, key, &w->arena);
	if (!w->oldest)
		w->oldest = monotonic_now();
	int r = writer_distribute(w, &view, e);
	if (!r && w->moved)
		r = writer_follow(w, e);
	if (r)
		return r;
	int64_t sync = w->stream.catalog.sync, most = sync == SYNC_NEVER ? SYNC_DEFAULT : sync;
	if (sync == SYNC_ALWAYS)
		return store_writer_sync(w, e);
	return monotonic_now() - w->oldest >= most || unsynced(w) >= SENT_BYTES ? sync_some(w, e) : OK;
}

static int sync_lanes(struct store_writer *w, struct error *e)
{
	int r = flush_all(w, e);
	if (!r && w->syncs.started)
		r = end_syncs(w, e);
	/* One is done here; of several the disk makes less work together. */
	if (!r && lanes_unsynced(w) > 1 && w->stream.io->threads) {
		begin_syncs(w);
		r = end_syncs(w, e);
	}
	for (size_t i = 0; r >= 0 && i < w->lane_count; i++)
		if (w->lanes[i]->shard.sent_count && (r = shard_sync(&w->lanes[i]->shard, e)) == SHARD_MOVED)
			w->moved = true;
	return r < 0 ? r : OK;
}

/* What is durable in a stream that was removed meanwhile is gone all the same. */
static int check_there(const struct store_writer *w, struct error *e)
{
	int current = stream_current(&w->stream, e);
	return current ? current < 0 ? current : OK : stream_check_there(&w->stream, e);
}

int store_writer_sync(struct store_writer *w, struct error *e)
{
	int r;
	do {
		r = w->moved ? writer_follow(w, e) : OK;
		if (!r)
			r = sync_lanes(w, e);
	} while (!r && w->moved);
	if (!r && w->oldest)
		r = check_there(w, e);
	if (!r)
		w->oldest = 0;
	return r;
}

const char *store_writer_trouble(struct store_writer *w)
{
	return tidier_trouble(w->tidier);
}
