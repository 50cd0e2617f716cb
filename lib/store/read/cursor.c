#include "store/read/cursor_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/shard/shard.h"

/* A lost head comes back with the next writer; until then the segments speak for themselves. */
static int find_head(struct cursor *c, struct error *e)
{
	struct file found;
	int linked = c->head.fd >= 0 ? file_linked(&c->head, e) : 0;
	if (linked)
		return linked < 0 ? linked : OK;
	char *path = file_path("%s/head", c->directory);
	int r = file_find(&found, c->stream->io, path, O_RDONLY, e);
	if (r > 0) {
		file_close(&c->head);
		c->head = found;
	}
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

int cursor_read_limit(struct cursor *c, struct error *e)
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
	int r = cursor_read_limit(c, e);
	*seq = c->limit.seq;
	return r;
}

void cursor_leave(struct cursor *c)
{
	scan_close(&c->scan);
	segment_close(&c->segment);
	c->segment = SEGMENT_CLOSED;
}

void cursor_seek(struct cursor *c, uint64_t seq)
{
	cursor_leave(c);
	c->seq = seq;
	c->reading = false;
	c->doubt = 0;
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
	cursor_report(c, r ? at : end, behind, kept);
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
	if (stop < to)
		c->end = seq + stop;
	/* A frame may go on behind the end, and behind where the next segment begins. */
	uint64_t behind = stop < to ? c->end : until < seq + f->rows ? until : seq + f->rows;
	if (c->seq < behind)
		c->seq = behind;
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
		r = c->segment.file.fd < 0 ? cursor_enter(c, e) : 1;
		if (r == 1)
			r = cursor_find_end(c, &end, e);
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
			cursor_report(c, c->at + (int64_t)f.size, f.place.seq + f.rows, c->scan.why.text);
		c->at += (int64_t)f.size;
		c->next = f.place.seq + f.rows;
		if (wanted && r && trim(c, &f))
			return 1;
	}
	return stop(c, e);
}
