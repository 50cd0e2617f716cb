/* A part of a commit: linked as a segment of the log, or, where others have come before it, copied piece by piece. */
#include <fcntl.h>
#include <inttypes.h>

#include "store/commit/redo_job.h"
#include "store/shard/shard_private.h"

/* Whoever copied pieces of it, and died, began with the first. */
static int is_begun(struct redo_job *j, struct redo_target *t, const struct segment *part, const struct redo_part *p,
		    struct error *e)
{
	struct buf piece = BUF_INIT;
	int64_t at = p->start;
	uint32_t tag = redo_tag(j->flow, j->n, redo_part_piece(p, 0));
	int r = redo_tags_read(&t->tags, &t->shard, e);
	if (!r)
		r = redo_part_read(part, &at, &piece, tag, e);
	if (!r)
		r = redo_target_has(j, t, piece.data, piece.len, tag, e);
	buf_release(&piece);
	return r;
}

/* With both locks: 1: the log has it; 0: others have come before it, or it cannot be linked: its pieces are to be copied. */
static int link_locked(struct redo_job *j, struct redo_target *t, const struct segment *part, const struct redo_part *p,
		       struct error *e)
{
	struct segment there;
	struct shard *s = &t->shard;
	int r = shard_conclude(s, e);
	if (r)
		return r;
	if ((j->again |= sent_any_lost(s)))
		return 1;
	r = segment_open(&there, s->io, s->directory, s->id, p->base, O_RDONLY, e);
	/* Who linked it may have died before the head said so. */
	bool linked = r > 0 && there.id == p->segment && (s->head.segment == p->segment || s->head.next > p->base);
	if (r > 0)
		segment_close(&there);
	if (r < 0 || linked)
		return r;
	if (s->head.next != p->base || s->head.arrived > j->arrived)
		return 0;
	if ((r = is_begun(j, t, part, p, e)))
		return r < 0 ? r : 0;
	r = shard_adopt(s, part, p->size, p->rows, j->arrived, e);
	if (r > 0)
		redo_tags_skip(&t->tags, s);
	return r;
}

static int link_once(struct redo_job *j, struct redo_target *t, const struct segment *part, const struct redo_part *p,
		     struct error *e)
{
	struct shard *s = &t->shard;
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	if (!(r = shard_lock(s, e))) {
		r = shard_moved(s, e);
		if (!r)
			r = link_locked(j, t, part, p, e);
		shard_unlock(s);
	}
	file_unlock(&s->sync);
	return r;
}

static int link_part(struct redo_job *j, const struct segment *part, const struct redo_part *p, struct error *e)
{
	struct redo_target *t;
	int r = redo_target_open(j, (uint32_t)p->shard, &t, e);
	if (!r && !t->closed)
		r = redo_target_look(j, t, e);
	while (!r && !t->closed) {
		r = link_once(j, t, part, p, e);
		if (r != SHARD_MOVED)
			break;
		r = stream_reload(j->stream, e);
		if (!r)
			r = redo_target_look(j, t, e);
	}
	return r;
}

static int copy_part(struct redo_job *j, const struct segment *part, const struct redo_part *p, struct error *e)
{
	struct buf piece = BUF_INIT;
	int64_t at = p->start;
	int r = OK;
	for (uint64_t i = 0; !r && !j->again && i < p->pieces; i++) {
		uint32_t tag = redo_tag(j->flow, j->n, redo_part_piece(p, i));
		r = redo_part_read(part, &at, &piece, tag, e);
		if (!r)
			r = redo_place_piece(j, (uint32_t)p->shard, piece.data, piece.len, tag, e);
	}
	buf_release(&piece);
	return r;
}

/* It is removed when all was carried out. */
int redo_place_part(struct redo_job *j, const struct ledger_entry *x, const struct redo_part *p, struct error *e)
{
	struct segment part;
	int r = redo_part_open(&part, j->stream, j->flow, x, p, e);
	if (!r) {
		int over = redo_job_is_over(j, e);
		return over ? (over < 0 ? over : OK)
			    : error_set(e, ERR_FAILED,
					"%s: a part of commit %" PRIu64 " is not there: its records are lost",
					x->file.path, j->n);
	}
	if (r < 0)
		return r;
	r = p->link ? link_part(j, &part, p, e) : 0;
	if (!r)
		r = copy_part(j, &part, p, e);
	segment_close(&part);
	return r < 0 ? r : OK;
}
