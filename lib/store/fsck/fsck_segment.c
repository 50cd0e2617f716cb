#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/fsck/fsck_private.h"

/* One segment, from its stream line to its end. It follows store/read/cursor.c: what that can't serve is a flaw here. */

static struct flaw *add_flaw(struct segment_check *s, int64_t to, uint64_t behind, const char *reason)
{
	if (s->count == s->capacity) {
		s->capacity = mem_grow(s->capacity, s->count + 1);
		s->flaws = mem_resize(s->flaws, s->capacity, sizeof *s->flaws);
	}
	struct flaw *w = &s->flaws[s->count++];
	*w = (struct flaw){.from = s->at,
			   .to = to,
			   .first = s->next,
			   .behind = behind > s->until ? s->until : behind,
			   .bad = to > s->at,
			   .lost = behind > s->next};
	snprintf(w->reason, sizeof w->reason, "%.150s", reason);
	return w;
}

/* The line that a segment of these bounds has. */
static bool has_line(const struct segment *segment, uint32_t shard, const char *have, size_t len)
{
	struct buf want = BUF_INIT;
	segment_line(segment, shard, &want);
	bool same = want.len == len && !memcmp(want.data, have, len);
	buf_release(&want);
	return same;
}

/* The line says again what its own parts say, or it is not as it was written. One that was copied as it is has its bounds in
   its name alone. */
static int check_line(struct segment_check *s, const struct shard_check *c, struct error *e)
{
	char have[STREAM_LINE_MAX];
	struct segment unbounded = s->segment;
	unbounded.own = UINT64_MAX;
	size_t len = s->segment.start < STREAM_LINE_MAX ? (size_t)s->segment.start : STREAM_LINE_MAX;
	ssize_t n = file_read(&s->segment.file, have, len, 0, e);
	if (n < 0 && !file_is_unreadable(errno))
		return (int)n;
	bool same = n >= 0 &&
		    (has_line(&s->segment, c->id, have, (size_t)n) || has_line(&unbounded, c->id, have, (size_t)n));
	if (!same) {
		struct flaw *w = add_flaw(s, s->segment.start, s->next, "the stream line is damaged");
		w->first = w->behind;
	}
	return OK;
}

static int open_segment(struct segment_check *s, struct shard_check *c, uint64_t base, struct error *e)
{
	size_t i = segment_list_find(&c->list, base);
	if (i >= c->list.count || c->list.bases[i] != base)
		return 0;
	int r = segment_open_bounded(&s->segment, c->f->io, c->place, c->id, base, c->list.owns[i], O_RDONLY, e);
	if (r <= 0)
		return r;
	int64_t size;
	bool whole = s->segment.id != 0;
	s->newest = c->place == c->directory && c->limit.base == base && c->list.owns[i] == UINT64_MAX;
	if (s->newest && !s->segment.id)
		s->segment.id = c->limit.segment;
	r = file_size(&s->segment.file, &size, e);
	s->end = s->newest ? c->limit.bytes : size;
	s->next = base;
	s->arrived = s->segment.arrived > c->arrived ? s->segment.arrived : c->arrived;
	s->until = s->newest ? c->limit.seq : segment_list_until(&c->list, i);
	if (s->until == UINT64_MAX)
		s->until = c->limit.base;
	if (!r && whole)
		r = check_line(s, c, e);
	s->at = s->segment.start;
	if (!r)
		r = scan_open(&c->scan, &s->segment, e);
	fsck_index_open(s);
	return r ? r : 1;
}

/* Bytes that are no good frame: up to the next one, or to the end. */
static int skip(struct segment_check *s, struct shard_check *c, bool missing, const char *reason, struct error *e)
{
	struct frame f;
	char kept[160];
	snprintf(kept, sizeof kept, "%.150s", s->at ? reason : "the stream line is damaged");
	int64_t to = missing ? s->at : s->at + 8;
	int r = scan_find(&c->scan, &to, s->end, s->next, &f, e);
	if (r < 0)
		return r;
	uint64_t behind = r && f.place.seq < s->until ? f.place.seq : s->until;
	if (!r || to > s->end)
		to = s->end;
	add_flaw(s, to, behind, kept);
	s->at = to;
	s->next = behind;
	return OK;
}

/* The frame at hand, whose header is good. */
static int check_frame(struct segment_check *s, struct shard_check *c, const struct frame *f, struct error *e)
{
	int r = scan_load(&c->scan, s->at, f, NULL, 0, &c->batch, e);
	if (r < 0)
		return r;
	struct error why = c->scan.why;
	uint64_t behind = f->place.seq + f->rows;
	bool dirty = r && frame_verify(scan_bytes(&c->scan, s->at), f, &why);
	if (!r)
		add_flaw(s, s->at + (int64_t)f->size, behind, why.text);
	else if (dirty || !fsck_records(c, s, f, &why)) {
		struct flaw *w = add_flaw(s, s->at + (int64_t)f->size, behind, why.text);
		w->bad = w->lost = false;
		w->dirty = dirty;
	}
	if (r)
		fsck_index_frame(s, f);
	uint64_t first = s->next > c->wanted ? s->next : c->wanted, last = behind < s->until ? behind : s->until;
	if (r && first < last)
		s->records += last - first;
	s->at += (int64_t)f->size;
	s->next = behind;
	return OK;
}

static int check_frames(struct segment_check *s, struct shard_check *c, struct error *e)
{
	while (s->at < s->end && (s->newest || s->next < s->until)) {
		struct frame f;
		int r = scan_look(&c->scan, s->at, s->end, &f, e);
		if (r > 0 && f.place.seq == s->next)
			r = check_frame(s, c, &f, e);
		else if (r >= 0)
			r = skip(s, c, r > 0 && f.place.seq > s->next, r > 0 ? "records are missing" : c->scan.why.text,
				 e);
		if (r < 0)
			return r;
	}
	if (s->next < s->until)
		add_flaw(s, s->at, s->until, "the segment ends too early");
	return OK;
}

int segment_check_run(struct segment_check *s, struct shard_check *c, uint64_t base, struct error *e)
{
	*s = (struct segment_check){.segment = SEGMENT_CLOSED};
	int r = open_segment(s, c, base, e);
	if (r > 0 && (r = check_frames(s, c, e)) == OK)
		r = 1;
	return r;
}

void segment_check_release(struct segment_check *s)
{
	segment_close(&s->segment);
	index_release(&s->index);
	free(s->flaws);
	*s = (struct segment_check){.segment = SEGMENT_CLOSED};
}
