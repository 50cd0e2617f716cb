/* What is collected for one shard: a little is held, and goes into the payload; more becomes parts. */
#include "base/mem.h"
#include "store/commit/redo_private.h"
#include "store/shard/shard_private.h"

/* -- parts -- */

/* Where the commit's records begin in the shard, if nobody else writes: behind what is there, and what the commit before
   it, which may be under way, puts there. */
static int expect(struct redo_lane *l, struct error *e)
{
	if (l->begun)
		return OK;
	int code = shard_lock(&l->shard, e);
	if (code)
		return code;
	if (l->shard.head.next > l->next)
		l->next = l->shard.head.next;
	shard_unlock(&l->shard);
	l->begun = true;
	return OK;
}

int redo_lane_end_part(struct redo *r, struct redo_lane *l, struct error *e)
{
	struct redo_part *p = &l->part.part;
	p->link = p->size >= l->shard.segment_size / r->link_part;
	int code = redo_draft_sync(&l->part, e);
	redo_draft_close(&l->part);
	r->parts = mem_resize(r->parts, r->part_count + 1, sizeof *r->parts);
	r->parts[r->part_count++] = *p;
	return code;
}

static int begin_part(struct redo *r, struct redo_lane *l, struct error *e)
{
	struct redo_part p = {.shard = l->shard.id, .number = r->part_number++, .base = l->next + l->taken};
	return redo_draft_begin(&l->part, r, &p, e);
}

static int add_to_part(struct redo *r, struct redo_lane *l, char *p, const struct frame *f, struct error *e)
{
	int code = OK;
	int64_t most = r->part_size < l->shard.segment_size ? r->part_size : l->shard.segment_size;
	if (l->part.segment.file.fd >= 0 && l->part.part.size >= most)
		code = redo_lane_end_part(r, l, e);
	if (!code && l->part.segment.file.fd < 0)
		code = begin_part(r, l, e);
	if (!code)
		code = redo_draft_add(&l->part, r, p, f, e);
	l->taken += f->rows;
	return code;
}

/* -- frames -- */

static int peek(char *p, size_t len, struct frame *f, struct error *e)
{
	int whole = frame_peek(p, len, f, e);
	return whole > 0 ? OK : whole ? whole : error_set(e, ERR_FAILED, "a frame was made that is none");
}

/* What was held is the beginning of a part. */
static int unhold(struct redo *r, struct redo_lane *l, struct error *e)
{
	struct frame f;
	int code = expect(l, e);
	for (size_t at = 0; !code && at < l->held.len; at += f.size) {
		code = peek(l->held.data + at, l->held.len - at, &f, e);
		if (!code)
			code = add_to_part(r, l, l->held.data + at, &f, e);
	}
	buf_clear(&l->held);
	return code;
}

int redo_lane_add(struct redo *r, struct redo_lane *l, struct error *e)
{
	struct frame f;
	int code = OK;
	size_t part = (size_t)(l->shard.segment_size / r->link_part), most = r->held_max < part ? r->held_max : part;
	if (!l->taken && l->held.len + r->frame.len <= most) {
		buf_append(&l->held, r->frame.data, r->frame.len);
		return OK;
	}
	if (l->held.len || !l->begun)
		code = unhold(r, l, e);
	for (size_t at = 0; !code && at < r->frame.len; at += f.size) {
		code = peek(r->frame.data + at, r->frame.len - at, &f, e);
		if (!code)
			code = add_to_part(r, l, r->frame.data + at, &f, e);
	}
	return code;
}

/* What is held is little: it goes into the payload. */
int redo_lane_write_held(struct redo *r, struct redo_lane *l, struct error *e)
{
	struct frame f;
	int code = expect(l, e);
	for (size_t at = 0; !code && at < l->held.len; at += f.size) {
		char *p = l->held.data + at;
		code = peek(p, l->held.len - at, &f, e);
		if (code)
			break;
		struct frame_place place = {.tag = redo_tag(r->flow, r->n + 1, r->pieces++)};
		struct redo_piece head = {l->shard.id, (uint32_t)f.size};
		frame_set_place(p, &place, 0);
		code = ledger_add(&r->ledger, &head, sizeof head, e);
		if (!code)
			code = ledger_add(&r->ledger, p, f.size, e);
		l->taken += f.rows;
	}
	buf_clear(&l->held);
	return code;
}
