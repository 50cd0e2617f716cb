#include "sink/stash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Batches of fewer rows share a frame. */
enum { FRAME_ROWS = 4096, FRAME_BYTES = 256 << 10, MEMORY = 16 << 20 };

void stash_init(struct stash *s)
{
	*s = (struct stash){.fd = -1, .writer = frame_writer_new(&(struct frame_writer_options){.alone = true})};
	batch_init(&s->gathered);
}

void stash_release(struct stash *s)
{
	frame_writer_free(s->writer);
	batch_release(&s->gathered);
	buf_release(&s->frames);
	if (s->fd >= 0)
		close(s->fd);
}

/* -- putting aside -- */

static int open_file(struct stash *s, struct error *e)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	dir = dir && *dir ? dir : "/tmp";
	s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0 && snprintf(path, sizeof path, "%s/stream-XXXXXX", dir) < (int)sizeof path) {
		s->fd = mkostemp(path, O_CLOEXEC);
		if (s->fd >= 0)
			unlink(path);
	}
	return s->fd < 0 ? error_errno(e, "cannot make a temporary file in %s", dir) : OK;
}

static int spill(struct stash *s, struct error *e)
{
	int r = s->fd < 0 ? open_file(s, e) : OK;
	for (size_t done = 0; !r && done < s->frames.len;) {
		ssize_t n = pwrite(s->fd, s->frames.data + done, s->frames.len - done, s->size);
		if (n < 0 && errno != EINTR)
			r = error_errno(e, "cannot write a temporary file");
		done += n > 0 ? (size_t)n : 0;
		s->size += n > 0 ? n : 0;
	}
	buf_clear(&s->frames);
	return r;
}

static int write_frame(struct stash *s, const struct batch *b, struct error *e)
{
	int r = batch_count(b) ? frame_write(s->writer, FRAME_DATA, 0, b, NULL, &s->frames, e) : OK;
	return r || s->frames.len < MEMORY ? r : spill(s, e);
}

static int write_gathered(struct stash *s, struct error *e)
{
	int r = write_frame(s, &s->gathered, e);
	batch_clear(&s->gathered);
	return r;
}

int stash_add(struct stash *s, const struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	int r = OK;
	if (count >= FRAME_ROWS) {
		r = write_gathered(s, e);
		return r ? r : write_frame(s, b, e);
	}
	for (uint32_t first = 0; first < count && !r;) {
		first += batch_append(&s->gathered, b, first);
		if (first < count || s->gathered.rows >= FRAME_ROWS || s->gathered.arena.total >= FRAME_BYTES)
			r = write_gathered(s, e);
	}
	return r;
}

/* -- taking back -- */

struct reading {
	struct frame_reader *reader;
	struct batch batch;
	int (*each)(void *arg, struct batch *b, struct error *e);
	void *arg;
};

/* The first frame of len bytes: *used is its size; 0: it is not whole, and *want is how much is. */
static int take_frame(struct reading *r, const char *p, size_t len, size_t *used, size_t *want, struct error *e)
{
	struct frame f = {0};
	int whole = frame_peek(p, len, &f, e);
	*used = whole > 0 ? f.size : 0;
	*want = f.size > FRAME_HEADER_MIN ? f.size : FRAME_HEADER_MIN;
	if (whole <= 0)
		return whole;
	int rc = frame_load(r->reader, p, &f, NULL, 0, &r->batch, e);
	return rc ? rc : r->each(r->arg, &r->batch, e);
}

static int read_more(struct stash *s, struct buf *in, int64_t *at, size_t want, struct error *e)
{
	while (in->len < want) {
		ssize_t n = pread(s->fd, buf_reserve(in, want - in->len), want - in->len, *at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? error_errno(e, "cannot read a temporary file")
				 : error_set(e, ERR_FAILED, "a temporary file became shorter");
		in->len += (size_t)n;
		*at += n;
	}
	return OK;
}

static int take_file(struct stash *s, struct reading *r, struct error *e)
{
	struct buf in = BUF_INIT;
	int rc = OK;
	for (int64_t at = 0; !rc && at < s->size;) {
		size_t used = 0, want = FRAME_HEADER_MIN;
		while (!rc && !used) {
			rc = read_more(s, &in, &at, want, e);
			if (!rc)
				rc = take_frame(r, in.data, in.len, &used, &want, e);
		}
		buf_clear(&in);
	}
	buf_release(&in);
	return rc;
}

static int take_memory(struct stash *s, struct reading *r, struct error *e)
{
	int rc = OK;
	size_t used = 0, want;
	for (size_t at = 0; !rc && at < s->frames.len; at += used)
		rc = take_frame(r, s->frames.data + at, s->frames.len - at, &used, &want, e);
	return rc;
}

int stash_empty(struct stash *s, int (*each)(void *arg, struct batch *b, struct error *e), void *arg, struct error *e)
{
	struct reading r = {.reader = frame_reader_new(), .each = each, .arg = arg};
	batch_init(&r.batch);
	int rc = write_gathered(s, e);
	if (!rc)
		rc = take_file(s, &r, e);
	if (!rc)
		rc = take_memory(s, &r, e);
	buf_clear(&s->frames);
	s->size = 0;
	if (s->fd >= 0 && ftruncate(s->fd, 0))
		rc = rc ? rc : error_errno(e, "cannot cut a temporary file");
	frame_reader_free(r.reader);
	batch_release(&r.batch);
	return rc;
}
