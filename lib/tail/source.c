#include "tail/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/hash.h"
#include "format/text.h"

enum { BLOCK = 512 << 10, ROOM_MIN = 64 << 10, SMALL = 4 << 10 };

static struct source *create(int fd)
{
	struct source *s = mem_zero(sizeof *s);
	s->fd = fd;
	s->watch = -1;
	s->ready = fd >= 0;
	s->limit = INT64_MAX;
	return s;
}

struct source *source_new(int fd, const struct stat *st, const char *name, bool packed)
{
	struct source *s = create(fd);
	s->place = (struct place){.mark = mark_of(fd, st),
				  .before = hash64("", 0),
				  .packed = packed,
				  .name = mem_copy(name, strlen(name))};
	return s;
}

struct source *source_from_place(const struct place *p)
{
	struct source *s = create(-1);
	s->place = *p;
	s->place.name = mem_copy(p->name, strlen(p->name));
	return s;
}

void source_free(struct source *s)
{
	source_close(s);
	free(s->place.name);
	free(s);
}

void source_close(struct source *s)
{
	if (s->fd < 0)
		return;
	s->place = source_place(s);
	bytes_close(s->bytes);
	close(s->fd);
	free(s->block);
	s->bytes = NULL;
	s->fd = -1;
	s->watch = -1;
	s->block = NULL;
	s->at = s->len = s->cap = s->lines = s->seen = s->last_len = 0;
	s->ready = s->more = false;
}

struct place source_place(const struct source *s)
{
	struct place p = s->place;
	if (s->fd >= 0)
		p.before = hash64(s->last, s->last_len);
	return p;
}

/* -- what a file holds, perhaps compressed -- */

static int unpack(int fd, struct bytes **out, struct error *e)
{
	/* By a description of its own: a shared one would share the offset. */
	char path[64];
	struct bytes_options o = {0};
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return bytes_open(path, &o, out, e);
}

/* Reads exactly len bytes, or fewer at the end; returns how many. */
static int64_t read_bytes(struct bytes *b, char *p, size_t len, struct error *e)
{
	size_t done = 0, n;
	while (done < len) {
		int r = bytes_read(b, p + done, len - done, &n, e);
		if (r < 0)
			return r;
		if (r == BYTES_END)
			break;
		done += n;
	}
	return (int64_t)done;
}

/* Passes over up to `count` bytes, and keeps the last of them; returns how many there were. */
static int64_t pass_bytes(struct bytes *b, int64_t count, char last[MARK_BYTES], size_t *last_len, struct error *e)
{
	char piece[1 << 14];
	int64_t done = 0;
	*last_len = 0;
	while (done < count) {
		size_t want = count - done < (int64_t)sizeof piece ? (size_t)(count - done) : sizeof piece;
		int64_t n = read_bytes(b, piece, want, e);
		if (n < 0)
			return n;
		if (!n)
			break;
		size_t got = (size_t)n, keep = MARK_BYTES - got < *last_len ? MARK_BYTES - got : *last_len;
		if (got >= MARK_BYTES) {
			memcpy(last, piece + got - MARK_BYTES, MARK_BYTES);
			*last_len = MARK_BYTES;
		} else {
			memmove(last, last + *last_len - keep, keep);
			memcpy(last + keep, piece, got);
			*last_len = keep + got;
		}
		done += n;
	}
	return done;
}

/* The bytes before the offset, as they are in fd; returns 1, or 0 if it does not reach there. */
static int read_before(int fd, int64_t offset, char last[MARK_BYTES], size_t *last_len, struct error *e)
{
	size_t want = offset < MARK_BYTES ? (size_t)offset : MARK_BYTES;
	int64_t n = mark_read(fd, last, want, offset - (int64_t)want, e);
	*last_len = n > 0 ? (size_t)n : 0;
	return n < 0 ? (int)n : *last_len == want;
}

static int is_copied_plain(const struct source *s, int fd, struct error *e)
{
	char last[MARK_BYTES];
	size_t last_len;
	int r = mark_holds(&s->place.mark, fd, e);
	if (r > 0)
		r = read_before(fd, s->place.offset, last, &last_len, e);
	return r <= 0 ? r : hash64(last, last_len) == source_place(s).before;
}

