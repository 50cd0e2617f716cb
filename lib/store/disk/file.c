#include "store/disk/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/mem.h"

char *file_path(const char *format, ...)
{
	char *path;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&path, format, args);
	va_end(args);
	if (n < 0)
		out_of_memory(0);
	return path;
}

int file_find(struct file *f, const struct files *io, const char *path, int flags, struct error *e)
{
	int fd;
	do
		fd = io->open(io, path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (fd < 0 && errno == EINTR);
	*f = FILE_CLOSED;
	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return 0;
	if (fd < 0 && errno == EMFILE)
		return error_set(e, ERR_FAILED, "cannot open %s: too many files are open; `ulimit -n` raises the limit",
				 path);
	if (fd < 0)
		return error_errno(e, "cannot open %s", path);
	*f = (struct file){io, mem_copy(path, strlen(path)), fd};
	return 1;
}

int file_open(struct file *f, const struct files *io, const char *path, int flags, struct error *e)
{
	int r = file_find(f, io, path, flags, e);
	if (r < 0)
		return r;
	if (!r)
		return error_set(e, ERR_FAILED, "cannot open %s: %s", path, strerror(ENOENT));
	return OK;
}

void file_close(struct file *f)
{
	if (f->fd >= 0)
		f->io->close(f->io, f->fd);
	free(f->path);
	*f = FILE_CLOSED;
}

ssize_t file_read(const struct file *f, void *p, size_t len, int64_t at, struct error *e)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = f->io->pread(f->io, f->fd, (char *)p + done, len - done, at + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "cannot read %s", f->path);
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

bool file_is_unreadable(int error)
{
	return error == EIO || error == EBADMSG || error == EUCLEAN || error == ENODATA;
}

int file_write(const struct file *f, const void *p, size_t len, int64_t at, struct error *e)
{
	size_t done = 0;
	while (done < len) {
		size_t want = len - done < FILE_WRITE_MAX ? len - done : FILE_WRITE_MAX;
		ssize_t n = f->io->pwrite(f->io, f->fd, (const char *)p + done, want, at + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		/* A device that takes nothing and reports nothing would be asked for ever. */
		if (!n)
			errno = ENOSPC;
		if (n <= 0)
			return error_errno(e, "cannot write %s", f->path);
		done += (size_t)n;
	}
	return OK;
}

void file_write_soon(const struct file *f, int64_t at, int64_t len)
{
	if (f->io->write_soon)
		f->io->write_soon(f->io, f->fd, at, len);
}

int file_datasync(const struct file *f, struct error *e)
{
	return f->io->datasync(f->io, f->fd) ? error_errno(e, "cannot make %s durable", f->path) : OK;
}

int file_sync(const struct file *f, struct error *e)
{
	return f->io->sync(f->io, f->fd) ? error_errno(e, "cannot make %s durable", f->path) : OK;
}

int file_truncate(const struct file *f, int64_t size, struct error *e)
{
	int r;
	do
		r = f->io->truncate(f->io, f->fd, size);
	while (r && errno == EINTR);
	return r ? error_errno(e, "cannot cut %s", f->path) : OK;
}

int file_size(const struct file *f, int64_t *size, struct error *e)
{
	return f->io->size(f->io, f->fd, size) ? error_errno(e, "cannot look at %s", f->path) : OK;
}

int file_linked(const struct file *f, struct error *e)
{
	int r = f->io->linked(f->io, f->fd, f->path);
	return r < 0 ? error_errno(e, "cannot look at %s", f->path) : r;
}

int file_lock(const struct file *f, struct error *e)
{
	int r;
	do
		r = f->io->lock(f->io, f->fd, LOCK_EX);
	while (r && errno == EINTR);
	return r ? error_errno(e, "cannot lock %s", f->path) : OK;
}

int file_try_lock(const struct file *f, struct error *e)
{
	int r;
	do
		r = f->io->lock(f->io, f->fd, LOCK_EX | LOCK_NB);
	while (r && errno == EINTR);
	if (r && errno == EWOULDBLOCK)
		return 0;
	return r ? error_errno(e, "cannot lock %s", f->path) : 1;
}

void file_unlock(const struct file *f)
{
	f->io->lock(f->io, f->fd, LOCK_UN);
}

int path_rename(const struct files *io, const char *from, const char *to, struct error *e)
{
	return io->rename(io, from, to) ? error_errno(e, "cannot rename %s to %s", from, to) : OK;
}

int path_rename_new(const struct files *io, const char *from, const char *to, struct error *e)
{
	if (!io->rename_new(io, from, to))
		return 1;
	return errno == EEXIST ? 0 : error_errno(e, "cannot rename %s to %s", from, to);
}

int path_link(const struct files *io, const char *from, const char *to, struct error *e)
{
	/* There is no call that links and replaces. Of two names of one file rename() removes neither. */
	char *directory = path_parent(to), *aside = file_path("%s/+link", directory);
	int r = path_remove(io, aside, e);
	if (!r && io->link(io, from, aside))
		r = errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK
			    ? 1
			    : error_errno(e, "cannot link %s to %s", from, aside);
	else if (!r && !(r = path_rename(io, aside, to, e)))
		r = path_remove(io, aside, e);
	free(directory);
	free(aside);
	return r < 0 ? r : !r;
}

struct removal {
	const struct files *io;
	const char *path;
	struct error *e;
	int result;
};

static void remove_entry(void *arg, const char *name)
{
	struct removal *r = arg;
	char *path = file_path("%s/%s", r->path, name);
	if (!r->result)
		r->result = path_remove(r->io, path, r->e);
	free(path);
}

int path_remove(const struct files *io, const char *path, struct error *e)
{
	if (!io->remove(io, path) || errno == ENOENT)
		return OK;
	struct removal all = {io, path, e, OK};
	int r = errno == ENOTEMPTY || errno == EEXIST ? path_list(io, path, remove_entry, &all, e)
						      : error_errno(e, "cannot remove %s", path);
	if (!r)
		r = all.result;
	if (!r && io->remove(io, path))
		r = error_errno(e, "cannot remove %s", path);
	return r;
}

int path_mkdir(const struct files *io, const char *path, struct error *e)
{
	if (!io->mkdir(io, path, 0700))
		return 1;
	return errno == EEXIST ? 0 : error_errno(e, "cannot make the directory %s", path);
}

char *path_parent(const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	if (!len)
		return mem_copy(".", 1);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return mem_copy(path, len);
}

int path_mkdirs(const struct files *io, const char *path, struct error *e)
{
	char *above = path_parent(path);
	int made = path_mkdir(io, path, e);
	if (made < 0 && errno == ENOENT && strcmp(above, path)) {
		made = path_mkdirs(io, above, e);
		if (!made)
			made = path_mkdir(io, path, e);
	}
	/* One that was there may be so new that its name is not durable yet. */
	int r = made > 0 ? path_sync(io, above, e) : made < 0 ? made : path_settle(io, above, e);
	free(above);
	return r;
}

static int open_directory(const struct files *io, const char *path)
{
	int fd;
	do
		fd = io->open(io, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int path_sync(const struct files *io, const char *directory, struct error *e)
{
	int fd = open_directory(io, directory);
	if (fd < 0)
		return error_errno(e, "cannot open %s", directory);
	int r = io->sync(io, fd) ? error_errno(e, "cannot make %s durable", directory) : OK;
	io->close(io, fd);
	return r;
}

int path_settle(const struct files *io, const char *directory, struct error *e)
{
	int fd = open_directory(io, directory);
	if (fd < 0 && errno == EACCES)
		return OK;
	if (fd < 0)
		return error_errno(e, "cannot open %s", directory);
	int r = OK;
	if (io->sync(io, fd) && errno != EINVAL && errno != EROFS)
		r = error_errno(e, "cannot make %s durable", directory);
	io->close(io, fd);
	return r;
}

int path_list(const struct files *io, const char *path, void (*each)(void *arg, const char *name), void *arg,
	      struct error *e)
{
	return io->list(io, path, each, arg) ? error_errno(e, "cannot list %s", path) : OK;
}

int file_replace(const struct files *io, const char *directory, const char *name, const void *p, size_t len,
		 struct error *e)
{
	struct file f;
	char *temporary = file_path("%s/+%s", directory, name), *path = file_path("%s/%s", directory, name);
	int r = file_open(&f, io, temporary, O_WRONLY | O_CREAT | O_TRUNC, e);
	if (!r)
		r = file_write(&f, p, len, 0, e);
	if (!r)
		r = file_sync(&f, e);
	file_close(&f);
	if (!r)
		r = path_rename(io, temporary, path, e);
	int saved = errno;
	if (r)
		path_remove(io, temporary, NULL);
	errno = saved;
	if (!r)
		r = path_sync(io, directory, e);
	saved = errno;
	free(temporary);
	free(path);
	errno = saved;
	return r;
}
