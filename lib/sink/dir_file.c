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

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"

static const char hidden_prefix[] = ".part-";
enum { NAME_TRIES = 100 };

/* Makes one directory and its entry in the one above durable. */
static int make_one(const struct files *io, const char *dir, struct error *e)
{
	if (!io->mkdir(io, dir, 0777)) {
		char *above = path_parent(dir);
		int rc = path_sync(io, above, e);
		free(above);
		return rc;
	}
	return errno == EEXIST ? OK : error_errno(e, "cannot make the directory %s", dir);
}

int dir_make(const struct files *io, const char *dir, struct error *e)
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
		rc = make_one(io, path, e);
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
	char *name = file_path("%s.%09" PRId64 "Z-%016" PRIx64 "%s", day, now % SECOND, random, suffix);
	f->file.path = file_path("%s/%s%s", dir, hidden_prefix, name);
	f->final = file_path("%s/%s", dir, name);
	f->dir_len = strlen(dir);
	free(name);
}

/* Between creation and lock a file looks abandoned, and may be cleaned away: then its last link is gone. */
static bool lock_new(const struct file *f)
{
	while (f->io->lock(f->io, f->fd, LOCK_EX))
		if (errno != EINTR)
			return true; /* no locks on this file system: nobody can clean there, either */
	return f->io->linked(f->io, f->fd, f->path) != 0;
}

static void forget(struct dir_file *f)
{
	file_close(&f->file);
	free(f->final);
	*f = DIR_FILE_NONE;
}

int dir_file_create(struct dir_file *f, const struct files *io, const char *dir, const char *suffix, struct error *e)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	*f = DIR_FILE_NONE;
	int rc = dir_make(io, dir, e);
	for (int i = 0; i < NAME_TRIES && !rc; i++) {
		choose_name(f, dir, suffix);
		f->file.io = io;
		f->file.fd = io->open(io, f->file.path, flags, 0666);
		if (f->file.fd < 0 && errno != EEXIST)
			rc = error_errno(e, "cannot make %s", f->file.path);
		if (f->file.fd >= 0 && lock_new(&f->file))
			return OK;
		forget(f);
	}
	return rc ? rc : error_set(e, ERR_FAILED, "no new file stays in %s: something removes it", dir);
}

int dir_file_hide(struct dir_file *f, const char *path, struct error *e)
{
	const struct files *io = f->file.io;
	int rc = path_rename_new(io, f->file.path, path, e);
	if (rc < 0 && errno == EXDEV)
		rc = error_set(e, ERR_FAILED,
			       "%.*s is on another file system than %s: files there could not appear together; name it "
			       "in the part of the pattern before the first brace",
			       (int)f->dir_len, f->final, path);
	if (rc <= 0)
		return rc < 0 ? rc : error_set(e, ERR_FAILED, "%s is there already", path);
	free(f->file.path);
	f->file.path = mem_copy(path, strlen(path));
	return OK;
}

int dir_file_write(struct dir_file *f, const char *p, size_t len, struct error *e)
{
	int rc = file_write(&f->file, p, len, f->written, e);
	f->written += (int64_t)len;
	return rc;
}

int dir_file_sync(struct dir_file *f, struct error *e)
{
	return file_sync(&f->file, e);
}

int dir_file_publish(struct dir_file *f, struct error *e)
{
	int rc = path_rename_new(f->file.io, f->file.path, f->final, e);
	if (rc <= 0)
		return rc < 0 ? rc : error_set(e, ERR_FAILED, "cannot publish %s: File exists", f->final);
	f->published = true;
	char *dir = mem_copy(f->final, f->dir_len);
	rc = path_sync(f->file.io, *dir ? dir : ".", e);
	free(dir);
	return rc;
}

void dir_file_leave(struct dir_file *f)
{
	f->published = true;
	dir_file_close(f);
}

void dir_file_close(struct dir_file *f)
{
	if (f->file.fd >= 0 && !f->published)
		path_remove(f->file.io, f->file.path, NULL);
	forget(f);
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