/* What cannot be unpacked (yet) is no copy. */
static bool is_copied_packed(const struct source *s, int fd)
{
	struct bytes *b;
	struct error e;
	char head[MARK_BYTES], last[MARK_BYTES];
	size_t last_len;
	const struct mark *m = &s->place.mark;
	if (unpack(fd, &b, &e))
		return false;
	int64_t n = read_bytes(b, head, m->len, &e);
	bool same = n == m->len && hash64(head, (size_t)n) == m->hash;
	bytes_close(b);
	if (!same || unpack(fd, &b, &e))
		return false;
	n = pass_bytes(b, s->place.offset, last, &last_len, &e);
	same = n == s->place.offset && hash64(last, last_len) == source_place(s).before;
	bytes_close(b);
	return same;
}

int source_is_copied(const struct source *s, int fd, bool packed, struct error *e)
{
	if (s->place.packed || !s->place.offset)
		return 0;
	return packed ? is_copied_packed(s, fd) : is_copied_plain(s, fd, e);
}

int source_begins_with(int fd, int part, const struct stat *st, struct error *e)
{
	struct source s = {.fd = part, .place = {.offset = st->st_size}};
	int r = mark_take(&s.place.mark, part, st->st_size, e);
	if (!r)
		r = read_before(part, st->st_size, s.last, &s.last_len, e);
	return r < 0 ? r : is_copied_plain(&s, fd, e);
}

/* Whether there are no more bytes than that in it. */
static bool is_packed_within(int fd, int64_t size)
{
	struct bytes *b;
	struct error e;
	char last[MARK_BYTES];
	size_t last_len;
	if (unpack(fd, &b, &e))
		return false;
	int64_t n = pass_bytes(b, size + 1, last, &last_len, &e);
	bytes_close(b);
	return n >= 0 && n <= size;
}

int source_packs_whole(int fd, int packed, struct error *e)
{
	struct stat st;
	struct source s = {.fd = fd};
	if (fstat(fd, &st))
		return error_errno(e, "cannot read");
	s.place.offset = st.st_size;
	int r = mark_take(&s.place.mark, fd, st.st_size, e);
	if (!r)
		r = read_before(fd, st.st_size, s.last, &s.last_len, e);
	return r < 0 ? r : st.st_size && is_copied_packed(&s, packed) && is_packed_within(packed, st.st_size);
}

int source_packs(const struct source *s, int fd, int part, struct error *e)
{
	struct stat st;
	if (fstat(fd, &st))
		return error_errno(e, "%s", s->place.name);
	return s->place.offset && is_copied_packed(s, part) && is_packed_within(part, st.st_size);
}

/* -- opening -- */

int source_open(struct source *s, int fd, struct error *e)
{
	s->fd = fd;
	s->ready = true;
	if (s->place.packed)
		return OK; /* its turn may be far */
	int r = read_before(fd, s->place.offset, s->last, &s->last_len, e);
	return r < 0 ? r : OK;
}

int source_seek(struct source *s, int64_t offset, int64_t size, struct error *e)
{
	s->at = s->len = s->lines = s->seen = 0;
	s->place.offset = offset;
	int r = mark_take(&s->place.mark, s->fd, size, e);
	if (!r)
		r = read_before(s->fd, offset, s->last, &s->last_len, e);
	return r < 0 ? r : OK;
}

int source_last_lines(int fd, int64_t size, int64_t count, int64_t *offset, struct error *e)
{
	char piece[1 << 14];
	int64_t at = size, found = 0;
	while (at > 0) {
		size_t want = at < (int64_t)sizeof piece ? (size_t)at : sizeof piece;
		int64_t n = mark_read(fd, piece, want, at - (int64_t)want, e);
		if (n < 0)
			return (int)n;
		at -= (int64_t)want;
		for (int64_t i = n; i-- > 0;) {
			/* The end of the last line is no beginning of another one. */
			bool last = count && at + i == size - 1;
			if (piece[i] == '\n' && !last && ++found > (count ? count - 1 : 0)) {
				*offset = at + i + 1;
				return OK;
			}
		}
	}
	*offset = 0;
	return OK;
}

/* -- reading -- */

/* Brings what is left to the front, and makes room behind it. */
static void make_room(struct source *s)
{
	size_t left = source_left(s);
	if (s->cap < left + ROOM_MIN + DECODE_SLACK) {
		/* A line larger than the block doubles it, so that what is moved stays in proportion. */
		s->cap = (left * 2 > BLOCK ? left * 2 : BLOCK) + DECODE_SLACK;
		char *block = mem_alloc(s->cap);
		if (left)
			memcpy(block, s->block + s->at, left);
		free(s->block);
		s->block = block;
	} else if (s->at) {
		memmove(s->block, s->block + s->at, left);
	}
	s->at = 0;
	s->len = left;
}

