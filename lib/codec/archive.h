/*
 * Compressed files and archives, through libarchive, which is loaded when the first of them is met (it brings many
 * libraries with it): gzip, zstd, xz, bzip2, lz4; zip, tar, 7z, cpio. Pulled: the caller gives a function that yields the raw bytes.
 */
#ifndef STREAM_CODEC_ARCHIVE_H
#define STREAM_CODEC_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whether [p, p + len) (the first bytes of a file; 512 are enough) begins a compressed file or an archive. */
bool archive_sniff(const char *p, size_t len);

/* Yields the next raw bytes, borrowed until the next call; *len 0 at the end. */
typedef int (*archive_source)(void *self, const char **p, size_t *len, struct error *e);

struct archive_reader;

/* Limits: regular files only, at most 65,536 members, ratio at most 1:1000 once 64 MiB came out. */
int archive_open(archive_source source, void *self, struct archive_reader **out, struct error *e);

/* The next decompressed bytes of the current member, into buf; *n 0 at its end. */
int archive_read_bytes(struct archive_reader *a, char *buf, size_t cap, size_t *n, struct error *e);
/* Goes to the next member: 1 and its name (NULL for a plain compressed file), 0 at the end. The first is entered by this call too. */
int archive_next_member(struct archive_reader *a, const char **name, struct error *e);
void archive_close(struct archive_reader *a);

#endif
