#include "store/segment/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WINDOW = 65536, HEADER_ROOM = 4096, BLOCK = 4096 };

void scan_init(struct scan *s, uint32_t shard)
{
	*s = (struct scan){.shard = shard, .reader = frame_reader_new()};
}

void scan_release(struct scan *s)
{
	buf_release(&s->window);
	free(s->holes);
	frame_reader_free(s->reader);
	*s = (struct scan){0};
}

void scan_close(struct scan *s)
{
	s->segment = NULL;
	buf_clear(&s->window);
	s->window_at = 0;
	s->hole_count = 0;
	s->last = (struct hole){0};
}

int scan_open(struct scan *s, struct segment *segment, struct error *e)
{
	scan_close(s);
	s->segment = segment;
	if (segment->id)
		return OK;
	int64_t size, at = 0;
	struct frame f;
	int r = file_size(&segment->file, &size, e);
	if (!r)
		r = scan_find(s, &at, size, segment->base, &f, e);
	if (r > 0) {
		segment->id = f.place.segment;
		segment->start = at;
	}
	return r < 0 ? r : OK;
}

static void add_hole(struct scan *s, struct hole h)
{
	struct hole *before = s->hole_count ? &s->holes[s->hole_count - 1] : NULL;
	if (before && before->to == h.from && before->error == h.error) {
		before->to = h.to;
		h.from = before->from;
	} else {
		if (s->hole_count == s->hole_capacity) {
			s->hole_capacity = mem_grow(s->hole_capacity, s->hole_count + 1);
			s->holes = mem_resize(s->holes, s->hole_capacity, sizeof *s->holes);
		}
		s->holes[s->hole_count++] = h;
	}
	if (h.to >= s->last.to)
		s->last = h;
}

/* The first hole in [at, end), or NULL. */
static const struct hole *hole_in(const struct scan *s, int64_t at, int64_t end)
{
	for (size_t i = 0; i < s->hole_count; i++)
		if (s->holes[i].from < end && s->holes[i].to > at)
			return &s->holes[i];
	return NULL;
}

static void forget_holes(struct scan *s, int64_t before)
{
	size_t gone = 0;
	while (gone < s->hole_count && s->holes[gone].to <= before)
		gone++;
	s->hole_count -= gone;
	if (gone)
		memmove(s->holes, s->holes + gone, s->hole_count * sizeof *s->holes);
}

/* Appends up to `len` bytes of the file to the window, block by block. */
static int read_blocks(struct scan *s, size_t len, struct error *e)
{
	int64_t at = s->window_at + (int64_t)s->window.len, end = at + (int64_t)len;
	while (at < end) {
		int64_t stop = (at / BLOCK + 1) * BLOCK;
		size_t want = (size_t)((stop < end ? stop : end) - at);
		ssize_t n = file_read(&s->segment->file, s->window.data + s->window.len, want, at, e);
		if (n < 0 && !file_is_unreadable(errno))
			return (int)n;
		if (n < 0) {
			add_hole(s, (struct hole){at, at + (int64_t)want, errno});
			memset(s->window.data + s->window.len, 0, want);
			n = (ssize_t)want;
		}
		s->window.len += (size_t)n;
		at += n;
		if ((size_t)n < want)
			break;
	}
	return OK;
}

static int fill(struct scan *s, size_t len, struct error *e)
{
	char *to = buf_reserve(&s->window, len);
	ssize_t n = file_read(&s->segment->file, to, len, s->window_at + (int64_t)s->window.len, e);
	if (n < 0)
		return file_is_unreadable(errno) ? read_blocks(s, len, e) : (int)n;
	s->window.len += (size_t)n;
	return OK;
}

/* Sees to it that the window has [at, at + len), as far as the file and `end` go; *have is how much of it there is. */
static int look_at(struct scan *s, int64_t at, size_t len, int64_t end, size_t *have, struct error *e)
{
	if ((int64_t)len > end - at)
		len = at < end ? (size_t)(end - at) : 0;
	int64_t behind = s->window_at + (int64_t)s->window.len;
	*have = len;
	if (at >= s->window_at && at + (int64_t)len <= behind)
		return OK;
	size_t kept = at >= s->window_at && at < behind ? (size_t)(behind - at) : 0;
	if (kept)
		memmove(s->window.data, s->window.data + (at - s->window_at), kept);
	s->window.len = kept;
	s->window_at = at;
	size_t want = len > WINDOW ? len : WINDOW;
	if ((int64_t)want > end - at)
		want = (size_t)(end - at);
	forget_holes(s, at);
	if (!kept)
		s->hole_count = 0;
	int r = fill(s, want - kept, e);
	if (r)
		return r;
	if (*have > s->window.len)
		*have = s->window.len;
	return OK;
}

