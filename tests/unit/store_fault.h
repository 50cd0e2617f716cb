/*
 * A file layer that goes wrong on demand: the n-th call fails (once, or all from then on), moves fewer bytes, is
 * interrupted; or the machine stops there: what was not synced is lost, as far as the test says, and the next layer
 * has another boot id.
 *
 * A range of bytes of the files with a name in their path may be unreadable: every read that touches it fails, once it
 * has given what lies before.
 *
 * After a failed sync the data that it should have made durable are gone, as they are on Linux once the page cache
 * lets go; or (lingers) they are still read, and later syncs succeed, but they are gone when the machine stops.
 */
#ifndef STREAM_TESTS_UNIT_STORE_FAULT_H
#define STREAM_TESTS_UNIT_STORE_FAULT_H

#include <dirent.h>
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "store_help.h"

enum fault_call {
	CALL_OPEN = 1,
	CALL_READ = 2,
	CALL_WRITE = 4,
	CALL_SYNC = 8,
	CALL_CHANGE = 16, /* truncate, rename, mkdir, remove */
	CALL_LOCK = 32,
	CALL_ALL = 63,
};

enum loss {
	LOSS_NONE,
	LOSS_ALL,
	LOSS_TORN,
	LOSS_HEADS
}; /* of what was not synced: nothing, everything, half of the last write,
      everything in the heads alone */

struct image { /* a file as it was when it was last synced */
	ino_t inode;
	char *bytes;
	size_t len;
	size_t lost_from, lost_to; /* no sync makes these durable any more */
};

struct faulty {
	struct files io;     /* first, so that a pointer to it is one to us */
	unsigned calls;      /* the kinds that count */
	long count, fail_at; /* 0: never */
	bool sticky, stops;  /* stops: nothing works from then on */
	const char *path;    /* of syncs: only files whose path ends so fail; NULL: all */
	int error;
	bool fired;
	void (*before)(void *arg); /* called once, before the call that would fail, which then doesn't */
	void *before_arg;
	bool lingers;
	bool halves; /* every read and write moves a half, every third is interrupted */
	long halved;
	const char *bad_file; /* part of a path; NULL: all can be read */
	int64_t bad_from, bad_to;
	long bad_reads; /* how many failed for it */
	uint8_t boot;
	struct image *images;
	size_t image_count;
	char last_write[256]; /* path of the segment that was written to last */
	int64_t last_at;
	size_t last_len;
};

static inline struct faulty *faulty_of(const struct files *io)
{
	return (struct faulty *)(uintptr_t)io;
}

/* True: this call fails, with errno. */
static inline bool fails(const struct files *io, enum fault_call kind)
{
	struct faulty *f = faulty_of(io);
	if (f->fired && f->stops) {
		errno = EIO;
		return true;
	}
	if (!(f->calls & kind))
		return false;
	f->count++;
	if (!f->fail_at || f->count < f->fail_at || (f->count > f->fail_at && !f->sticky))
		return false;
	if (f->before) {
		void (*before)(void *) = f->before;
		f->before = NULL;
		f->fired = true;
		before(f->before_arg);
		return false;
	}
	if (f->fired && f->before_arg)
		return false;
	f->fired = true;
	errno = f->error;
	return true;
}

static inline struct image *image_of(struct faulty *f, ino_t inode)
{
	for (size_t i = 0; i < f->image_count; i++)
		if (f->images[i].inode == inode)
			return &f->images[i];
	f->images = mem_resize(f->images, f->image_count + 1, sizeof *f->images);
	f->images[f->image_count] = (struct image){.inode = inode};
	return &f->images[f->image_count++];
}

static inline void remember_image(struct faulty *f, int fd)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	struct image *i = image_of(f, st.st_ino);
	i->len = (size_t)st.st_size;
	i->bytes = mem_resize(i->bytes, i->len + 1, 1);
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int readable = open(path, O_RDONLY);
	if (readable < 0 || pread(readable, i->bytes, i->len, 0) != (ssize_t)i->len)
		exit(1);
	close(readable);
	if (i->lost_from < i->len)
		memset(i->bytes + i->lost_from, 0, (i->lost_to < i->len ? i->lost_to : i->len) - i->lost_from);
}

