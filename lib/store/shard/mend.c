#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/segment/aside.h"
#include "store/shard/low.h"
#include "store/shard/shard_private.h"
#include "store/shard/tail.h"

/* Making a shard ready again: after a new start of the machine, a failed sync, or because a segment is full. Both
   locks are held. */

int shard_begin(struct shard *s, uint64_t base, int64_t arrived, struct error *e)
{
	struct segment next;
	int r = OK;
	/* Should we die in between, whoever comes next must not append to the old one beside the new. */
	if (shard_head_current(s) && !s->head.failed && !s->head.full) {
		struct head full = s->head;
		full.full = true;
		r = shard_set_head(s, &full, e);
	}
	if (!r)
		r = segment_create(&next, s->io, s->directory, s->id, base, arrived, e);
	if (r)
		return r;
	struct head h = {
		.segment = next.id,
		.base = base,
		.written = next.start,
		.next = base,
		.durable = next.start,
		.durable_seq = base,
		.arrived = arrived,
	};
	r = shard_set_head(s, &h, e);
	segment_close(&next);
	return r;
}

/* A sync of the segment failed: what was not durable is no part of the log any more, and the next segment begins
   there. */
static int abandon(struct shard *s, struct error *e)
{
	struct segment old;
	struct head h = s->head;
	int64_t size = 0;
	int r = segment_open(&old, s->io, s->directory, s->id, h.base, O_RDWR, e);
	if (r > 0 && old.id && old.id != h.segment) {
		/* It held nothing durable, and its place was taken before the head could say so. */
		segment_close(&old);
		r = 0;
	}
	if (r > 0) {
		r = file_size(&old.file, &size, e);
		/* Its owners have it in memory: if the disk takes no copy, none is needed. */
		if (!r)
			aside_copy(s->io, s->directory, &old, h.durable, size, false, NULL, NULL);
		if (!r && size > h.durable)
			r = file_truncate(&old.file, h.durable, e);
		segment_close(&old);
	}
	return r ? r : shard_begin(s, h.durable_seq, h.arrived, e);
}

static int begin_next(struct shard *s, struct error *e)
{
	struct error why;
	struct head full = s->head;
	int r = shard_sync_to(s, &full, true, &why, e);
	if (r < 0)
		return r;
	return r ? shard_begin(s, s->head.next, s->head.arrived, e) : abandon(s, e);
}

/* Whether what stands in the segment came from the disk: the machine has started anew since it was written, and no
   sync of it has failed here. Else a sync that failed may have left it in the cache alone, and the next one succeeds. */
static int is_from_disk(const struct shard *s, const struct segment *newest, struct error *e)
{
	uint64_t syncing;
	int r = shard_read_mark(s, &syncing, e);
	if (r)
		return r;
	return s->head.generation && !s->head.suspect && !shard_head_current(s) && syncing != newest->id;
}

/* Returns 1 if it is a new file now, to which nothing is to be appended: others may have the old one open. */
static int make_durable(struct shard *s, struct segment *newest, int64_t end, struct error *e)
{
	/* Whoever began it may have died before its name was durable. */
	int r = path_sync(s->io, s->directory, e);
	if (!r)
		r = is_from_disk(s, newest, e);
	if (r < 0)
		return r;
	if (r) {
		r = shard_set_mark(s, newest->id, e);
		if (r || !file_datasync(&newest->file, NULL))
			return r;
	} else if (end <= newest->start) {
		return OK;
	}
	r = segment_renew(newest, s->directory, end, e);
	return r ? r : 1;
}

/* Cuts the segment at its end, makes durable what was accepted, and writes a head that says so. */
static int accept(struct shard *s, struct segment *newest, const struct tail *t, int64_t size, struct error *e)
{
	struct head h = {
		.segment = newest->id,
		.base = newest->base,
		.written = t->at,
		.next = t->seq,
		.durable = t->at,
		.durable_seq = t->seq,
		.arrived = t->arrived,
	};
	int r = aside_copy(s->io, s->directory, newest, t->at, size, false, NULL, e);
	if (!r && t->at < size)
		r = file_truncate(&newest->file, t->at, e);
	if (r || (r = make_durable(s, newest, t->at, e)) < 0)
		return r;
	h.full = r;
	r = shard_set_mark(s, 0, e);
	return r ? r : shard_set_head(s, &h, e);
}

