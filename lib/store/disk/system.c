#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/disk/file.h"

/* The file layer as the kernel has it. */

static int system_open(const struct files *io, const char *path, int flags, mode_t mode)
{
	(void)io;
	return open(path, flags, mode);
}

static void system_close(const struct files *io, int fd)
{
	(void)io;
	close(fd);
}

static ssize_t system_pread(const struct files *io, int fd, void *p, size_t len, int64_t at)
{
	(void)io;
	return pread(fd, p, len, at);
}

static ssize_t system_pwrite(const struct files *io, int fd, const void *p, size_t len, int64_t at)
{
	(void)io;
	return pwrite(fd, p, len, at);
}

static void system_write_soon(const struct files *io, int fd, int64_t at, int64_t len)
{
	(void)io;
	sync_file_range(fd, at, len, SYNC_FILE_RANGE_WRITE);
}

static int system_datasync(const struct files *io, int fd)
{
	(void)io;
	return fdatasync(fd);
}

static int system_sync(const struct files *io, int fd)
{
	(void)io;
	return fsync(fd);
}

static int system_truncate(const struct files *io, int fd, int64_t size)
{
	(void)io;
	return ftruncate(fd, size);
}

static int system_size(const struct files *io, int fd, int64_t *size)
{
	(void)io;
	struct stat st;
	if (fstat(fd, &st))
		return -1;
	*size = st.st_size;
	return 0;
}

static int system_linked(const struct files *io, int fd, const char *path)
{
	(void)io;
	struct stat ours, there;
	if (fstat(fd, &ours))
		return -1;
	if (stat(path, &there))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int system_lock(const struct files *io, int fd, int operation)
{
	(void)io;
	return flock(fd, operation);
}

static int system_rename(const struct files *io, const char *from, const char *to)
{
	(void)io;
	return rename(from, to);
}

/* Where the file system can't rename without overwriting, a second link can't overwrite either. */
static int system_rename_new(const struct files *io, const char *from, const char *to)
{
	(void)io;
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) || unlink(from) ? -1 : 0;
}

static int system_link(const struct files *io, const char *from, const char *to)
{
	(void)io;
	return link(from, to);
}

static int system_mkdir(const struct files *io, const char *path, mode_t mode)
{
	(void)io;
	return mkdir(path, mode);
}

static int system_remove(const struct files *io, const char *path)
{
	(void)io;
	return remove(path);
}

static int system_list(const struct files *io, const char *path, void (*each)(void *arg, const char *name), void *arg)
{
	(void)io;
	DIR *d = opendir(path);
	if (!d)
		return -1;
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			each(arg, entry->d_name);
		errno = 0;
	}
	int saved = errno;
	closedir(d);
	errno = saved;
	return saved ? -1 : 0;
}

static int system_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	char text[64];
	int fd = io->open(io, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	ssize_t n = io->pread(io, fd, text, sizeof text, 0);
	int saved = errno, have = 0;
	io->close(io, fd);
	errno = n < 0 ? saved : EINVAL;
	for (ssize_t i = 0; i + 1 < n && have < BOOT_ID_SIZE; i++) {
		unsigned byte;
		if (text[i] == '-' || sscanf(text + i, "%2x", &byte) != 1)
			continue;
		id[have++] = (uint8_t)byte;
		i++;
	}
	return have == BOOT_ID_SIZE ? 0 : -1;
}

static int system_notify(const struct files *io)
{
	(void)io;
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

static int system_watch(const struct files *io, int fd, const char *path, uint32_t mask)
{
	(void)io;
	return inotify_add_watch(fd, path, mask);
}

void files_allow_many(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

const struct files files_real = {
	.open = system_open,
	.close = system_close,
	.pread = system_pread,
	.pwrite = system_pwrite,
	.datasync = system_datasync,
	.write_soon = system_write_soon,
	.sync = system_sync,
	.truncate = system_truncate,
	.size = system_size,
	.linked = system_linked,
	.lock = system_lock,
	.rename = system_rename,
	.rename_new = system_rename_new,
	.link = system_link,
	.mkdir = system_mkdir,
	.remove = system_remove,
	.list = system_list,
	.boot = system_boot,
	.notify = system_notify,
	.watch = system_watch,
	.threads = true,
};
