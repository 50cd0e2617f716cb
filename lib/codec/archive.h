/*
 * Compressed files and archives, through libarchive, which is loaded when the first of them is met (it brings many
 * libraries with it): gzip, zstd, xz, bzip2, lz4; zip, tar, 7z, cpio. Where it is not installed, opening fails with a
 * line that names the package.
 *
 * Reading is pulled: the caller gives a function that yields the raw bytes. A 7z archive has its directory at the
 * end: it is copied to an unnamed temporary file (in $TMPDIR or /tmp) first.
 *
 *   archive_open(source, self, &a, e);
 *   while ((rc = archive_next_member(a, &name, e)) > 0)
 *           while (!(rc = archive_read_bytes(a, buf, sizeof buf, &n, e)) && n)
 *                   ...
 *   archive_close(a);
 *
 * After an error only archive_close is left to be called.
 */
#ifndef STREAM_CODEC_ARCHIVE_H
#define STREAM_CODEC_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Whether [p, p + len) (the first bytes of a file; 512 are enough) begins a compressed file or an archive. */
bool archive_sniff(const char *p, size_t len);

/* Yields the next raw bytes, borrowed until the next call; *len 0 at the end. */
typedef int (*archive_source)(void *self, const char **p, size_t *len, struct error *e);

struct archive_reader;

/* Limits: regular files only (others are passed over), at most 65,536 members, ratio at most 1:1000 once 64 MiB came
   out. */
enum { ARCHIVE_MEMBERS_MAX = 65536, ARCHIVE_RATIO_MAX = 1000, ARCHIVE_FREE_BYTES = 64 << 20 };

int archive_open(archive_source source, void *self, struct archive_reader **out, struct error *e);

/* The next decompressed bytes of the current member, into buf; *n 0 at its end. */
int archive_read_bytes(struct archive_reader *a, char *buf, size_t cap, size_t *n, struct error *e);
/* Goes to the next member: 1 and its name (NULL for a plain compressed file; lives until the next call), 0 at the end.
   The first is entered by this call too. A compressed file of nothing has no member. */
int archive_next_member(struct archive_reader *a, const char **name, struct error *e);
void archive_close(struct archive_reader *a);

/* -- writing: one file of bytes, as gzip or as the one member of a zip -- */

enum archive_pack { ARCHIVE_PACK_GZIP, ARCHIVE_PACK_ZIP };

struct archive_packer;

/* `name` of the member of a zip; gzip keeps none. */
int archive_packer_new(enum archive_pack kind, const char *name, struct archive_packer **out, struct error *e);
/* Packed bytes come, when there are some, at the end of `out`. */
int archive_packer_write(struct archive_packer *z, const void *p, size_t len, struct buf *out, struct error *e);
int archive_packer_finish(struct archive_packer *z, struct buf *out, struct error *e);
void archive_packer_free(struct archive_packer *z);

#endif
