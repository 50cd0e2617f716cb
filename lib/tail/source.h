/*
 * A file that is, was, or is to be read: one of the files that a followed path has had.
 *
 * It is *known* by its place for as long as it exists, and *open* while there may be something to read. What was read and
 * not given out is in its block; the offset of its place is that of the block's first byte that was not taken.
 *
 * After each read the file is looked at again: only if it still begins as it did, and is not shorter than what was read,
 * are the bytes its own. Else it was truncated (copytruncate), and its source is *over*: what comes is another file's,
 * though device and inode are the same.
 */
#ifndef STREAM_TAIL_SOURCE_H
#define STREAM_TAIL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/bytes.h"
#include "tail/place.h"

struct source {
	struct place place;  /* `before` is only set by source_place */
	int fd;              /* -1: known, not open */
	struct bytes *bytes; /* of a packed one that is open */
	bool over;           /* truncated, or replaced while nobody looked */
	bool parted;         /* its path names another file, or none */
	bool ready;          /* reading may give something */
	bool more;           /* its block may have more records */
	int64_t limit;       /* it is not read beyond; INT64_MAX: as it grows */
	int watch;           /* for the caller: of its notices; -1 */
	int64_t grown;       /* monotonic: when it last gave something, or became a predecessor */

	char *block;
	size_t at, len, cap;   /* [at, len) is not taken */
	size_t lines;          /* of that, whole lines that wait for the first line of the next record */
	size_t seen;           /* of what follows, what holds no line's end */
	char last[MARK_BYTES]; /* what was taken last */
	size_t last_len;
};

/* Of a file that nothing was read of. Takes fd over. Owned by the caller; freed by source_free. */
struct source *source_new(int fd, const struct stat *st, const char *name, bool packed);
struct source *source_from_place(const struct place *p);
void source_free(struct source *s);

/* Whether fd is the file of this source, read up to its offset: 1 or 0. Looks at what it begins with, and what stands
   before the offset; device and inode are not looked at, so that copies are found, compressed or not. */
int source_is_copied(const struct source *s, int fd, bool packed, struct error *e);
/* Whether fd, of `st`, has all that is in `part`, and perhaps more: 1 or 0. Told by the first bytes and the last ones. */
int source_begins_with(int fd, int part, const struct stat *st, struct error *e);
/* Whether `part` is a compressed copy of the source's file, which is `fd`, and holds no more: 1 or 0. */
int source_packs(const struct source *s, int fd, int part, struct error *e);
/* Whether `packed` holds what is in fd, all of it and no more: 1 or 0. */
int source_packs_whole(int fd, int packed, struct error *e);
/* Opens a known one at its offset; takes fd over. */
int source_open(struct source *s, int fd, struct error *e);
/* It stays known. What was read and not taken is forgotten. */
void source_close(struct source *s);
/* Goes to another offset, of one that is open and plain, and takes the fingerprint of a file of that size. */
int source_seek(struct source *s, int64_t offset, int64_t size, struct error *e);
/* Where the last `count` lines of the first `size` bytes begin; the last one need not be whole. 0: behind the last whole one. */
int source_last_lines(int fd, int64_t size, int64_t count, int64_t *offset, struct error *e);

/* What source_read says. */
enum { SOURCE_SOME, SOURCE_END, SOURCE_OVER };

/* Reads more behind what is there, at most `most` bytes (0: a block). SOURCE_END: there is no more for now (of a packed one: ever). SOURCE_OVER: it was
   truncated; what is in the block is the last of it. */
int source_read(struct source *s, size_t most, struct error *e);
/* Takes n bytes of the block. */
void source_take(struct source *s, size_t n);
/* Gives back the memory of a block that is empty, or nearly so. */
void source_rest(struct source *s);

static inline size_t source_left(const struct source *s)
{
	return s->len - s->at;
}
/* The place that is to be kept; its name is borrowed. */
struct place source_place(const struct source *s);

#endif
