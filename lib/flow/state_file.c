#include "flow/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/hash.h"

enum { CHECK_LENGTH = sizeof "check 0123456789abcdef\n" - 1, FILE_MAX = 1 << 24 };

char *state_path(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		out_of_memory(strlen(format));
	return text;
}

int state_sync_directory(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "%s", path);
	int r = fsync(fd) ? error_errno(e, "%s", path) : 0;
	close(fd);
	return r;
}

int state_mkdirs(const char *path, struct error *e)
{
	if (!mkdir(path, 0700)) {
		char *up = state_path("%s/..", path);
		int r = state_sync_directory(up, e);
		free(up);
		return r;
	}
	if (errno == EEXIST)
		return 0;
	const char *slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash == path)
		return error_errno(e, "%s", path);
	char *up = mem_copy(path, (size_t)(slash - path));
	int r = state_mkdirs(up, e);
	free(up);
	return r ? r : state_mkdirs(path, e);
}

int state_list(const char *path, int (*look)(void *self, const char *name, struct error *e), void *self,
	       struct error *e)
{
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : error_errno(e, "%s", path);
	int r = 0;
	for (const struct dirent *entry; !r && (entry = readdir(d));)
		r = look(self, entry->d_name, e);
	closedir(d);
	return r;
}

bool state_name_read(const char *name, const char *suffix, uint64_t *n, uint64_t *epoch)
{
	int used = 0;
	return *name >= '0' && *name <= '9' && sscanf(name, "%" SCNu64 ".%" SCNu64 "%n", n, epoch, &used) == 2 &&
	       used && !strcmp(name + used, suffix);
}

static int write_file(const char *path, const struct buf *text, bool durable, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = 0;
	if (fd < 0)
		return error_errno(e, "%s", path);
	for (size_t at = 0; !r && at < text->len;) {
		ssize_t n = write(fd, text->data + at, text->len - at);
		if (n < 0 && errno != EINTR)
			r = error_errno(e, "%s", path);
		at += n > 0 ? (size_t)n : 0;
	}
	if (!r && durable && fdatasync(fd))
		r = error_errno(e, "%s", path);
	if (close(fd) && !r)
		r = error_errno(e, "%s", path);
	return r;
}

void state_check(struct buf *text)
{
	buf_printf(text, "check %016" PRIx64 "\n", hash64(text->data, text->len));
}

int state_save(struct buf *text, const char *directory, const char *name, uint64_t epoch, bool durable, struct error *e)
{
	state_check(text);
	char *path = state_path("%s/%s", directory, name),
	     *aside = state_path("%s/+%s.%" PRIu64, directory, name, epoch);
	int r = write_file(aside, text, durable, e);
	if (!r && rename(aside, path))
		r = error_errno(e, "%s", path);
	if (r)
		unlink(aside);
	else if (durable)
		r = state_sync_directory(directory, e);
	free(path);
	free(aside);
	return r;
}

struct drafts {
	const char *directory, *name;
	uint64_t epoch;
};

/* `+NAME.EPOCH`, or of a name that ends in an epoch of its own `+NAME.EPOCH.EPOCH`. */
static int remove_draft(void *self, const char *name, struct error *e)
{
	const struct drafts *d = self;
	size_t len = strlen(d->name);
	const char *dot = strrchr(name, '.');
	(void)e;
	if (*name != '+' || strncmp(name + 1, d->name, len) || name[1 + len] != '.' || !dot)
		return 0;
	if (strtoull(dot + 1, NULL, 10) < d->epoch) {
		char *path = state_path("%s/%s", d->directory, name);
		unlink(path);
		free(path);
	}
	return 0;
}

void state_clean(const char *directory, const char *name, uint64_t epoch)
{
	struct drafts d = {directory, name, epoch};
	struct error ignored;
	state_list(directory, remove_draft, &d, &ignored);
}

static int read_file(const char *path, struct buf *out, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, "%s", path);
	int r = 1;
	for (ssize_t n = 1; r > 0 && n && out->len < FILE_MAX;) {
		n = read(fd, buf_reserve(out, 4096), 4096);
		if (n < 0 && errno != EINTR)
			r = error_errno(e, "%s", path);
		out->len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	close(fd);
	return r;
}

static bool is_whole(struct buf *text)
{
	if (text->len < CHECK_LENGTH)
		return false;
	size_t len = text->len - CHECK_LENGTH;
	char check[CHECK_LENGTH + 1];
	snprintf(check, sizeof check, "check %016" PRIx64 "\n", hash64(text->data, len));
	bool same = !memcmp(text->data + len, check, CHECK_LENGTH);
	text->len = len;
	return same && len && text->data[len - 1] == '\n';
}

int state_load(const char *directory, const char *name, struct buf *out, struct error *e)
{
	char *path = state_path("%s/%s", directory, name);
	buf_clear(out);
	int r = read_file(path, out, e);
	if (r > 0 && !is_whole(out))
		r = error_set(e, ERR_FAILED, "%s is damaged", path);
	free(path);
	return r;
}

bool state_line(struct buf *text, size_t *at, char **word, char **rest)
{
	if (*at >= text->len)
		return false;
	char *line = text->data + *at, *end = memchr(line, '\n', text->len - *at);
	if (!end)
		return false;
	*end = 0;
	*at = (size_t)(end - text->data) + 1;
	char *blank = strchr(line, ' ');
	*word = line;
	*rest = blank ? blank + 1 : end;
	if (blank)
		*blank = 0;
	return true;
}
