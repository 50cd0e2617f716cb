/*
 * What a file is told by, whatever its name: device and inode; when that was made, where the file system knows it, so that an
 * inode that is used again is noticed; and a hash of its first bytes, so that a file that was truncated and has grown again is.
 *
 * A small file has a short fingerprint: it is taken anew when the file has grown. Of a file that nothing was read of it
 * says nothing.
 */
#ifndef STREAM_TAIL_MARK_H
#define STREAM_TAIL_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

enum { MARK_BYTES = 256 };

struct mark {
	uint64_t device, inode; /* both 0: of a file that is no more */
	int64_t born;           /* nanoseconds since 1970; 0: not known */
	uint32_t len;           /* bytes that were hashed, at most MARK_BYTES */
	uint64_t hash;          /* XXH3-64 of them */
};

/* Where the file is now, with no fingerprint. */
struct mark mark_of(int fd, const struct stat *st);
/* When a file was made; 0: its file system does not know. */
int64_t mark_born(int fd);
static inline bool mark_same_file(const struct mark *m, const struct stat *st)
{
	return m->inode == (uint64_t)st->st_ino && m->device == (uint64_t)st->st_dev;
}
/* Whether fd, of the same device and inode, may be the same file, as far as can be told by when it was made. */
static inline bool mark_same_birth(const struct mark *m, int fd)
{
	int64_t born = m->born ? mark_born(fd) : 0;
	return !born || born == m->born;
}
/* Takes the fingerprint anew, of up to `size` bytes. */
int mark_take(struct mark *m, int fd, int64_t size, struct error *e);
/* Whether the file begins as it did then: 1 or 0. */
int mark_holds(const struct mark *m, int fd, struct error *e);

/* Reads up to len bytes at `at`, fewer only at the end; returns how many. */
int64_t mark_read(int fd, void *p, size_t len, int64_t at, struct error *e);

#endif
