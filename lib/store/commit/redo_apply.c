/* Carrying out a commit: what its payload says. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/commit/redo_job.h"
#include "store/shard/shard_private.h"

static int read_at(const struct ledger_entry *x, void *p, size_t len, int64_t at, struct error *e)
{
	if (at < 0 || at + (int64_t)len > x->payload)
		return error_set(e, ERR_FAILED, "%s is cut short", x->file.path);
	ssize_t n = file_read(&x->file, p, len, at, e);
	return n < 0 ? (int)n : n == (ssize_t)len ? OK : error_set(e, ERR_FAILED, "%s is cut short", x->file.path);
}

static int read_trailer(struct redo_job *j, const struct ledger_entry *x, struct error *e)
{
	enum { PARTS_MAX = 1 << 20 };
	struct redo_trailer t;
	int64_t at = x->payload - (int64_t)sizeof t;
	int r = read_at(x, &t, sizeof t, at, e);
	if (!r && (t.magic != REDO_MAGIC || t.marks > CATALOG_SHARDS_MAX || t.parts > PARTS_MAX))
		r = error_set(e, ERR_FAILED, "%s is no redo file of this release", x->file.path);
	if (r)
		return r;
	j->arrived = t.arrived;
	j->mark_count = t.marks;
	j->part_count = t.parts;
	j->marks = mem_array(j->mark_count + 1, sizeof *j->marks);
	j->parts = mem_array(j->part_count + 1, sizeof *j->parts);
	at -= (int64_t)(j->part_count * sizeof *j->parts);
	r = read_at(x, j->parts, j->part_count * sizeof *j->parts, at, e);
	at -= (int64_t)(j->mark_count * sizeof *j->marks);
	if (!r)
		r = read_at(x, j->marks, j->mark_count * sizeof *j->marks, at, e);
	j->end = at;
	return r;
}

/* What is held comes before the parts of its shard. */
static int each_piece(struct redo_job *j, const struct ledger_entry *x, struct error *e)
{
	struct buf piece = BUF_INIT;
	int64_t at = 0;
	int r = OK;
	for (uint64_t i = 0; !r && !j->again && at < j->end; i++) {
		struct redo_piece head;
		r = read_at(x, &head, sizeof head, at, e);
		if (r)
			break;
		buf_clear(&piece);
		buf_reserve(&piece, head.size);
		r = read_at(x, piece.data, head.size, at + (int64_t)sizeof head, e);
		if (!r)
			r = redo_place_piece(j, head.shard, piece.data, head.size, redo_tag(j->flow, j->n, i), e);
		at += (int64_t)(sizeof head + head.size);
	}
	buf_release(&piece);
	for (size_t i = 0; !r && !j->again && i < j->part_count; i++)
		r = redo_place_part(j, x, &j->parts[i], e);
	return r;
}

/* A sync that fails takes pieces out again; so does a split meanwhile, and who died in a sync makes the next one fail. */
static void sync_targets(struct redo_job *j)
{
	for (size_t i = 0; i < j->target_count; i++) {
		struct redo_target *t = j->targets[i];
		j->again |= !t->closed && shard_sync_written(&t->shard, &j->why);
		j->again |= sent_any_lost(&t->shard);
	}
}

int redo_apply(struct stream *s, const char *flow, const struct ledger_entry *x, struct error *e)
{
	enum { TRIES = 10 };
	struct redo_job j = {.stream = s, .flow = flow, .n = x->n, .seq = x->seq, .why = {.text = "a sync failed"}};
	int r = read_trailer(&j, x, e);
	for (int i = 0; !r && (i == 0 || j.again) && i < TRIES; i++) {
		j.again = false;
		r = each_piece(&j, x, e);
		if (!r)
			sync_targets(&j);
		redo_targets_close(&j);
	}
	if (!r && j.again)
		r = error_set(e, ERR_FAILED, "%s", j.why.text);
	redo_targets_close(&j);
	free(j.marks);
	free(j.parts);
	return r;
}

static int check_part(const struct stream *s, const char *flow, const struct ledger_entry *x, const struct redo_part *p,
		      struct error *e)
{
	struct segment part;
	struct buf piece = BUF_INIT;
	int64_t at = p->start;
	int r = redo_part_open(&part, s, flow, x, p, e);
	if (r <= 0)
		return r ? r : error_set(e, ERR_FAILED, "part %" PRIu64 " of the commit is not there", p->number);
	r = OK;
	for (uint64_t i = 0; !r && i < p->pieces; i++) {
		int64_t here = at;
		struct frame f;
		r = redo_part_read(&part, &at, &piece, 0, e);
		if (!r && (frame_peek(piece.data, piece.len, &f, e) <= 0 || frame_verify(piece.data, &f, e)))
			r = error_prefix(e, "%s, byte %" PRId64, part.file.path, here);
	}
	buf_release(&piece);
	segment_close(&part);
	return r;
}

int redo_check(const struct stream *s, const char *flow, const struct ledger_entry *x, struct error *e)
{
	struct redo_job j = {0};
	int r = redo_is_done(s, flow, x->n, e);
	if (r || !x->payload)
		return r < 0 ? r : OK;
	r = read_trailer(&j, x, e);
	for (size_t i = 0; !r && i < j.part_count; i++)
		r = check_part(s, flow, x, &j.parts[i], e);
	free(j.marks);
	free(j.parts);
	return r && redo_is_done(s, flow, x->n, NULL) > 0 ? OK : r;
}
