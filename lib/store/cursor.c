#include "store/cursor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
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

/* Opens the segment that has c->seq. Returns 1, 0 if there is none (yet), or 2 if it went away: look again. */
static int enter(struct cursor *c, struct error *e)
{
	struct segment_list list = {0};
	struct segment found = SEGMENT_CLOSED;
	int r = segment_list_read(&list, c->stream->io, c->directory, e);
	if (!r && list.count) {
		size_t i = segment_list_find(&list, c->seq);
		c->until = i + 1 < list.count ? list.bases[i + 1] : UINT64_MAX;
		r = segment_open(&found, c->stream->io, c->directory, c->shard, list.bases[i], O_RDONLY, e);
	}
	bool any = list.count > 0;
	segment_list_release(&list);
	if (r <= 0)
		return r < 0 ? r : any ? 2 : 0;
	r = identify(c, &found, e);
	c->segment = found;
	if (!r)
		r = scan_open(&c->scan, &c->segment, e);
	if (!r)
		r = file_size(&c->segment.file, &c->size, e);
	c->at = c->segment.start;
	c->next = c->segment.base;
	if (c->seq < c->next)
		c->seq = c->next;
	return r ? r : 1;
}

static int look_for_successor(struct cursor *c, struct error *e)
{
	struct segment_list list = {0};
	int r = segment_list_read(&list, c->stream->io, c->directory, e);
	for (size_t i = list.count; i-- > 0 && list.bases[i] > c->segment.base;)
		c->until = list.bases[i];
	segment_list_release(&list);
	return r ? r : file_size(&c->segment.file, &c->size, e);
}

/* Records from c->next on, below `behind`, are lost: says so if they are wanted, and goes on behind them. */
static void report(struct cursor *c, int64_t to, uint64_t behind, const char *reason)
{
	uint64_t first = c->next > c->seq ? c->next : c->seq, last = behind;
	if (last > c->until)
		last = c->until;
	if (last > c->end)
		last = c->end;
	if (c->damaged && first < last) {
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

/*
 * Our file is the newest, but not the one that the head speaks of. Either it had nothing durable in it and another
 * was put in its place just now, or it is newer than the head; or, if it is so again, it does not belong here.
 */
static int leave_stranger(struct cursor *c)
{
	if (c->stranger == c->segment.id && c->limit.base == c->segment.base)
		report(c, c->at, c->limit.seq, "another file stands in its place");
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
			r = look_for_successor(c, e);
		if (r)
			return r;
	}
	if (c->until != UINT64_MAX)
		return 2;
	if (!is_limited(c))
		return leave_stranger(c);
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
	if (c->next < c->until)
		report(c, c->at, c->until, "the segment ends too early");
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
			return r;
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
	return 0;
}
