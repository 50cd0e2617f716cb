#include "sink/dir_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"

static const char hidden_prefix[] = ".part-";
enum { WRITE_MAX = 1 << 30, NAME_TRIES = 100 };

static int sync_dir(const char *dir, struct error *e)
{
	int fd = open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "can't open %s", dir);
	int rc = fsync(fd) ? error_errno(e, "can't sync %s", dir) : OK;
	close(fd);
	return rc;
}

/* Makes one directory and its entry in the one above durable. */
static int make_dir(const char *dir, struct error *e)
{
	if (!mkdir(dir, 0777)) {
		const char *slash = strrchr(dir, '/');
		char *parent = slash ? mem_copy(dir, slash == dir ? 1 : (size_t)(slash - dir)) : mem_copy(".", 1);
		int rc = sync_dir(parent, e);
		free(parent);
		return rc;
	}
	return errno == EEXIST ? OK : error_errno(e, "can't make directory %s", dir);
}

static int make_dirs(const char *dir, struct error *e)
{
	struct stat st;
	if (!stat(dir, &st))
		return S_ISDIR(st.st_mode) ? OK : error_set(e, ERR_FAILED, "%s is no directory", dir);
	char *path = mem_copy(dir, strlen(dir));
	int rc = OK;
	for (char *p = path + 1; *path && !rc; p++) {
		bool end = !*p;
		if (*p != '/' && !end)
			continue;
		*p = 0;
		rc = make_dir(path, e);
		if (end)
			break;
		*p = '/';
	}
	free(path);
	return rc;
}

/* DIR/20261122T193733.123456789Z-1f0a…SUFFIX, and the same with the prefix of hidden ones. */
static void choose_name(struct dir_file *f, const char *dir, const char *suffix)
{
	uint64_t random;
	char day[64];
	int64_t now = timestamp_now();
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		random = (uint64_t)monotonic_now() ^ (uint64_t)getpid() << 40;
	timestamp_format(now, "%Y%m%dT%H%M%S", day, sizeof day);
	struct buf name = BUF_INIT, path = BUF_INIT;
	buf_printf(&name, "%s.%09" PRId64 "Z-%016" PRIx64 "%s", day, now % SECOND, random, suffix);
	buf_printf(&path, "%s/%s%s", dir, hidden_prefix, buf_string(&name));
	buf_string(&path);
	f->hidden = buf_detach(&path, NULL);
	buf_printf(&path, "%s/%s", dir, buf_string(&name));
	buf_string(&path);
	f->final = buf_detach(&path, NULL);
	f->dir_len = strlen(dir);
	buf_release(&name);
}

static void forget_name(struct dir_file *f)
{
	free(f->hidden);
	free(f->final);
	f->hidden = f->final = NULL;
}

/* Between creation and lock a file looks abandoned, and may be cleaned away: then its last link is gone. */
static bool lock_new(int fd)
{
	struct stat st;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return true; /* no locks on this file system: nobody can clean there, either */
	return fstat(fd, &st) || st.st_nlink > 0;
}

int dir_file_create(struct dir_file *f, const char *dir, const char *suffix, struct error *e)
{
	*f = (struct dir_file){.fd = -1};
	int rc = make_dirs(dir, e);
	for (int i = 0; i < NAME_TRIES && !rc; i++) {
		choose_name(f, dir, suffix);
		f->fd = open(f->hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (f->fd < 0 && errno != EEXIST) {
			rc = error_errno(e, "can't make %s", f->hidden);
			break;
		}
		if (f->fd >= 0 && lock_new(f->fd))
			return OK;
		if (f->fd >= 0)
			close(f->fd);
		f->fd = -1;
		forget_name(f);
	}
	forget_name(f);
	return rc ? rc : error_set(e, ERR_FAILED, "no new file stays in %s: something removes it", dir);
}

int dir_file_write(struct dir_file *f, const char *p, size_t len, struct error *e)
{
	while (len) {
		ssize_t n = write(f->fd, p, len < WRITE_MAX ? len : WRITE_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "can't write %s", f->hidden);
		p += n;
		len -= (size_t)n;
	}
	return OK;
}

int dir_file_sync(struct dir_file *f, struct error *e)
{
	return fsync(f->fd) ? error_errno(e, "can't sync %s", f->hidden) : OK;
}

/* Where the file system can't rename without overwriting, a second link can't overwrite either. */
static int rename_new(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) || unlink(from) ? -1 : 0;
}

int dir_file_publish(struct dir_file *f, struct error *e)
{
	if (rename_new(f->hidden, f->final))
		return error_errno(e, "can't publish %s", f->final);
	free(f->hidden);
	f->hidden = NULL;
	char *dir = mem_copy(f->final, f->dir_len);
	int rc = sync_dir(dir, e);
	free(dir);
	return rc;
}

void dir_file_close(struct dir_file *f)
{
	if (f->hidden)
		unlink(f->hidden);
	if (f->fd >= 0)
		close(f->fd);
	forget_name(f);
	f->fd = -1;
}

static void clean_one(int dir, const char *name)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(dir, name, 0);
	close(fd);
}

void dir_file_clean(const char *dir)
{
	DIR *d = opendir(dir);
	if (!d)
		return;
	for (struct dirent *entry; (entry = readdir(d));)
		if (!strncmp(entry->d_name, hidden_prefix, sizeof hidden_prefix - 1))
			clean_one(dirfd(d), entry->d_name);
	closedir(d);
}
