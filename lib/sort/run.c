#include "sort/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { WRITE_SIZE = 1 << 20, FAST_ZSTD = 1 };

struct run {
	int fd;
	off_t size;
	char *dir; /* for messages */
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

int run_new(const char *dir, struct run **out, struct error *e)
{
	/* Text shrinks to a third at some 400 MB/s, which is more than most disks take. Checksums: the kernel may have
	   put it on a disk. */
	static const struct frame_writer_options options = {.alone = true, .sums = true, .zstd = FAST_ZSTD};
	int fd = open_nameless(dir);
	if (fd < 0)
		return error_errno(e, "%s: no temporary file", dir);
	struct run *r = mem_zero(sizeof *r);
	r->fd = fd;
	r->dir = mem_copy(dir, strlen(dir));
	r->writer = frame_writer_new(&options);
	*out = r;
	return 0;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	close(r->fd);
	frame_writer_free(r->writer);
	buf_release(&r->pending);
	free(r->dir);
	free(r);
}

static int write_pending(struct run *r, struct error *e)
{
	for (size_t at = 0; at < r->pending.len;) {
		ssize_t n = write(r->fd, r->pending.data + at, r->pending.len - at);
		if (n < 0 && errno != EINTR)
			return error_errno(e, "%s: a temporary file of a sort", r->dir);
		at += n > 0 ? (size_t)n : 0;
	}
	r->size += (off_t)r->pending.len;
	buf_clear(&r->pending);
	return 0;
}

int run_write(struct run *r, struct batch *b, struct error *e)
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
		ssize_t n = pread(r->fd, to + done, len - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "%s: a temporary file of a sort", r->dir);
		if (!n)
			return error_set(e, ERR_FAILED, "%s: a temporary file of a sort was cut", r->dir);
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
		return error_prefix(e, "%s", r->dir);
	char *bytes = mem_alloc(f.size);
	code = read_at(r, bytes, f.size, *at, e);
	if (code) {
		free(bytes);
		return code;
	}
	*at += (off_t)f.size;
	return block_of_frame(bytes, f.size, out, e);
}
