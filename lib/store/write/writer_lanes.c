#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/reshard/lineage.h"
#include "store/write/writer_private.h"

/* A writer when the shards of its stream change. */

void write_lane_free(struct write_lane *l)
{
	if (!l)
		return;
	shard_close(&l->shard);
	pending_release(&l->pending);
	free(l);
}

static int open_lane(struct store_writer *w, const struct catalog_shard *shard, struct write_lane **out,
		     struct error *e)
{
	struct write_lane *l = mem_zero(sizeof *l);
	pending_init(&l->pending);
	int r = shard_open(&l->shard, w->stream.io, w->stream.directory, shard->id, e);
	l->shard.catalog = &w->stream.catalog_file;
	l->shard.writer = w->frames;
	l->from = shard->from;
	if (r) {
		write_lane_free(l);
		l = NULL;
	}
	*out = l;
	return r;
}

/* The lane of that shard, taken out. */
static struct write_lane *take_lane(struct write_lane **lanes, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++) {
		struct write_lane *l = lanes[i];
		if (l && l->shard.id == id) {
			lanes[i] = NULL;
			return l;
		}
	}
	return NULL;
}

/* What a failed sync took out of a closed shard, in the order in which it was there. */
static int move_lost(struct store_writer *w, const struct shard *s, struct error *e)
{
	struct frame_reader *reader = frame_reader_new();
	struct batch b;
	batch_init(&b);
	int r = OK;
	for (size_t i = 0; !r && i < s->sent_count; i++) {
		r = frame_load(reader, s->sent[i].bytes, &s->sent[i].frame, NULL, 0, &b, e);
		b.meta[META_STREAM] = b.meta[META_SHARD] = b.meta[META_SEQ] = column_const(value_absent());
		if (!r)
			r = writer_distribute(w, &b, e);
	}
	batch_release(&b);
	frame_reader_free(reader);
	return r;
}

/* The lane's shard has closed. What it has is durable then; the rest is gathered in the lanes of those that took its
   range, by its hash: first what was lost, so that the order of each key holds. */
static int move_lane(struct store_writer *w, struct write_lane *l, struct error *e)
{
	int r = shard_seal(&l->shard, e);
	if (!r)
		r = move_lost(w, &l->shard, e);
	for (size_t i = 0; !r && i < l->pending.count; i++)
		if (l->pending.batches[i]->rows)
			r = writer_distribute(w, l->pending.batches[i], e);
	return r;
}

int writer_open_lanes(struct store_writer *w, struct error *e)
{
	struct write_lane **old = w->lanes;
	size_t old_count = w->lane_count, count;
	const struct catalog_shard **tiles = catalog_tiles(&w->stream.catalog, &count);
	w->lanes = mem_zero(count * sizeof(struct write_lane *));
	w->lane_count = 0;
	w->moved = true; /* so that moving only gathers */
	int r = lineage_seal(&w->stream, e);
	for (size_t i = 0; !r && i < count; i++) {
		struct write_lane *l = take_lane(old, old_count, tiles[i]->id);
		if (!l)
			r = open_lane(w, tiles[i], &l, e);
		if (r)
			break;
		shard_bound(&l->shard, &w->stream.catalog);
		w->lanes[w->lane_count++] = l;
	}
	arena_clear(&w->arena);
	for (size_t i = 0; i < old_count; i++) {
		if (!r && old[i])
			r = move_lane(w, old[i], e);
		write_lane_free(old[i]);
	}
	w->moved = false;
	free(old);
	free(tiles);
	return r;
}

int writer_follow(struct store_writer *w, struct error *e)
{
	int r = stream_reload(&w->stream, e);
	return r ? r : writer_open_lanes(w, e);
}
