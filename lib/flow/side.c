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
#include "flow/state_file.h"
#include "format/json.h"

enum { FLUSH_SIZE = 64 << 10 };

void side_init(struct side *s, const char *dest)
{
	*s = (struct side){.dest = dest, .fd = -1, .owner = {.fd = -1}};
}

static const char *path_of(const struct side *s)
{
	return s->path ? s->path : s->dest;
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

static int open_file(struct side *s, struct error *e)
{
	const char *path = path_of(s);
	int r = s->path ? 0 : owner_refuse(path, e);
	if (r)
		return r;
	s->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (s->fd < 0 && errno == ENOENT) {
		s->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		s->made = s->fd >= 0;
	}
	return s->fd < 0 ? error_errno(e, "%s", path) : 0;
}

static int open_dest(struct side *s, struct error *e)
{
	if (s->fd >= 0)
		return 0;
	return strncmp(s->dest, "stream:", 7) ? open_file(s, e) : open_stream(s, s->dest + 7, e);
}

static int write_all(struct side *s, struct error *e)
{
	for (size_t at = 0; at < s->pending.len;) {
		ssize_t n = write(s->fd, s->pending.data + at, s->pending.len - at);
		if (n < 0 && errno != EINTR) {
			error_errno(e, "%s", path_of(s));
			return e->code = ERR_FAILED; /* even EPIPE: these records are not to get lost in silence */
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int side_flush(struct side *s, struct error *e)
{
	if (!s->pending.len)
		return 0;
	int r = s->path ? owner_lock(&s->owner, e) : 0;
	if (!r) {
		s->unsynced = true;
		r = write_all(s, e);
		if (s->path)
			owner_unlock(&s->owner);
	}
	/* What failed is not tried again: the run ends, and the next one has these records once more. */
	buf_clear(&s->pending);
	return r;
}

bool side_is_file(const struct side *s)
{
	struct stat st;
	return s->dest && strncmp(s->dest, "stream:", 7) && (stat(s->dest, &st) || S_ISREG(st.st_mode));
}

int side_take(struct side *s, const char *suffix, const struct owner_id *id, struct error *e)
{
	struct buf path = BUF_INIT;
	buf_printf(&path, "%s%s", s->dest, suffix);
	buf_string(&path);
	s->path = buf_detach(&path, &(size_t){0});
	return owner_take(&s->owner, s->path, id, e);
}

static int sync_name(struct side *s, struct error *e)
{
	const char *path = path_of(s), *slash = strrchr(path, '/');
	char *directory = slash ? mem_copy(path, (size_t)(slash - path) + 1) : mem_copy(".", 1);
	int r = state_sync_directory(directory, e);
	free(directory);
	s->made &= r != 0;
	return r;
}

int side_sync(struct side *s, uint64_t *length, struct error *e)
{
	struct stat st = {0};
	int r = s->fd >= 0 ? side_flush(s, e) : 0;
	if (!r && s->unsynced && fdatasync(s->fd))
		r = error_errno(e, "%s", path_of(s));
	if (!r && s->made)
		r = sync_name(s, e);
	if (!r && stat(path_of(s), &st) && errno != ENOENT)
		r = error_errno(e, "%s", path_of(s));
	s->unsynced &= r != 0;
	*length = (uint64_t)st.st_size;
	return r;
}

int side_cut(struct side *s, uint64_t length, struct error *e)
{
	struct stat st;
	int r = owner_lock(&s->owner, e);
	if (r)
		return r;
	if (stat(s->path, &st))
		r = errno == ENOENT ? 0 : error_errno(e, "%s", s->path);
	else if ((uint64_t)st.st_size > length && truncate(s->path, (off_t)length))
		r = error_errno(e, "%s", s->path);
	owner_unlock(&s->owner);
	return r;
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

static int close_dest(struct side *s, struct error *e)
{
	int r = side_flush(s, e);
	if (!s->child && fdatasync(s->fd) && errno != EINVAL && errno != EROFS && !r)
		r = error_errno(e, "%s", path_of(s));
	if (!r && s->made)
		r = sync_name(s, e);
	if (close(s->fd) && !r)
		r = error_errno(e, "%s", path_of(s));
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

int side_close(struct side *s, struct error *e)
{
	return s->fd < 0 ? 0 : close_dest(s, e);
}

int side_abandon(struct side *s, struct error *e)
{
	if (s->path)
		buf_clear(&s->pending);
	return side_close(s, e);
}

void side_release(struct side *s)
{
	buf_release(&s->pending);
	owner_release(&s->owner);
	free(s->path);
	s->path = NULL;
}