/* What a sync of it should make durable now never will be. */
static inline void lose_image(struct faulty *f, int fd)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	struct image *i = image_of(f, st.st_ino);
	i->lost_from = i->len;
	i->lost_to = (size_t)st.st_size;
}

/* The file becomes what it was when it was last synced; what was written behind that reads as zeros (keep_size), or
   is cut. */
static inline void restore_image(struct faulty *f, int fd, bool keep_size)
{
	struct stat st;
	static const char zeros[65536];
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	struct image *i = image_of(f, st.st_ino);
	if (!keep_size && ftruncate(fd, (off_t)i->len))
		exit(1);
	if (i->len && pwrite(fd, i->bytes, i->len < (size_t)st.st_size ? i->len : (size_t)st.st_size, 0) < 0)
		exit(1);
	for (off_t at = (off_t)i->len; keep_size && at < st.st_size; at += (off_t)sizeof zeros)
		if (pwrite(fd, zeros,
			   (size_t)(st.st_size - at) < sizeof zeros ? (size_t)(st.st_size - at) : sizeof zeros, at) < 0)
			exit(1);
}

static inline int fault_open(const struct files *io, const char *path, int flags, mode_t mode)
{
	return fails(io, CALL_OPEN) ? -1 : files_real.open(&files_real, path, flags, mode);
}

/* How much of a read is possible before the bad bytes; -1 if it begins in them. */
static inline ssize_t sound_part(struct faulty *f, int fd, size_t len, int64_t at)
{
	char link[64], path[512];
	if (!f->bad_file || at >= f->bad_to || at + (int64_t)len <= f->bad_from)
		return (ssize_t)len;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = 0;
	if (!strstr(path, f->bad_file))
		return (ssize_t)len;
	if (at < f->bad_from)
		return f->bad_from - at;
	f->bad_reads++;
	return -1;
}

static inline ssize_t fault_pread(const struct files *io, int fd, void *p, size_t len, int64_t at)
{
	struct faulty *f = faulty_of(io);
	if (fails(io, CALL_READ))
		return -1;
	if (f->halves && ++f->halved % 3 == 0)
		return errno = EINTR, -1;
	ssize_t sound = sound_part(f, fd, len, at);
	if (sound < 0)
		return errno = EIO, -1;
	len = (size_t)sound;
	return pread(fd, p, f->halves && len > 1 ? len / 2 : len, at);
}

static inline ssize_t fault_pwrite(const struct files *io, int fd, const void *p, size_t len, int64_t at)
{
	struct faulty *f = faulty_of(io);
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	bool stopped = f->fired && f->stops;
	if (!stopped) {
		char path[sizeof f->last_write];
		ssize_t n = readlink(link, path, sizeof path - 1);
		path[n > 0 ? n : 0] = 0;
		if (strstr(path, ".seg")) {
			strcpy(f->last_write, path);
			f->last_at = at;
			f->last_len = len;
		}
	}
	if (fails(io, CALL_WRITE)) {
		/* A write that fails has often done a part of its work. */
		int saved = errno;
		if (!stopped && len > 1 && pwrite(fd, p, len / 2, at) < 0)
			exit(1);
		errno = saved;
		return -1;
	}
	if (f->halves && ++f->halved % 3 == 0)
		return errno = EINTR, -1;
	return pwrite(fd, p, f->halves && len > 1 ? len / 2 : len, at);
}

static inline bool is_named(int fd, const char *end)
{
	char link[64], path[256];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path);
	return n >= (ssize_t)strlen(end) && !memcmp(path + n - strlen(end), end, strlen(end));
}

static inline int fault_datasync(const struct files *io, int fd)
{
	struct faulty *f = faulty_of(io);
	if (f->path && !is_named(fd, f->path))
		return 0;
	bool stopped = f->fired && f->stops;
	if (fails(io, CALL_SYNC)) {
		int saved = errno;
		if (!stopped && !f->stops && f->lingers)
			lose_image(f, fd);
		else if (!stopped && !f->stops)
			restore_image(f, fd, true);
		errno = saved;
		return -1;
	}
	remember_image(f, fd);
	return 0;
}

static inline int fault_truncate(const struct files *io, int fd, int64_t size)
{
	return fails(io, CALL_CHANGE) ? -1 : files_real.truncate(&files_real, fd, size);
}

