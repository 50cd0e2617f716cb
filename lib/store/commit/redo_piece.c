/* A piece of a commit: into its shard, once; or, where that has been closed, in shares to those that took its range. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/catalog/spread.h"
#include "store/commit/redo_job.h"
#include "store/reshard/lineage.h"
#include "store/shard/shard_private.h"

/* With the lock, of a shard that takes records: 1. If one before it was lost, it must not come before that. */
static int put_locked(struct redo_job *j, struct redo_target *t, const char *p, size_t len, uint32_t tag,
		      struct error *e)
{
	j->again |= sent_any_lost(&t->shard);
	if (j->again)
		return 1;
	int r = redo_tags_read(&t->tags, &t->shard, e);
	if (!r)
		r = redo_target_has(j, t, p, len, tag, e);
	if (r)
		return r;
	bool all_seen = redo_tags_at_end(&t->tags, &t->shard);
	r = shard_put_frame(&t->shard, p, len, j->arrived, e);
	if (all_seen)
		t->tags.at.offset = t->shard.head.written;
	return r < 0 ? r : 1;
}

/* 1: it is in the shard; 0: it has been closed, and does not have it. */
static int put_piece(struct redo_job *j, struct redo_target *t, const char *p, size_t len, uint32_t tag,
		     struct error *e)
{
	int r = t->closed ? OK : redo_target_look(j, t, e);
	while (!r && !t->closed) {
		r = shard_lock_mended(&t->shard, e);
		if (!r) {
			r = put_locked(j, t, p, len, tag, e);
			shard_unlock(&t->shard);
		} else if (r == SHARD_MOVED) {
			r = stream_reload(j->stream, e);
			if (!r)
				r = redo_target_look(j, t, e);
		}
	}
	if (!r && j->again)
		return 1;
	return r ? r : redo_target_has(j, t, p, len, tag, e);
}

/* -- shares -- */

/* The rows of b that lie in a shard's range, as a piece of their own: the same bytes, whoever makes it. */
static int put_share(struct redo_job *j, const struct batch *b, const struct catalog_shard *c, uint32_t tag,
		     struct error *e)
{
	struct frame_place place = {.tag = tag};
	struct frame_writer *writer = shard_frame_writer();
	struct buf frame = BUF_INIT;
	uint32_t count = 0, *rows = mem_array(b->rows, sizeof *rows);
	for (uint32_t i = 0; i < b->rows; i++) {
		struct hash128 point = spread_point(&b->meta[META_HASH], i);
		if (hash128_compare(point, c->from) >= 0 && hash128_compare(point, c->to) <= 0)
			rows[count++] = i;
	}
	struct batch view = *b;
	batch_select(&view, rows, count);
	int r = count ? frame_write(writer, FRAME_DATA, 0, &view, &place, &frame, e) : OK;
	if (!r && count)
		r = redo_place_piece(j, c->id, frame.data, frame.len, tag, e);
	buf_release(&frame);
	frame_writer_free(writer);
	free(rows);
	return r;
}

static bool is_child(const struct catalog_shard *c, uint32_t parent)
{
	bool found = false;
	for (uint32_t i = 0; i < c->parent_count; i++)
		found |= c->parents[i] == parent;
	return found;
}

/* To the children, also those that are closed by now: one may have its part, and its own children the part of another. */
static int put_shares(struct redo_job *j, uint32_t parent, const struct batch *b, uint32_t tag, struct error *e)
{
	const struct catalog *catalog = &j->stream->catalog;
	struct catalog_shard *children = mem_array(catalog->shard_count, sizeof *children);
	size_t count = 0;
	int r = OK;
	for (size_t i = 0; !r && i < catalog->shard_count; i++) {
		if (!is_child(&catalog->shards[i], parent))
			continue;
		children[count++] = catalog->shards[i];
		r = lineage_seal_parents(j->stream, &catalog->shards[i], e);
	}
	/* From here on the catalog may be read again. */
	for (size_t i = 0; !r && !j->again && i < count; i++)
		r = put_share(j, b, &children[i], tag, e);
	free(children);
	return r;
}

static int divide(struct redo_job *j, uint32_t parent, const char *p, size_t len, uint32_t tag, struct error *e)
{
	struct frame f;
	struct batch b;
	struct frame_reader *reader = frame_reader_new();
	batch_init(&b);
	int r = frame_peek(p, len, &f, e);
	if (r > 0)
		r = frame_load(reader, p, &f, NULL, 0, &b, e);
	b.meta[META_STREAM] = b.meta[META_SHARD] = b.meta[META_SEQ] = column_const(value_absent());
	if (!r)
		r = put_shares(j, parent, &b, tag, e);
	batch_release(&b);
	frame_reader_free(reader);
	return r;
}

int redo_place_piece(struct redo_job *j, uint32_t shard, const char *p, size_t len, uint32_t tag, struct error *e)
{
	struct redo_target *t;
	int r = redo_target_open(j, shard, &t, e);
	if (!r)
		r = put_piece(j, t, p, len, tag, e);
	if (r)
		return r < 0 ? r : OK;
	return divide(j, shard, p, len, tag, e);
}
