#include "input/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/archive.h"

enum { SNIFF_SIZE = 512, PIPE_SIZE = 1 << 20, RAW_SIZE = 1 << 16 };

struct bytes {
	int fd;
	char *path;
	char *name;
	struct bytes_options options;
	bool regular;

	/* What was read to sniff, and is still to be given out (raw). */
	char head[SNIFF_SIZE];
	size_t head_at, head_len;
	bool sniffed;
	bool head_ended;

	struct archive_reader *archive;
	char *raw; /* the decompressor's input */
};

struct bytes *bytes_from_fd(int fd, const char *name, const struct bytes_options *o)
{
	struct bytes *b = mem_zero(sizeof *b);
	struct stat st;
	b->fd = fd;
	b->path = mem_copy(name, strlen(name));
	b->name = mem_copy(name, strlen(name));
	b->options = *o;
	if (!fstat(fd, &st)) {
		b->regular = S_ISREG(st.st_mode);
		if (S_ISFIFO(st.st_mode))
			fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* larger is only faster; it may be refused */
		if (b->regular)
			posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return b;
}

struct bytes *bytes_none(const char *name)
{
	struct bytes *b = mem_zero(sizeof *b);
	b->fd = -1;
	b->path = mem_copy(name, strlen(name));
	b->name = mem_copy(name, strlen(name));
	b->regular = b->sniffed = b->head_ended = true;
	return b;
}

int bytes_open(const char *path, const struct bytes_options *o, struct bytes **out, struct error *e)
{
	bool standard = !strcmp(path, "-");
	/* A named pipe without a writer is to be waited for by poll, and not here: there may be other inputs. */
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_errno(e, "%s", standard ? "standard input" : path);
	if (!standard)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	struct stat st;
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		return error_set(e, ERR_FAILED, "%s: is a directory", standard ? "stdin" : path);
	}
	*out = bytes_from_fd(fd, standard ? "stdin" : path, o);
	return 0;
}

void bytes_close(struct bytes *b)
{
	if (!b)
		return;
	if (b->archive)
		archive_close(b->archive);
	if (b->fd >= 0)
		close(b->fd);
	free(b->raw);
	free(b->name);
	free(b->path);
	free(b);
}

const char *bytes_name(const struct bytes *b)
{
	return b->name;
}

int bytes_fd(const struct bytes *b)
{
	return b->fd;
}

bool bytes_regular(const struct bytes *b)
{
	return b->regular;
}

static bool ready(const struct bytes *b)
{
	struct pollfd p = {.fd = b->fd, .events = POLLIN};
	return b->regular || poll(&p, 1, 0) > 0;
}

/* One read of the descriptor; *n 0 at the end. */
static int read_raw(struct bytes *b, char *to, size_t room, size_t *n, struct error *e)
{
	if (b->options.read_max && room > b->options.read_max)
		room = b->options.read_max;
	ssize_t got;
	do
		got = read(b->fd, to, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_errno(e, "%s", b->path);
	*n = (size_t)got;
	return 0;
}

/* For the decompressor: it can't be asked to come back, so this waits. */
static int pull_raw(void *self, const char **p, size_t *len, struct error *e)
{
	struct bytes *b = self;
	if (b->head_at < b->head_len) {
		*p = b->head + b->head_at;
		*len = b->head_len - b->head_at;
		b->head_at = b->head_len;
		return 0;
	}
	*len = 0;
	if (b->head_ended)
		return 0;
	if (b->options.wait && !ready(b)) {
		int r = b->options.wait(b->options.self, b->fd, e);
		if (r)
			return r < 0 ? r : 0;
	}
	*p = b->raw;
	return read_raw(b, b->raw, RAW_SIZE, len, e);
}

int bytes_next(struct bytes *b, struct error *e)
{
	if (!b->archive)
		return 0;
	const char *member = NULL;
	int r = archive_next_member(b->archive, &member, e);
	if (r < 0)
		return error_prefix(e, "%s", b->path);
	if (!r)
		return 0;
	free(b->name);
	b->name = NULL;
	if (!member) {
		b->name = mem_copy(b->path, strlen(b->path));
	} else if (asprintf(&b->name, "%s:%s", b->path, member) < 0) {
		out_of_memory(strlen(member));
	}
	return 1;
}

/* Reads ahead as much as is there without waiting, and decides by that. BYTES_WAIT if nothing is there yet. */
static int sniff(struct bytes *b, struct error *e)
{
	while (b->head_len < SNIFF_SIZE && !b->head_ended && ready(b)) {
		size_t n;
		int r = read_raw(b, b->head + b->head_len, SNIFF_SIZE - b->head_len, &n, e);
		if (r)
			return r;
		b->head_len += n;
		b->head_ended = !n;
	}
	if (!b->head_len && !b->head_ended)
		return BYTES_WAIT;
	b->sniffed = true;
	if (!archive_sniff(b->head, b->head_len))
		return BYTES_SOME;
	b->raw = mem_alloc(RAW_SIZE);
	int r = archive_open(pull_raw, b, &b->archive, e);
	if (r < 0)
		return error_prefix(e, "%s", b->path);
	r = bytes_next(b, e);
	return r < 0 ? r : BYTES_SOME;
}

int bytes_read(struct bytes *b, char *to, size_t room, size_t *n, struct error *e)
{
	*n = 0;
	if (!b->sniffed) {
		int r = sniff(b, e);
		if (r != BYTES_SOME)
			return r;
	}
	int r = 0;
	if (b->archive) {
		/* It fills what it is given, and waits for that. */
		size_t most = b->options.read_max && b->options.read_max < RAW_SIZE ? b->options.read_max : RAW_SIZE;
		if (room > most)
			room = most;
		r = archive_read_bytes(b->archive, to, room, n, e);
		if (r)
			return error_prefix(e, "%s", b->name);
	} else if (b->head_at < b->head_len) {
		*n = b->head_len - b->head_at < room ? b->head_len - b->head_at : room;
		if (b->options.read_max && *n > b->options.read_max)
			*n = b->options.read_max;
		memcpy(to, b->head + b->head_at, *n);
		b->head_at += *n;
	} else if (!b->head_ended) {
		if (!ready(b))
			return BYTES_WAIT;
		r = read_raw(b, to, room, n, e);
		b->head_ended = !r && !*n;
	}
	return r ? r : *n ? BYTES_SOME : BYTES_END;
}