static inline int fault_size(const struct files *io, int fd, int64_t *size)
{
	return fails(io, CALL_READ) ? -1 : files_real.size(&files_real, fd, size);
}

static inline int fault_linked(const struct files *io, int fd, const char *path)
{
	return fails(io, CALL_READ) ? -1 : files_real.linked(&files_real, fd, path);
}

static inline int fault_lock(const struct files *io, int fd, int operation)
{
	/* Whoever has a lock can let go of it, and does when it dies. */
	return operation != LOCK_UN && fails(io, CALL_LOCK) ? -1 : files_real.lock(&files_real, fd, operation);
}

static inline int fault_rename(const struct files *io, const char *from, const char *to)
{
	return fails(io, CALL_CHANGE) ? -1 : rename(from, to);
}

static inline int fault_rename_new(const struct files *io, const char *from, const char *to)
{
	return fails(io, CALL_CHANGE) ? -1 : files_real.rename_new(&files_real, from, to);
}

static inline int fault_link(const struct files *io, const char *from, const char *to)
{
	return fails(io, CALL_CHANGE) ? -1 : files_real.link(&files_real, from, to);
}

static inline int fault_mkdir(const struct files *io, const char *path, mode_t mode)
{
	return fails(io, CALL_CHANGE) ? -1 : mkdir(path, mode);
}

static inline int fault_remove(const struct files *io, const char *path)
{
	return fails(io, CALL_CHANGE) ? -1 : remove(path);
}

static inline int fault_list(const struct files *io, const char *path, void (*each)(void *, const char *), void *arg)
{
	return fails(io, CALL_READ) ? -1 : files_real.list(&files_real, path, each, arg);
}

static inline int fault_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	memset(id, faulty_of(io)->boot, BOOT_ID_SIZE);
	return 0;
}

static inline void faulty_init(struct faulty *f, uint8_t boot)
{
	*f = (struct faulty){
		.io =
			{
				.open = fault_open,
				.close = files_real.close,
				.pread = fault_pread,
				.pwrite = fault_pwrite,
				.datasync = fault_datasync,
				.sync = fault_datasync,
				.truncate = fault_truncate,
				.size = fault_size,
				.linked = fault_linked,
				.lock = fault_lock,
				.rename = fault_rename,
				.rename_new = fault_rename_new,
				.link = fault_link,
				.mkdir = fault_mkdir,
				.remove = fault_remove,
				.list = fault_list,
				.boot = fault_boot,
				.notify = files_real.notify,
				.watch = files_real.watch,
			},
		.boot = boot,
		.error = EIO,
	};
}

/* What others have synced is as durable for us. */
static inline void faulty_learn(struct faulty *f, const struct faulty *from)
{
	for (size_t k = 0; k < from->image_count; k++) {
		const struct image *known = &from->images[k];
		struct image *i = image_of(f, known->inode);
		free(i->bytes);
		*i = *known;
		i->bytes = mem_copy(known->bytes, known->len);
	}
}

static inline void faulty_release(struct faulty *f)
{
	for (size_t i = 0; i < f->image_count; i++)
		free(f->images[i].bytes);
	free(f->images);
}

/* The machine stopped: every file of a shard's directory loses what was not synced. */
static inline void faulty_lose(struct faulty *f, const char *directory, enum loss loss)
{
	DIR *d = opendir(directory);
	struct dirent *entry;
	if (loss == LOSS_TORN && f->last_len > 1) {
		int fd = open(f->last_write, O_WRONLY);
		static const char zeros[4096];
		struct stat st;
		/* What was written last, and was not synced, has got there by half. */
		if (fd >= 0 && !fstat(fd, &st) && st.st_size >= f->last_at + (int64_t)f->last_len &&
		    (int64_t)image_of(f, st.st_ino)->len <= f->last_at &&
		    pwrite(fd, zeros, f->last_len / 2 < sizeof zeros ? f->last_len / 2 : sizeof zeros,
			   f->last_at + (int64_t)(f->last_len / 2)) < 0)
			exit(1);
		close(fd);
	}
	while (d && (entry = readdir(d))) {
		char path[512];
		bool head = !strcmp(entry->d_name, "head");
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		int fd = open(path, O_RDWR);
		if (fd >= 0 && (loss == LOSS_ALL || (loss == LOSS_HEADS && head)))
			restore_image(f, fd, false);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

#endif