static int recover(struct shard *s, uint64_t base, struct error *e)
{
	struct segment newest;
	struct scan scan;
	int64_t size;
	int r = segment_open(&newest, s->io, s->directory, s->id, base, O_RDWR, e);
	if (r <= 0)
		return r ? r : error_set(e, ERR_FAILED, "a segment of %s vanished", s->directory);
	struct tail t = {0};
	scan_init(&scan, s->id);
	newest.id = head_segment_id(&s->head, newest.id, base);
	r = scan_open(&scan, &newest, e);
	if (!r)
		r = file_size(&newest.file, &size, e);
	if (!r) {
		t = tail_start(&newest, size, &s->head);
		r = tail_find(&scan, size, &t, e);
	}
	/* To cut here could cut what was promised: another look may succeed, and only a person may give it up. */
	if (!r && t.unread)
		r = error_set(e, ERR_FAILED,
			      "%s: bytes %" PRId64 " to %" PRId64
			      " cannot be read (%s), so nothing is appended behind them; "
			      "if that stays so, stream-ctl fsck --repair sets them aside",
			      newest.file.path, scan.last.from, scan.last.to, strerror(scan.last.error));
	if (!r)
		r = accept(s, &newest, &t, size, e);
	if (!r && (t.damaged || !newest.id || s->head.full))
		r = shard_begin(s, t.seq, t.arrived, e);
	scan_release(&scan);
	segment_close(&newest);
	return r;
}

/* A bounded segment takes no more, and where all are gone, what they were called is not used again. */
static int mend_newest(struct shard *s, const struct segment_list *l, struct error *e)
{
	struct low low;
	struct segment last;
	size_t i = l->count - 1;
	uint64_t next = s->head.next;
	int64_t arrived = s->head.generation ? s->head.arrived : INT64_MIN;
	int r = low_read(&low, s->io, s->directory, e);
	if (r)
		return r;
	if (l->count && l->owns[i] == UINT64_MAX)
		return recover(s, l->bases[i], e);
	if (next < low.seq)
		next = low.seq;
	if (l->count && next < l->owns[i])
		next = l->owns[i];
	if (l->count && segment_open(&last, s->io, s->directory, s->id, l->bases[i], O_RDONLY, NULL) > 0) {
		arrived = last.arrived > arrived ? last.arrived : arrived;
		segment_close(&last);
	}
	return shard_begin(s, next, arrived, e);
}

static int mend(struct shard *s, struct error *e)
{
	if (shard_head_current(s)) {
		if (s->head.failed)
			return abandon(s, e);
		int64_t size = 0;
		int r = shard_follow(s, e);
		if (r > 0)
			r = file_size(&s->segment.file, &size, e) ? e->code : 1;
		if (r < 0)
			return r;
		if (r && size >= s->head.written)
			return begin_next(s, e);
	}
	struct segment_list list = {0};
	int r = segment_list_read(&list, s->io, s->directory, e);
	if (!r)
		r = mend_newest(s, &list, e);
	segment_list_release(&list);
	return r;
}

int shard_retire(struct shard *s, struct error *e)
{
	uint64_t base = s->head.base;
	/* The first mends what must be mended; then the segment is whole, and the second begins the next. */
	int r = shard_mend(s, e);
	if (!r && s->head.base == base)
		r = shard_mend(s, e);
	return r;
}

/* With both locks. */
static int roll(struct shard *s, int64_t before, struct error *e)
{
	int r = shard_ready(s, e);
	if (!r)
		r = shard_mend(s, e) ? e->code : 1;
	if (r < 0 || s->head.written <= s->segment.start || s->segment.arrived >= before)
		return r < 0 ? r : OK;
	r = begin_next(s, e);
	return r || shard_follow(s, e) >= 0 ? r : e->code;
}

int shard_roll(struct shard *s, int64_t before, struct error *e)
{
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	if (!(r = shard_lock(s, e))) {
		r = roll(s, before, e);
		shard_unlock(s);
	}
	file_unlock(&s->sync);
	return r;
}

int shard_mend(struct shard *s, struct error *e)
{
	int r = mend(s, e);
	if (!r)
		r = shard_follow(s, e);
	if (!r)
		return error_set(e, ERR_FAILED, "%s changes under our hands", s->directory);
	return r < 0 ? r : OK;
}
