/*
 * The file layer: all that the store asks of the operating system, as a table of functions. Everything in lib/store
 * goes through one of these tables, so that a test can put its own in place and fail, shorten or record the n-th
 * call.
 *
 * The functions of the table behave as the system calls of the same name: -1 and errno on failure, short counts and
 * EINTR allowed. The file_* functions below, which the store uses, loop over both and turn failures into errors that
 * name the file.
 */
#ifndef STREAM_STORE_FILE_H
#define STREAM_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { BOOT_ID_SIZE = 16 };

struct files {
	int (*open)(const struct files *io, const char *path, int flags, mode_t mode);
	void (*close)(const struct files *io, int fd);
	ssize_t (*pread)(const struct files *io, int fd, void *p, size_t len, int64_t at);
	ssize_t (*pwrite)(const struct files *io, int fd, const void *p, size_t len, int64_t at);
	int (*datasync)(const struct files *io, int fd);
	/* A hint that this will be synced before long; NULL: nobody takes it. */
	void (*write_soon)(const struct files *io, int fd, int64_t at, int64_t len);
	int (*sync)(const struct files *io, int fd); /* of a file with its metadata, or of a directory */
	int (*truncate)(const struct files *io, int fd, int64_t size);
	int (*size)(const struct files *io, int fd, int64_t *size);
	/* Whether the path still names that file: 1 or 0. */
	int (*linked)(const struct files *io, int fd, const char *path);
	int (*lock)(const struct files *io, int fd, int operation); /* flock */
	int (*rename)(const struct files *io, const char *from, const char *to);
	/* The same, but EEXIST if `to` is there: of several that try at once, one succeeds. */
	int (*rename_new)(const struct files *io, const char *from, const char *to);
	/* A second name for a file; EEXIST if `to` is there. */
	int (*link)(const struct files *io, const char *from, const char *to);
	int (*mkdir)(const struct files *io, const char *path, mode_t mode);
	int (*remove)(const struct files *io, const char *path); /* a file, or an empty directory */
	/* Calls each(arg, name) for every entry but `.` and `..`. */
	int (*list)(const struct files *io, const char *path, void (*each)(void *arg, const char *name), void *arg);
	/* 16 bytes that change whenever the machine starts anew. */
	int (*boot)(const struct files *io, uint8_t id[BOOT_ID_SIZE]);
	/* inotify: a descriptor; and a path that wakes it, as inotify_add_watch. */
	int (*notify)(const struct files *io);
	int (*watch)(const struct files *io, int fd, const char *path, uint32_t mask);
	bool threads; /* may be called from several threads at once */
};

/* The real one. */
extern const struct files files_real;
/* Lets this process have as many files open as it may at most: who writes a stream holds five for each shard, who reads
   one, two. The soft limit is usually 1024, for the sake of select(2), which is not used here. */
void files_allow_many(void);

/* One write() moves at most this much; more is never asked for. */
enum { FILE_WRITE_MAX = 2147479552 };

/* An open file that knows its name. Copies share the descriptor; one of them is closed. */
struct file {
	const struct files *io;
	char *path; /* owned */
	int fd;     /* -1: not open */
};

#define FILE_CLOSED ((struct file){.fd = -1})

/* A path by a format, malloced. */
char *file_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Never follows a link in the last part of path; a new file has mode 0600. */
int file_open(struct file *f, const struct files *io, const char *path, int flags, struct error *e);
/* The same; returns 1, or 0 when there is no such file. */
int file_find(struct file *f, const struct files *io, const char *path, int flags, struct error *e);
void file_close(struct file *f);

/* Reads up to len bytes at `at`; fewer only at the end of the file. Returns how many. On failure errno says why. */
ssize_t file_read(const struct file *f, void *p, size_t len, int64_t at, struct error *e);
/* Whether this errno of a read says that the bytes themselves can't be had: other places of the file may be sound. */
bool file_is_unreadable(int error);
/* Writes all of it. On failure any part of it may have been written. */
int file_write(const struct file *f, const void *p, size_t len, int64_t at, struct error *e);
/* A failure poisons the file: what was written since the last success may be gone, and a second try may lie. */
int file_datasync(const struct file *f, struct error *e);
int file_sync(const struct file *f, struct error *e);
/* Begins to write it to the disk, and does not wait: the sync to come is short then. */
void file_write_soon(const struct file *f, int64_t at, int64_t len);
int file_truncate(const struct file *f, int64_t size, struct error *e);
int file_size(const struct file *f, int64_t *size, struct error *e);
/* 1, or 0 if it was replaced or removed since it was opened: its path names another file, or none. */
int file_linked(const struct file *f, struct error *e);
/* An exclusive lock, waited for; it belongs to the open file and falls with it. */
int file_lock(const struct file *f, struct error *e);
/* The same without waiting: 1, or 0 if somebody has it. */
int file_try_lock(const struct file *f, struct error *e);
void file_unlock(const struct file *f);

int path_rename(const struct files *io, const char *from, const char *to, struct error *e);
/* Never overwrites: 1, or 0 if something of that name was there. */
int path_rename_new(const struct files *io, const char *from, const char *to, struct error *e);
/* A second name for a file, in place of what `to` named. Returns 1, or 0 if these file systems can't. */
int path_link(const struct files *io, const char *from, const char *to, struct error *e);
/* A file, or a directory with all that is in it; what is not there is removed. */
int path_remove(const struct files *io, const char *path, struct error *e);
/* One directory, mode 0700. Returns 1 if it was made, 0 if something of that name was there. */
int path_mkdir(const struct files *io, const char *path, struct error *e);
/* The directory and those above it; each that was made is durable, and so is one that others have just made. */
int path_mkdirs(const struct files *io, const char *path, struct error *e);
int path_sync(const struct files *io, const char *directory, struct error *e);
/* The same for a directory in which somebody else may have made something, and died before it was durable. One that we
   may not read, or whose file system has no such sync, was not made by one of us, and is left alone. */
int path_settle(const struct files *io, const char *directory, struct error *e);
int path_list(const struct files *io, const char *path, void (*each)(void *arg, const char *name), void *arg,
	      struct error *e);
/* The directory that holds path, malloced. */
char *path_parent(const char *path);

/* Puts a whole file into its place, durably: written beside it, synced, renamed, the directory synced. On failure errno
   says why, and what was there before is there, or (the last sync failed) the new one. */
int file_replace(const struct files *io, const char *directory, const char *name, const void *p, size_t len,
		 struct error *e);

#endif
