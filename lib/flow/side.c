#include "flow/side.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/spawn.h"
#include "format/json.h"

enum { FLUSH_SIZE = 64 << 10 };

void side_init(struct side *s, const char *dest)
{
	*s = (struct side){.dest = dest, .fd = -1};
}

int side_check(const struct side *s, struct error *e)
{
	if (!s->dest || !strncmp(s->dest, "stream:", 7))
		return 0;
	if (!access(s->dest, W_OK))
		return 0;
	if (errno != ENOENT)
		return error_errno(e, "%s", s->dest);
	const char *slash = strrchr(s->dest, '/');
	char *dir = slash ? mem_copy(s->dest, slash == s->dest ? 1 : (size_t)(slash - s->dest)) : mem_copy(".", 1);
	int r = access(dir, W_OK) ? error_errno(e, "%s", s->dest) : 0;
	free(dir);
	return r;
}

static int open_stream(struct side *s, const char *name, struct error *e)
{
	const char *argv[] = {"stream-put", "-i", "json", name, NULL};
	struct spawned child;
	int r = spawn_command((char *const *)argv, SPAWN_INPUT, &child, e);
	if (r)
		return r;
	s->fd = child.input;
	s->child = child.pid;
	return 0;
}

static int open_dest(struct side *s, struct error *e)
{
	if (s->fd >= 0)
		return 0;
	if (!strncmp(s->dest, "stream:", 7))
		return open_stream(s, s->dest + 7, e);
	s->fd = open(s->dest, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return s->fd < 0 ? error_errno(e, "%s", s->dest) : 0;
}

int side_flush(struct side *s, struct error *e)
{
	s->unsynced |= s->pending.len > 0;
	for (size_t at = 0; at < s->pending.len;) {
		ssize_t n = write(s->fd, s->pending.data + at, s->pending.len - at);
		if (n < 0 && errno != EINTR) {
			error_errno(e, "%s", s->dest);
			return e->code = ERR_FAILED; /* even EPIPE: these records are not to get lost in silence */
		}
		at += n > 0 ? (size_t)n : 0;
	}
	buf_clear(&s->pending);
	return 0;
}

bool side_is_file(const struct side *s)
{
	struct stat st;
	return s->dest && strncmp(s->dest, "stream:", 7) && (stat(s->dest, &st) || S_ISREG(st.st_mode));
}

int side_sync(struct side *s, uint64_t *length, struct error *e)
{
	struct stat st = {0};
	int r = s->fd >= 0 ? side_flush(s, e) : 0;
	if (!r && s->unsynced && fdatasync(s->fd))
		r = error_errno(e, "%s", s->dest);
	if (!r && stat(s->dest, &st) && errno != ENOENT)
		r = error_errno(e, "%s", s->dest);
	s->unsynced &= r != 0;
	*length = (uint64_t)st.st_size;
	return r;
}

int side_cut(struct side *s, uint64_t length, struct error *e)
{
	struct stat st;
	if (stat(s->dest, &st))
		return errno == ENOENT ? 0 : error_errno(e, "%s", s->dest);
	if ((uint64_t)st.st_size > length && truncate(s->dest, (off_t)length))
		return error_errno(e, "%s", s->dest);
	return 0;
}

static int line_done(struct side *s, struct error *e)
{
	buf_byte(&s->pending, '\n');
	return s->pending.len < FLUSH_SIZE ? 0 : side_flush(s, e);
}

int side_reject(struct side *s, const struct batch *b, const struct reject *r, struct error *e)
{
	int code = open_dest(s, e);
	if (code)
		return code;
	struct buf *out = &s->pending;
	buf_string_append(out, "{\"reason\":");
	json_write_string(r->reason, strlen(r->reason), out);
	if (b->source) {
		buf_string_append(out, ",\"source\":");
		json_write_string(b->source, strlen(b->source), out);
	}
	if (r->line)
		buf_printf(out, ",\"line\":%" PRIu64, r->line);
	if (r->attempts)
		buf_printf(out, ",\"attempts\":%" PRIu64, r->attempts);
	if (r->text) {
		buf_string_append(out, ",\"text\":");
		json_write_string(r->text, r->len, out);
	} else {
		buf_string_append(out, ",\"record\":");
		json_write_row(b, r->row, true, out);
	}
	buf_byte(out, '}');
	return line_done(s, e);
}

int side_row(struct side *s, const struct batch *b, uint32_t row, struct error *e)
{
	int code = open_dest(s, e);
	if (code)
		return code;
	json_write_row(b, row, true, &s->pending);
	return line_done(s, e);
}

static int wait_child(struct side *s, struct error *e)
{
	int status;
	int r = spawn_wait(s->child, &status, e);
	s->child = 0;
	if (!r && status)
		r = error_set(e, ERR_FAILED, "%s: its stream-put ended with status %d", s->dest, status);
	return r;
}

int side_close(struct side *s, struct error *e)
{
	if (s->fd < 0)
		return 0;
	int r = side_flush(s, e);
	if (!s->child && fdatasync(s->fd) && errno != EINVAL && errno != EROFS && !r)
		r = error_errno(e, "%s", s->dest);
	if (close(s->fd) && !r)
		r = error_errno(e, "%s", s->dest);
	s->fd = -1;
	s->unsynced = false;
	buf_release(&s->pending);
	if (s->child) {
		struct error child;
		int c = wait_child(s, r ? &child : e);
		r = r ? r : c;
	}
	return r;
}
