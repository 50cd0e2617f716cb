#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "store/read/cursor_private.h"
#include "store/read/parts.h"
#include "store/segment/index.h"
#include "store/shard/lost.h"

/* Which segment is read, and how much of it. */

/* Of a damaged stream line the head may know what it said. */
static int identify(struct cursor *c, struct segment *s, struct error *e)
{
	if (s->id || c->until != UINT64_MAX)
		return OK;
	int r = cursor_read_limit(c, e);
	if (!r && c->limit.base == s->base)
		s->id = c->limit.segment;
	return r;
}

/* A repair has told of them. If nobody knows whether it has, they are new. */
static bool is_known(const struct cursor *c, uint64_t first, uint64_t behind)
{
	struct lost_list lost;
	bool known = !lost_read(&lost, c->stream->io, c->directory, NULL) && lost_covers(&lost, first, behind);
	lost_release(&lost);
	return known;
}

static void tell(const struct cursor *c, const char *file, int64_t to, uint64_t first, uint64_t behind,
		 const char *reason)
{
	bool in_file = to >= 0;
	if (behind > c->end)
		behind = c->end;
	if (!c->damaged || first >= behind || is_known(c, first, behind))
		return;
	c->damaged(c->damaged_arg, &(struct damage){c->stream->name, c->shard, file, in_file ? c->at : 0,
						    in_file ? to : 0, first, behind, reason});
}

void cursor_report(struct cursor *c, int64_t to, uint64_t behind, const char *reason)
{
	/* What the next segment has is not lost, whatever stands behind the damage in this one. */
	if (behind > c->until)
		behind = c->until;
	tell(c, c->segment.file.path, to, c->next > c->seq ? c->next : c->seq, behind, reason);
	if (c->seq < behind)
		c->seq = behind;
}

/* Goes straight to the last frame at or before c->seq that the index knows, if it is right. */
static int jump(struct cursor *c, struct error *e)
{
	struct index index;
	struct frame f;
	int64_t size = c->size;
	uint64_t most = c->seq;
	int r = OK;
	if (c->until == UINT64_MAX) {
		if ((r = cursor_read_limit(c, e)))
			return r;
		if (c->limit.segment != c->segment.id || !c->limit.seq)
			return OK;
		size = c->limit.bytes;
		most = most < c->limit.seq ? most : c->limit.seq - 1;
	}
	index_read(&index, &c->segment);
	const struct index_entry *n = index_seq(&index, most);
	for (int tries = 0; n && tries < 8; tries++) {
		r = n->at >= c->segment.start && n->at < size && !(n->at & 7) ? scan_look(&c->scan, n->at, size, &f, e)
									      : 0;
		if (r && (r < 0 || f.place.seq == n->seq))
			break;
		n = n->seq ? index_seq(&index, n->seq - 1) : NULL;
	}
	if (r > 0) {
		c->at = n->at;
		c->next = n->seq;
	}
	index_release(&index);
	return r < 0 ? r : OK;
}

/* Takes up reading in a segment that was just opened. */
static int start_in(struct cursor *c, const struct part *p, struct error *e)
{
	int64_t start =
		c->segment.start; /* 0 if the line is damaged: then what stands before the first frame is, too */
	int r = identify(c, &c->segment, e);
	if (!r)
		r = scan_open(&c->scan, &c->segment, e);
	if (!r)
		r = file_size(&c->segment.file, &c->size, e);
	c->at = start;
	c->next = c->segment.base;
	c->reading = true;
	if (c->seq < p->base)
		c->seq = p->base;
	if (!r && c->segment.id && c->seq > c->next)
		r = jump(c, e);
	return r;
}

/* The head knows better than a listing which segment is the newest: if none is there that far, it is not there; and what
   lies behind it was not begun by a writer, or just now. */
static uint64_t find_until(const struct cursor *c, const struct part *p)
{
	if (!c->limit.known || c->limit.searched || p->own != UINT64_MAX)
		return p->until;
	if (p->base == c->limit.base)
		return UINT64_MAX;
	return p->until == UINT64_MAX && p->base < c->limit.base ? c->limit.base : p->until;
}

/* Where the gap ends that begins at c->seq; 0: there is none. `next`: the first that is there from c->seq on, or NULL. */
static uint64_t find_gap(const struct cursor *c, const struct parts *parts, const struct part *next)
{
	uint64_t behind = next ? next->base : c->limit.known ? c->limit.seq : 0;
	return behind > c->seq && (c->reading || behind > parts->oldest) ? behind : 0;
}

/* Records that nobody has any more, before the segment at `behind`. What retention has taken is nothing that is missed,
   but for who was on his way to it. */
static void report_gap(struct cursor *c, const struct parts *parts, uint64_t behind)
{
	uint64_t kept = parts->oldest < behind ? parts->oldest : behind;
	if (c->reading)
		tell(c, parts->directory, -1, c->seq, kept, "retention took them before they were read");
	tell(c, parts->directory, -1, c->seq > kept ? c->seq : kept, behind, "a segment is not there");
	c->seq = behind;
	c->reading = true;
}

