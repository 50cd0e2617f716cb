#include "hold/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { WRITE_SIZE = 1 << 20, FAST_ZSTD = 1 };

struct spool {
	int fd; /* -1: not made yet */
	const char *dir;
	off_t end;
};

struct run {
	struct spool *spool;
	off_t start, size;
	struct frame_writer *writer;
	struct buf pending;
};

/* A file without a name; where the file system knows none, one that loses its name at once. */
static int open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	struct buf path = BUF_INIT;
	buf_printf(&path, "%s/stream-XXXXXX", dir);
	buf_string(&path);
	fd = mkostemp(path.data, O_CLOEXEC);
	if (fd >= 0)
		unlink(path.data);
	int saved = errno;
	buf_release(&path);
	errno = saved;
	return fd;
}

const char *spool_directory(void)
{
	const char *dir = getenv("TMPDIR");
	return dir && *dir ? dir : "/tmp";
}

struct spool *spool_new(const char *dir)
{
	struct spool *s = mem_zero(sizeof *s);
	s->fd = -1;
	s->dir = dir;
	return s;
}

void spool_free(struct spool *s)
{
	if (s && s->fd >= 0)
		close(s->fd);
	free(s);
}

int run_new(struct spool *s, struct run **out, struct error *e)
{
	/* Text shrinks to a third at some 400 MB/s, which is more than most disks take. Checksums: the kernel may have
	   put it on a disk. */
	static const struct frame_writer_options options = {.alone = true, .sums = true, .zstd = FAST_ZSTD};
	if (s->fd < 0)
		s->fd = open_nameless(s->dir);
	if (s->fd < 0)
		return error_errno(e, "%s: no temporary file", s->dir);
	struct run *r = mem_zero(sizeof *r);
	r->spool = s;
	r->start = s->end;
	r->writer = frame_writer_new(&options);
	*out = r;
	return 0;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	/* Only room is lost where this can't be done. */
	if (r->size)
		fallocate(r->spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r->start, r->size);
	frame_writer_free(r->writer);
	buf_release(&r->pending);
	free(r);
}

static int write_pending(struct run *r, struct error *e)
{
	for (size_t at = 0; at < r->pending.len;) {
		ssize_t n = pwrite(r->spool->fd, r->pending.data + at, r->pending.len - at, r->spool->end);
		if (n < 0 && errno != EINTR)
			return error_errno(e, "%s: a temporary file", r->spool->dir);
		at += n > 0 ? (size_t)n : 0;
		r->spool->end += n > 0 ? n : 0;
	}
	r->size = r->spool->end - r->start;
	buf_clear(&r->pending);
	return 0;
}

int run_write(struct run *r, const struct batch *b, struct error *e)
{
	int code = frame_write(r->writer, FRAME_DATA, 0, b, NULL, &r->pending, e);
	return code || r->pending.len < WRITE_SIZE ? code : write_pending(r, e);
}

int run_finish(struct run *r, struct error *e)
{
	int code = write_pending(r, e);
	buf_release(&r->pending);
	frame_writer_free(r->writer);
	r->writer = NULL;
	return code;
}

static int read_at(const struct run *r, char *to, size_t len, off_t at, struct error *e)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(r->spool->fd, to + done, len - done, r->start + at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "%s: a temporary file", r->spool->dir);
		if (!n)
			return error_set(e, ERR_FAILED, "%s: a temporary file was cut", r->spool->dir);
		done += (size_t)n;
	}
	return 0;
}

int run_read(const struct run *r, off_t *at, struct block **out, struct error *e)
{
	char head[FRAME_HEADER_MIN];
	struct frame f;
	*out = NULL;
	if (*at == r->size)
		return 0;
	int code = read_at(r, head, sizeof head, *at, e);
	if (!code && frame_peek(head, sizeof head, &f, e) < 0)
		code = e->code;
	if (code)
		return error_prefix(e, "%s", r->spool->dir);
	char *bytes = mem_alloc(f.size);
	code = read_at(r, bytes, f.size, *at, e);
	if (code) {
		free(bytes);
		return code;
	}
	*at += (off_t)f.size;
	return block_of_frame(bytes, f.size, out, e);
}
