/*
 * The catalog: what a stream is, in one small file of lines in its directory. It is replaced as a whole, by rename, so
 * whoever reads it sees one of its states, and the rename is the moment at which a change holds.
 *
 *   stream 1                                 the layout's version
 *   id 6f0c...                               32 hex digits, random
 *   hash xxh3 4                              kind, and the shards it was made with
 *   key client                               field or expression, to the end of the line; the line may be missing
 *   sync 50000000                            nanoseconds; or `always`, `never`
 *   retention 0 0                            nanoseconds and bytes; 0: no limit
 *   tier /mnt/cold                           where what is not kept goes, to the end of the line; may be missing
 *   shard 0 open 00...00 3f...ff - -         id, state, first and last point of its range, parents (at least two words,
 *                                            `-` for none); ids rise from line to line
 *   check 0123456789abcdef                   XXH3-64 of all lines above
 *
 * A stream's directory:   catalog
 *                         lock               held to change the catalog
 *                         shards/0/...       (store/shard/shard.h)
 */
#ifndef STREAM_STORE_CATALOG_H
#define STREAM_STORE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/catalog/route.h"
#include "store/disk/file.h"

enum { CATALOG_VERSION = 1, CATALOG_SHARDS_MAX = 10000 };

/* When what was appended becomes durable. Else: the nanoseconds that it may wait at most while more is coming. */
enum { SYNC_ALWAYS = 0, SYNC_NEVER = -1, SYNC_DEFAULT = 50 * 1000 * 1000 };

struct catalog_shard {
	uint32_t id;
	bool closed;       /* takes no more records; its children do */
	uint32_t *parents; /* owned; their ids are smaller than its own */
	uint32_t parent_count;
	struct hash128 from, to; /* both inclusive; those of the open shards tile the space */
};

struct catalog {
	char id[33];
	struct router router;
	char *key;                    /* owned; NULL: none */
	int64_t sync;                 /* nanoseconds, SYNC_ALWAYS or SYNC_NEVER */
	int64_t retention;            /* nanoseconds; 0: for ever */
	int64_t max_size;             /* bytes; 0: any */
	char *tier;                   /* owned; an absolute path; NULL: what is not kept is deleted */
	struct catalog_shard *shards; /* by id */
	size_t shard_count, shard_capacity;
};

/* A new stream's: `shards` open shards of equal parts, a random id, the defaults elsewhere. ERR_USAGE if the number
   makes no sense. */
int catalog_init(struct catalog *c, uint32_t shards, enum hash_kind hash, struct error *e);
void catalog_release(struct catalog *c);

/* ERR_USAGE: the directory is no stream, or of a newer version; ERR_FAILED: it is damaged or cannot be read. */
int catalog_load(struct catalog *c, const struct files *io, const char *directory, struct error *e);
/* The same, and leaves the file open: file_linked tells when the catalog is another. */
int catalog_open(struct catalog *c, struct file *f, const struct files *io, const char *directory, struct error *e);
/* Whether the directory holds a catalog: 1 or 0. */
int catalog_exists(const struct files *io, const char *directory, struct error *e);
int catalog_save(const struct catalog *c, const struct files *io, const char *directory, struct error *e);
/* Whoever changes a catalog takes this lock, then loads it, saves it, and closes the lock. */
int catalog_lock(struct file *lock, const struct files *io, const char *directory, struct error *e);

/* The two steps of it, for the bytes themselves. `name` is for messages. */
void catalog_write(const struct catalog *c, struct buf *out);
int catalog_read(struct catalog *c, const char *p, size_t len, const char *name, struct error *e);

/* The shard of that id, or NULL. */
const struct catalog_shard *catalog_shard(const struct catalog *c, uint32_t id);
/* The open shards in the order of their ranges, which tile the space; malloced. */
const struct catalog_shard **catalog_tiles(const struct catalog *c, size_t *count);
/* One more, open, with the next id; its parents are the `parents` given, which are copied. */
struct catalog_shard *catalog_add(struct catalog *c, struct hash128 from, struct hash128 to, const uint32_t *parents,
				  uint32_t parent_count);

/* `always`, `never`, `50ms`: for people. */
void sync_text(int64_t sync, char out[32]);
int sync_parse(const char *text, size_t len, int64_t *sync, struct error *e);

#endif
