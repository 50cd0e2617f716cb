/* Collecting what the next commit will be of. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/catalog/spread.h"
#include "store/commit/redo_private.h"
#include "store/reshard/lineage.h"
#include "store/shard/shard_private.h"

enum { PENDING_BYTES = 12 << 20, PENDING_PART_MAX = 4 << 20 };

/* -- lanes -- */

void redo_close_lanes(struct redo *r)
{
	for (size_t i = 0; i < r->lane_count; i++) {
		shard_close(&r->lanes[i].shard);
		pending_release(&r->lanes[i].pending);
		buf_release(&r->lanes[i].held);
		redo_draft_close(&r->lanes[i].part);
	}
	free(r->lanes);
	r->lanes = NULL;
	r->lane_count = 0;
}

/* For the shards that are open now. If they change while we collect, what is theirs finds its way when it is carried out. */
static int open_lanes(struct redo *r, struct error *e)
{
	size_t count;
	const struct catalog_shard **tiles = catalog_tiles(&r->stream.catalog, &count);
	/* Before a shard takes records, the catalog that made it is durable. */
	int code = lineage_seal(&r->stream, e);
	r->lanes = mem_zero(count * sizeof *r->lanes);
	for (size_t i = 0; !code && i < count; i++) {
		struct redo_lane *l = &r->lanes[i];
		code = shard_open(&l->shard, r->stream.io, r->stream.directory, tiles[i]->id, e);
		if (code)
			break;
		l->from = tiles[i]->from;
		pending_init(&l->pending);
		shard_bound(&l->shard, &r->stream.catalog);
		l->part.segment = SEGMENT_CLOSED;
		l->part.index = INDEX_CLOSED;
		r->lane_count++;
	}
	free(tiles);
	return code;
}

static int begin(struct redo *r, struct error *e)
{
	if (r->collecting)
		return OK;
	int current = stream_current(&r->stream, e), code = current < 0 ? current : OK;
	if (!current) {
		code = stream_reload(&r->stream, e);
		redo_close_lanes(r);
	}
	if (!code && !r->lanes)
		code = open_lanes(r, e);
	r->arrived = timestamp_now();
	r->collecting = true;
	return code;
}

/* -- collecting -- */

static int add_piece(struct redo *r, struct redo_lane *l, const struct batch *b, struct error *e)
{
	static const struct frame_place nowhere;
	struct batch view = *b;
	view.meta[META_ARRIVED] = column_const(value_time(0));
	buf_clear(&r->frame);
	int code = frame_write(r->frames, FRAME_DATA, 0, &view, &nowhere, &r->frame, e);
	return code ? code : redo_lane_add(r, l, e);
}

static int flush(struct redo *r, struct redo_lane *l, struct error *e)
{
	size_t done = 0;
	int code = OK;
	for (; !code && done < l->pending.count && l->pending.batches[done]->rows; done++)
		code = add_piece(r, l, l->pending.batches[done], e);
	pending_drop(&l->pending, done);
	return code;
}

static int take(struct redo *r, struct redo_lane *l, const struct batch *b, struct error *e)
{
	size_t part = PENDING_BYTES / r->lane_count, most = part < PENDING_PART_MAX ? part : PENDING_PART_MAX;
	if (pending_empty(&l->pending) && batch_count(b) >= r->direct)
		return add_piece(r, l, b, e);
	pending_add(&l->pending, b, most);
	return pending_full(&l->pending, most) ? flush(r, l, e) : OK;
}

static struct redo_lane *owner(const struct redo *r, struct hash128 point)
{
	size_t low = 0, high = r->lane_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (hash128_compare(point, r->lanes[middle].from) < 0)
			high = middle;
		else
			low = middle;
	}
	return &r->lanes[low];
}

static int distribute(struct redo *r, const struct batch *view, struct error *e)
{
	uint32_t count = batch_count(view);
	if (r->lane_count == 1)
		return take(r, &r->lanes[0], view, e);
	for (size_t i = 0; i < r->lane_count; i++)
		r->lanes[i].row_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(view, i);
		struct redo_lane *l = owner(r, spread_point(&view->meta[META_HASH], row));
		if (!l->row_count)
			l->rows = arena_array(&r->arena, count - i, sizeof *l->rows);
		l->rows[l->row_count++] = row;
	}
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++) {
		struct batch part = *view;
		part.sel = r->lanes[i].rows;
		part.sel_count = r->lanes[i].row_count;
		if (part.sel_count)
			code = take(r, &r->lanes[i], &part, e);
	}
	return code;
}

int redo_append(struct redo *r, const struct batch *b, const struct column *key, struct error *e)
{
	if (!batch_count(b))
		return OK;
	int code = begin(r, e);
	if (code)
		return code;
	struct batch view = *b;
	arena_clear(&r->arena);
	spread_batch(&view, &r->stream.catalog.router, key, &r->arena);
	return distribute(r, &view, e);
}

/* -- the end of a payload -- */

static int mark_lane(struct redo *r, struct redo_lane *l, struct error *e)
{
	int code = shard_lock(&l->shard, e);
	if (code)
		return code;
	const struct head *h = &l->shard.head;
	/* What is written and not durable may go, and a piece be put in its place. */
	struct redo_mark m = {l->shard.id, h->base, h->segment, h->durable};
	shard_unlock(&l->shard);
	return ledger_add(&r->ledger, &m, sizeof m, e);
}

/* The commit before this one is carried out by now: behind the marks are the pieces of this one, and those of others. */
int redo_write_trailer(struct redo *r, struct error *e)
{
	struct redo_trailer t = {r->lane_count, r->part_count, r->arrived, REDO_MAGIC};
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++)
		code = mark_lane(r, &r->lanes[i], e);
	if (!code)
		code = ledger_add(&r->ledger, r->parts, r->part_count * sizeof *r->parts, e);
	return code ? code : ledger_add(&r->ledger, &t, sizeof t, e);
}

/* Their names are durable before that of the ledger's entry, which speaks of them. */
static int end_parts(struct redo *r, struct error *e)
{
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++)
		if (r->lanes[i].part.segment.file.fd >= 0)
			code = redo_lane_end_part(r, &r->lanes[i], e);
	if (code || !r->part_count)
		return code;
	char *directory = redo_directory(&r->stream);
	code = path_sync(r->stream.io, directory, e);
	free(directory);
	return code;
}

int redo_flush(struct redo *r, struct error *e)
{
	int code = OK;
	for (size_t i = 0; !code && i < r->lane_count; i++) {
		struct redo_lane *l = &r->lanes[i];
		code = flush(r, l, e);
		if (!code && l->held.len)
			code = redo_lane_write_held(r, l, e);
	}
	return code ? code : end_parts(r, e);
}

void redo_next(struct redo *r)
{
	for (size_t i = 0; i < r->lane_count; i++) {
		struct redo_lane *l = &r->lanes[i];
		l->next += l->taken;
		l->taken = 0;
		l->begun = false;
	}
	r->collecting = false;
	r->part_count = 0;
	r->part_number = 0;
	r->pieces = 0;
}