static const char *window(const struct scan *s, int64_t at)
{
	return s->window.data + (at - s->window_at);
}

static bool belongs(const struct scan *s, const struct frame *f)
{
	return f->kind == FRAME_DATA && f->flags & FRAME_PLACED && f->flags & FRAME_ALONE && f->rows &&
	       f->place.shard == s->shard && f->place.seq >= s->segment->base &&
	       (!s->segment->id || f->place.segment == s->segment->id);
}

/* No good frame is in these bytes: if that is because they can't be read, `why` says so. Returns 0. */
static int blame(const struct scan *s, int64_t at, int64_t end, struct error *why)
{
	const struct hole *h = hole_in(s, at, end);
	if (h)
		error_set(why, ERR_FAILED, "bytes %" PRId64 " to %" PRId64 " cannot be read: %s", h->from, h->to,
			  strerror(h->error));
	return 0;
}

/* As scan_look; `why` may be NULL, where nobody asks. */
static int look(struct scan *s, int64_t at, int64_t end, struct frame *f, struct error *why, struct error *e)
{
	size_t have;
	int r = look_at(s, at, HEADER_ROOM, end, &have, e);
	*f = (struct frame){0};
	if (r)
		return r;
	if (!have)
		return error_set(why, ERR_FAILED, "the file ends too early"), 0;
	if (frame_peek(window(s, at), have, f, why) < 0)
		return blame(s, at, at + FRAME_HEADER_MIN, why);
	if (!f->size || (int64_t)f->size > end - at)
		error_set(why, ERR_FAILED, "a frame is cut off");
	else if (!belongs(s, f))
		error_set(why, ERR_FAILED, "a frame belongs elsewhere");
	else
		return 1;
	return 0;
}

int scan_look(struct scan *s, int64_t at, int64_t end, struct frame *f, struct error *e)
{
	s->why = (struct error){0};
	return look(s, at, end, f, &s->why, e);
}

int scan_load(struct scan *s, int64_t at, const struct frame *f, const char *const *want, size_t want_count,
	      struct batch *b, struct error *e)
{
	size_t have;
	int r = look_at(s, at, f->size, at + (int64_t)f->size, &have, e);
	if (r)
		return r;
	s->why = (struct error){0};
	if (have < f->size)
		return error_set(&s->why, ERR_FAILED, "a frame is cut off"), 0;
	if (frame_load(s->reader, window(s, at), f, want, want_count, b, &s->why))
		return blame(s, at, at + (int64_t)f->size, &s->why);
	return 1;
}

const char *scan_bytes(const struct scan *s, int64_t at)
{
	return window(s, at);
}

int scan_pass(struct scan *s, int64_t at, const struct frame *f, struct batch *b, const char **bytes, struct error *e)
{
	static const char *const none[1];
	int r = scan_load(s, at, f, none, 0, b, e);
	if (r <= 0)
		return r;
	const struct column *stream = &b->meta[META_STREAM];
	if (stream->form != COLUMN_CONST || stream->value.type != TYPE_ABSENT) {
		*bytes = NULL;
		return scan_load(s, at, f, NULL, 0, b, e);
	}
	*bytes = window(s, at);
	if (!frame_verify(*bytes, f, &s->why))
		return 1;
	/* Whoever loads all of it says what it is that was damaged. */
	struct error why = s->why;
	if ((r = scan_load(s, at, f, NULL, 0, b, e)) > 0)
		s->why = why;
	return r < 0 ? r : 0;
}

int scan_find(struct scan *s, int64_t *at, int64_t end, uint64_t seq, struct frame *f, struct error *e)
{
	for (*at = (*at + 7) & ~(int64_t)7; *at + FRAME_HEADER_MIN <= end; *at += 8) {
		int r = look(s, *at, end, f, NULL, e);
		if (r < 0)
			return r;
		if (r && f->place.seq >= seq)
			return 1;
		if (!s->window.len)
			break;
	}
	return 0;
}