/* Whether there is a gap: a listing that is made while files come and go may miss one; it must be there twice. Returns
   1 if it was reported, 0 if there is none, or 2: look again. */
static int pass_gap(struct cursor *c, const struct parts *parts, const struct part *next)
{
	uint64_t gap = find_gap(c, parts, next);
	if (gap && c->doubt == gap)
		report_gap(c, parts, gap);
	else if (gap)
		return c->doubt = gap, 2;
	c->doubt = 0;
	return gap != 0;
}

int cursor_enter(struct cursor *c, struct error *e)
{
	struct parts parts;
	struct part part = {0};
	struct segment found = SEGMENT_CLOSED;
	int r = parts_read(&parts, c->stream, c->shard, c->seq, e);
	bool any = !r && parts_find(&parts, c->seq, &part) && find_until(c, &part) > c->seq;
	if (!r)
		r = pass_gap(c, &parts, any ? &part : NULL);
	if (any && r >= 0 && r < 2 && (r = part_open(&found, &part, c->stream->io, c->shard, e)) == 0)
		r = 2;
	if (any && r == 1) {
		c->segment = found;
		c->until = find_until(c, &part);
		r = start_in(c, &part, e) ? e->code : 1;
	} else if (!any && r == 1) {
		r = 2;
	}
	parts_release(&parts);
	return r;
}

/*
 * Looks again at the directory that our segment is in. Returns 1 with c->until and c->size, or 2 if it is no part of
 * the log any more: it was superseded, or went to the tier, and reading goes on elsewhere.
 */
static int look_again(struct cursor *c, struct error *e)
{
	struct parts parts;
	int r = parts_read(&parts, c->stream, c->shard, c->segment.base, e), found = 2;
	for (size_t i = 0; !r && i < parts_count(&parts); i++) {
		struct part p = parts_at(&parts, i);
		if (p.base == c->segment.base && p.own == c->segment.own) {
			c->until = find_until(c, &p);
			found = 1;
		}
	}
	parts_release(&parts);
	if (!r && found == 2)
		cursor_leave(c);
	else if (!r)
		r = file_size(&c->segment.file, &c->size, e);
	return r ? r : found;
}

/* A segment whose stream line is damaged is known by its place alone. */
static bool is_limited(const struct cursor *c)
{
	return c->limit.known && (c->segment.id ? c->limit.segment == c->segment.id : c->limit.base == c->segment.base);
}

/* The id of the file that has our segment's name by now, 0 if none has: one in which nothing was durable is replaced when
   a sync fails. */
static int find_present(struct cursor *c, uint64_t *id, struct error *e)
{
	struct segment now;
	int r = segment_open_bounded(&now, c->stream->io, c->directory, c->shard, c->segment.base, c->segment.own,
				     O_RDONLY, e);
	*id = r > 0 ? now.id : 0;
	if (r > 0)
		segment_close(&now);
	return r < 0 ? r : OK;
}

/*
 * Our file is the newest, but not the one that the head speaks of. Either it had nothing durable in it and another
 * was put in its place just now, or it is newer than the head; or, if it is so again, it does not belong here.
 */
static int leave_stranger(struct cursor *c, struct error *e)
{
	if (c->stranger == c->segment.id && c->limit.base <= c->segment.base) {
		/* It may have been replaced just after we opened it, twice; the head was changed after that. */
		uint64_t present;
		int r = find_present(c, &present, e);
		if (r)
			return r;
		if (present == c->segment.id)
			cursor_report(c, c->at, c->limit.seq, "another file stands in its place");
	}
	c->stranger = c->segment.id;
	cursor_leave(c);
	return c->limit.seq <= c->seq ? 0 : 2;
}

/* cursor_find_end for the newest segment. */
static int find_limit(struct cursor *c, int64_t *end, struct error *e)
{
	if (!is_limited(c) || c->at >= c->limit.bytes) {
		int r = cursor_read_limit(c, e);
		if (!r && !is_limited(c))
			r = look_again(c, e) - 1;
		if (r)
			return r < 0 ? e->code : 2;
	}
	if (c->until != UINT64_MAX)
		return 2;
	if (!is_limited(c))
		return leave_stranger(c, e);
	*end = c->limit.bytes;
	if (c->at < *end)
		return 1;
	if (c->next < c->limit.seq) {
		cursor_report(c, c->at, c->limit.seq, "the segment ends too early");
		c->next = c->limit.seq;
	}
	return 0;
}

int cursor_find_end(struct cursor *c, int64_t *end, struct error *e)
{
	if (c->until == UINT64_MAX)
		return find_limit(c, end, e);
	*end = c->size;
	if (c->at < *end && c->next < c->until)
		return 1;
	if (c->next < c->until) {
		uint64_t until = c->until;
		int r = look_again(c, e);
		if (r != 1)
			return r;
		if (c->until != until)
			return 2;
		uint64_t present;
		if ((r = find_present(c, &present, e)))
			return r;
		if (present && present != c->segment.id) {
			cursor_leave(c);
			return 2;
		}
		cursor_report(c, c->at, c->until, "the segment ends too early");
	}
	if (c->seq < c->until)
		c->seq = c->until;
	cursor_leave(c);
	return 2;
}
