#include "store/cursor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/index.h"
#include "store/lost.h"
#include "store/parts.h"
#include "store/shard.h"

/* A lost head comes back with the next writer; until then the segments speak for themselves. */
static int find_head(struct cursor *c, struct error *e)
{
	if (c->head.fd >= 0)
		return OK;
	char *path = file_path("%s/head", c->directory);
	int r = file_find(&c->head, c->stream->io, path, O_RDONLY, e);
	free(path);
	return r < 0 ? r : OK;
}

int cursor_open(struct cursor *c, const struct stream *s, uint32_t shard, struct error *e)
{
	*c = (struct cursor){
		.stream = s,
		.shard = shard,
		.directory = shard_directory(s->directory, shard),
		.segment = SEGMENT_CLOSED,
		.end = UINT64_MAX,
		.since = TIMESTAMP_MIN,
		.before = TIMESTAMP_MAX,
	};
	scan_init(&c->scan, shard);
	batch_init(&c->batch);
	c->head = FILE_CLOSED;
	int r = find_head(c, e);
	if (!r && s->io->boot(s->io, c->boot))
		r = error_errno(e, "the kernel does not tell its boot id");
	return r;
}

void cursor_close(struct cursor *c)
{
	if (!c->directory)
		return;
	segment_close(&c->segment);
	file_close(&c->head);
	scan_release(&c->scan);
	batch_release(&c->batch);
	free(c->directory);
	*c = (struct cursor){0};
}

static int read_limit(struct cursor *c, struct error *e)
{
	int r = find_head(c, e);
	if (!r)
		r = limit_read(&c->limit, c->stream->io, c->directory, &c->head, c->stream->catalog.sync == SYNC_NEVER,
			       c->boot, &c->scan, e);
	if (!r && c->segment.file.fd >= 0 && c->scan.segment != &c->segment)
		r = scan_open(&c->scan, &c->segment, e);
	return r;
}

int cursor_end(struct cursor *c, uint64_t *seq, struct error *e)
{
	int r = read_limit(c, e);
	*seq = c->limit.seq;
	return r;
}

static void leave(struct cursor *c)
{
	scan_close(&c->scan);
	segment_close(&c->segment);
	c->segment = SEGMENT_CLOSED;
}

void cursor_seek(struct cursor *c, uint64_t seq)
{
	leave(c);
	c->seq = seq;
	c->reading = false;
	c->doubt = 0;
}

/* Of a damaged stream line the head may know what it said. */
static int identify(struct cursor *c, struct segment *s, struct error *e)
{
	if (s->id || c->until != UINT64_MAX)
		return OK;
	int r = read_limit(c, e);
	if (!r && c->limit.base == s->base)
		s->id = c->limit.segment;
	return r;
}

/* Records that nobody has any more, between two segments or before the first. */
static void report_gap(struct cursor *c, const struct part *p)
{
	uint64_t behind = p->base < c->end ? p->base : c->end;
	struct damage d = {c->stream->name,
			   c->shard,
			   p->directory,
			   0,
			   0,
			   c->seq,
			   behind,
			   p->first ? "retention took them before they were read" : "a segment is not there"};
	if (c->damaged && c->seq < behind)
		c->damaged(c->damaged_arg, &d);
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
		if ((r = read_limit(c, e)))
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

/* Opens the segment that has c->seq. Returns 1, 0 if there is none (yet), or 2 if it went away: look again. */
static int enter(struct cursor *c, struct error *e)
{
	struct parts parts;
	struct part part = {0};
	struct segment found = SEGMENT_CLOSED;
	int r = parts_read(&parts, c->stream, c->shard, c->seq, e);
	bool any = !r && parts_find(&parts, c->seq, &part);
	/* A listing that is made while files come and go may miss one; a gap is one only when it is there twice. */
	bool gap = any && part.base > c->seq && (c->reading || !part.first), sure = !gap || c->doubt == part.base;
	c->doubt = gap ? part.base : 0;
	if (any && sure)
		r = part_open(&found, &part, c->stream->io, c->shard, e);
	if (r > 0) {
		if (gap)
			report_gap(c, &part);
		c->segment = found;
		c->until = part.until;
		r = start_in(c, &part, e);
		r = r ? r : 1;
	} else if (!r && any) {
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
			c->until = p.until;
			found = 1;
		}
	}
	parts_release(&parts);
	if (!r && found == 2)
		leave(c);
	else if (!r)
		r = file_size(&c->segment.file, &c->size, e);
	return r ? r : found;
}

/* A repair has told of them. If nobody knows whether it has, they are new. */
static bool is_known(const struct cursor *c, uint64_t first, uint64_t behind)
{
	struct lost_list lost;
	bool known = !lost_read(&lost, c->stream->io, c->directory, NULL) && lost_covers(&lost, first, behind);
	lost_release(&lost);
	return known;
}

/* Records from c->next on, below `behind`, are lost: says so if they are wanted, and goes on behind them. */
static void report(struct cursor *c, int64_t to, uint64_t behind, const char *reason)
{
	uint64_t first = c->next > c->seq ? c->next : c->seq, last = behind;
	if (last > c->until)
		last = c->until;
	if (last > c->end)
		last = c->end;
	if (c->damaged && first < last && !is_known(c, first, last)) {
		struct damage d = {c->stream->name, c->shard, c->segment.file.path, c->at, to, first, last, reason};
		c->damaged(c->damaged_arg, &d);
	}
	if (c->seq < behind)
		c->seq = behind;
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
	if (c->stranger == c->segment.id && c->limit.base == c->segment.base) {
		/* It may have been replaced just after we opened it, twice; the head was changed after that. */
		uint64_t present;
		int r = find_present(c, &present, e);
		if (r)
			return r;
		if (present == c->segment.id)
			report(c, c->at, c->limit.seq, "another file stands in its place");
	}
	c->stranger = c->segment.id;
	leave(c);
	return c->limit.seq <= c->seq ? 0 : 2;
}