/*
 * The fingerprint that the file has if all that was read of it, with n bytes more, is its own. It is made of what was read, and not of
 * what is there: that may be another file's by now. Of a small file all was read but what is before `last`, and that is
 * nothing.
 */
static struct mark mark_grown(const struct source *s, size_t n)
{
	struct mark m = s->place.mark;
	char head[MARK_BYTES];
	if (m.len == MARK_BYTES || s->place.offset != (int64_t)s->last_len)
		return m;
	size_t read = source_left(s) + n, room = MARK_BYTES - s->last_len, more = read < room ? read : room;
	memcpy(head, s->last, s->last_len);
	memcpy(head + s->last_len, s->block + s->at, more);
	if (s->last_len + more <= m.len)
		return m;
	m.len = (uint32_t)(s->last_len + more);
	m.hash = hash64(head, m.len);
	return m;
}

/* Whether n bytes behind what is there are the file's own: 1 or 0. */
static int check(struct source *s, size_t n, struct error *e)
{
	struct stat st;
	if (fstat(s->fd, &st))
		return error_errno(e, "%s", s->place.name);
	if (st.st_size < s->place.offset + (int64_t)(source_left(s) + n))
		return 0;
	struct mark grown = mark_grown(s, n);
	int r = mark_holds(&grown, s->fd, e);
	if (r > 0)
		s->place.mark = grown;
	return r;
}

/* What is behind `len` now may be another file's, if this one was truncated meanwhile. */
static int read_plain(struct source *s, size_t room, struct error *e)
{
	int64_t at = s->place.offset + (int64_t)source_left(s);
	if (at + (int64_t)room > s->limit)
		room = at < s->limit ? (size_t)(s->limit - at) : 0;
	ssize_t n = room ? pread(s->fd, s->block + s->len, room, at) : 0;
	if (n < 0)
		return error_errno(e, "%s", s->place.name);
	int r = check(s, (size_t)n, e);
	if (r <= 0) {
		s->over = !r;
		return r ? r : SOURCE_OVER;
	}
	s->len += (size_t)n;
	return n ? SOURCE_SOME : SOURCE_END;
}

static int open_packed(struct source *s, struct error *e)
{
	int r = unpack(s->fd, &s->bytes, e);
	int64_t n = r ? 0 : pass_bytes(s->bytes, s->place.offset, s->last, &s->last_len, e);
	return r ? r : n < 0 ? (int)n : OK;
}

static int read_packed(struct source *s, size_t room, struct error *e)
{
	size_t n;
	int r = s->bytes ? OK : open_packed(s, e);
	if (r)
		return r;
	r = bytes_read(s->bytes, s->block + s->len, room, &n, e);
	s->len += n;
	return r < 0 ? r : n ? SOURCE_SOME : SOURCE_END;
}

int source_read(struct source *s, size_t most, struct error *e)
{
	make_room(s);
	size_t room = s->cap - DECODE_SLACK - s->len;
	if (most && room > most)
		room = most;
	int r = s->place.packed ? read_packed(s, room, e) : read_plain(s, room, e);
	s->ready = r == SOURCE_SOME;
	return r;
}

void source_take(struct source *s, size_t n)
{
	const char *end = s->block + s->at + n;
	if (n >= MARK_BYTES) {
		memcpy(s->last, end - MARK_BYTES, MARK_BYTES);
		s->last_len = MARK_BYTES;
	} else {
		size_t keep = MARK_BYTES - n < s->last_len ? MARK_BYTES - n : s->last_len;
		memmove(s->last, s->last + s->last_len - keep, keep);
		memcpy(s->last + keep, end - n, n);
		s->last_len = keep + n;
	}
	s->at += n;
	s->place.offset += (int64_t)n;
}

void source_rest(struct source *s)
{
	size_t left = source_left(s);
	if (s->cap <= SMALL + DECODE_SLACK || left > SMALL)
		return;
	char *block = left ? mem_alloc(SMALL + DECODE_SLACK) : NULL;
	if (left)
		memcpy(block, s->block + s->at, left);
	free(s->block);
	s->block = block;
	s->cap = left ? SMALL + DECODE_SLACK : 0;
	s->at = 0;
	s->len = left;
}
