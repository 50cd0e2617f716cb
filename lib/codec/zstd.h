/* zstd, whole buffers and streams. The only files that name the library are here. */
#ifndef STREAM_CODEC_ZSTD_H
#define STREAM_CODEC_ZSTD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { ZSTD_WINDOW_LOG_MAX_FOREIGN = 27 };

/* Appends the compressed bytes; level 1..19. */
int zstd_pack(const void *p, size_t len, int level, struct buf *out, struct error *e);
/* Decompresses exactly `size` bytes into `to`; anything else is an error. */
int zstd_unpack(const void *p, size_t len, void *to, size_t size, struct error *e);

/* A compressing stream: packs what it is given to the end of out; `finish` ends the zstd frame. */
struct zstd_packer;
struct zstd_packer *zstd_packer_new(int level);
int zstd_packer_write(struct zstd_packer *z, const void *p, size_t len, struct buf *out, struct error *e);
int zstd_packer_finish(struct zstd_packer *z, struct buf *out, struct error *e);
void zstd_packer_free(struct zstd_packer *z);

#endif