/* find_end for the newest segment. */
static int find_limit(struct cursor *c, int64_t *end, struct error *e)
{
	if (!is_limited(c) || c->at >= c->limit.bytes) {
		int r = read_limit(c, e);
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
		report(c, c->at, c->limit.seq, "the segment ends too early");
		c->next = c->limit.seq;
	}
	return 0;
}

/* How many bytes of our segment may be read. Returns 1; 0 if there are no more now; 2: look again. */
static int find_end(struct cursor *c, int64_t *end, struct error *e)
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
			leave(c);
			return 2;
		}
		report(c, c->at, c->until, "the segment ends too early");
	}
	if (c->seq < c->until)
		c->seq = c->until;
	leave(c);
	return 2;
}

/* The next good frame below `end`; damage before it is reported. Returns 1, or 0 if there is none. */
static int find_frame(struct cursor *c, int64_t end, struct frame *f, struct error *e)
{
	int r = scan_look(&c->scan, c->at, end, f, e);
	if (r < 0)
		return r;
	if (r && f->place.seq == c->next)
		return 1;
	const char *reason = r ? "records are missing" : c->scan.why.text;
	char kept[sizeof c->scan.why.text];
	strcpy(kept, reason);
	int64_t at = r && f->place.seq > c->next ? c->at : c->at + 8;
	r = scan_find(&c->scan, &at, end, c->next, f, e);
	if (r < 0)
		return r;
	uint64_t behind = r ? f->place.seq : c->until != UINT64_MAX ? c->until : c->limit.seq;
	report(c, r ? at : end, behind, kept);
	c->at = r ? at : end;
	c->next = behind;
	return r;
}

/* Selects the rows that are wanted; false if there are none. Both @seq and @arrived rise from row to row. */
static bool trim(struct cursor *c, const struct frame *f)
{
	const struct column *arrived = &c->batch.meta[META_ARRIVED];
	uint64_t seq = f->place.seq, until = c->end < c->until ? c->end : c->until;
	uint32_t from = c->seq > seq ? (uint32_t)(c->seq - seq) : 0;
	uint32_t to = until <= seq ? 0 : until - seq < f->rows ? (uint32_t)(until - seq) : f->rows;
	while (from < to && column_get(arrived, from).i < c->since)
		from++;
	uint32_t stop = to;
	while (stop > from && column_get(arrived, stop - 1).i >= c->before)
		stop--;
	c->seq = stop < to ? c->end = seq + stop : seq + f->rows;
	if (from >= stop)
		return false;
	c->arrived = column_get(arrived, from).i;
	c->since = TIMESTAMP_MIN; /* it never falls */
	if (from || stop < f->rows) {
		uint32_t *rows = arena_array(&c->batch.arena, stop - from, sizeof *rows);
		for (uint32_t i = from; i < stop; i++)
			rows[i - from] = i;
		batch_select(&c->batch, rows, stop - from);
	}
	return true;
}

static bool stays_whole(const struct cursor *c, const struct frame *f)
{
	uint64_t until = c->end < c->until ? c->end : c->until;
	return f->rows >= c->raw_from && f->rows <= c->raw_to && f->place.seq >= c->seq &&
	       f->place.seq + f->rows <= until && c->since == TIMESTAMP_MIN && c->before == TIMESTAMP_MAX && !c->want;
}

static int load(struct cursor *c, const struct frame *f, struct error *e)
{
	c->raw = NULL;
	c->frame = *f;
	if (stays_whole(c, f))
		return scan_pass(&c->scan, c->at, f, &c->batch, &c->raw, e);
	return scan_load(&c->scan, c->at, f, c->want, c->want_count, &c->batch, e);
}

bool cursor_done(const struct cursor *c)
{
	return c->seq >= c->end;
}

/* Nothing more is to be had now. Where the disk can't read on, that is not the same as the end. */
static int stop(const struct cursor *c, struct error *e)
{
	if (!c->limit.unread || c->seq < c->limit.seq)
		return 0;
	return error_set(e, ERR_FAILED,
			 "%s: what follows @seq %" PRIu64 " in %020" PRIu64 ".seg cannot be read; "
			 "if that stays so, stream-ctl fsck --repair sets it aside",
			 c->directory, c->limit.seq, c->limit.base);
}

int cursor_next(struct cursor *c, struct error *e)
{
	struct frame f;
	int64_t end = 0;
	int r;
	while (!cursor_done(c)) {
		r = c->segment.file.fd < 0 ? enter(c, e) : 1;
		if (r == 1)
			r = find_end(c, &end, e);
		if (r <= 0)
			return r ? r : stop(c, e);
		if (r == 2)
			continue;
		if ((r = find_frame(c, end, &f, e)) < 0)
			return r;
		if (!r)
			continue;
		if (f.place.seq >= c->until) {
			c->at = c->size;
			continue;
		}
		bool wanted = f.place.seq + f.rows > c->seq;
		if (wanted && (r = load(c, &f, e)) < 0)
			return r;
		if (wanted && !r)
			report(c, c->at + (int64_t)f.size, f.place.seq + f.rows, c->scan.why.text);
		c->at += (int64_t)f.size;
		c->next = f.place.seq + f.rows;
		if (wanted && r && trim(c, &f))
			return 1;
	}
	return stop(c, e);
}
