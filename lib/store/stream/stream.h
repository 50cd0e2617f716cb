/*
 * A stream by its name: finding it, making it, and looking at it.
 */
#ifndef STREAM_STORE_STREAM_H
#define STREAM_STORE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/catalog/catalog.h"
#include "store/disk/file.h"

struct stream {
	const struct files *io;
	char *name; /* as it was asked for */
	char *directory;
	struct catalog catalog;
	struct file catalog_file; /* as it was when it was read */
};

/* ERR_USAGE if there is none of that name, or it is none of ours. */
int stream_open(struct stream *s, const struct files *io, const char *name, struct error *e);
void stream_close(struct stream *s);

/* Whether the catalog is still what it was when it was read: 1 or 0. Cheap. */
int stream_current(const struct stream *s, struct error *e);
/* Reads it again; pointers into the old one end here. ERR_FAILED if the stream was removed. */
int stream_reload(struct stream *s, struct error *e);

/* ERR_FAILED if the stream was removed. */
int stream_check_there(const struct stream *s, struct error *e);

/* Makes it as the catalog says, whole and durable, or not at all. Returns 1, or 0 if there was one already. */
int stream_create(const struct files *io, const char *name, const struct catalog *c, struct error *e);

/* What there is of a shard. */
struct shard_extent {
	uint64_t first; /* the oldest @seq that is kept, here or in the tier if that is there */
	uint64_t next;  /* the one that comes next: there is nothing if it equals first */
	uint64_t bytes; /* of its segments, without the tier's */
};

int stream_extent(const struct stream *s, uint32_t shard, struct shard_extent *out, struct error *e);

#endif
