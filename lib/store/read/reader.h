/*
 * Reading streams: the records of some or all shards of one or more streams, from a place on, to where they end now
 * or as they come. Within a shard their order is strict; across shards they come by @arrived, as well as can be told
 * from what is there. What the parents of a shard hold comes before what it holds itself, so that the records of one
 * key come in their order, however often the shards were changed; a reader that follows goes over to new shards.
 *
 *   struct store_reader *r;
 *   store_reader_open(&r, &files_real, names, count, &options, e);
 *   while ((got = store_reader_next(r, &item, e)) >= 0)
 *       if (got) use item.batch;
 *       else if (store_reader_done(r)) break;
 *       else poll store_reader_fd(r), or wait WATCH_INTERVAL if that is -1;
 *
 * Nobody is held up by a slow reader: readers take no lock. Memory: one frame per shard. BOUND_END places the shards
 * that are there at the opening; children of them are read from their beginning.
 */
#ifndef STREAM_STORE_READER_H
#define STREAM_STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"
#include "store/disk/watch.h"
#include "store/read/cursor.h"

enum bound_kind {
	BOUND_NONE, /* from the oldest; without an end of its own */
	BOUND_END,  /* from what comes next (no bound for the end) */
	BOUND_TIME, /* by @arrived */
	BOUND_SEQ,  /* by @seq, in each shard */
};

struct bound {
	enum bound_kind kind;
	int64_t time; /* nanoseconds */
	uint64_t seq;
};

/* `start`, `end`, a @seq (`seq:N`, or up to nine digits alone: more are a time since 1970), or a time. */
int bound_parse(const char *text, struct bound *b, struct error *e);

/* What `begin` says of a shard. */
enum { BEGIN_FIRST, BEGIN_AT, BEGIN_NEVER };

struct store_reader_options {
	struct bound from, to;  /* `from` is the first that is read, `to` the first that is not */
	bool follow;            /* else the ends are fixed now; may be cleared later: then what is there is all */
	const uint32_t *shards; /* only these, not their children; NULL: all, and those that appear */
	size_t shard_count;
	const char *const *want; /* only these fields and the metadata; NULL: all */
	size_t want_count;
	/* Frames of so many rows that are wanted whole may come as they are (store_item.frame), if there is one stream;
	   0, 0: none. May be changed later. */
	uint32_t raw_from, raw_to;
	void (*damaged)(void *arg, const struct damage *d); /* called while reading */
	void *damaged_arg;
	/* Where a shard begins, asked once for each, also for one that appears later; NULL: where `from` says. BEGIN_FIRST:
	   at its oldest record; BEGIN_AT: at *seq; BEGIN_NEVER: it counts as ended and is not read. Or an error. */
	int (*begin)(void *arg, const struct stream *s, const struct catalog_shard *shard, uint64_t *seq,
		     struct error *e);
	void *begin_arg;
};

struct store_item {
	/* May be changed; valid until the next call. When there are several streams, its @shard is `stream/shard`. */
	struct batch *batch;
	/* Not NULL: the frame itself, checked, and the batch has the metadata alone. */
	const char *frame;
	const char *label;  /* for @stream, which is not in it */
	const char *stream; /* as it was asked for */
	uint32_t shard;
	uint64_t next; /* the @seq that is wanted after this batch */
};

struct store_reader;

/* `o` and what it points to must outlive the reader. A shard or a place that does not exist is ERR_USAGE. */
int store_reader_open(struct store_reader **out, const struct files *io, const char *const *names, size_t count,
		      const struct store_reader_options *o, struct error *e);
void store_reader_close(struct store_reader *r);

/* 1: an item; 0: none now. ERR_FAILED also if a stream that is followed was removed. */
int store_reader_next(struct store_reader *r, struct store_item *item, struct error *e);
/* Nothing will follow. */
bool store_reader_done(const struct store_reader *r);
/* How many streams and shards are read; and what became of the i-th shard. Shards are only added, behind the others,
   parents before children; a parent ends only when its children are there. `changes` rises with every end and every
   addition. */
struct store_shard_state {
	const char *name; /* of the stream, without a path before it: as in @stream */
	uint32_t shard;
	bool ended;  /* nothing will follow from it, to this reader */
	bool closed; /* nor to any later one: it is a parent, read to its end */
};

size_t store_reader_streams(const struct store_reader *r);
size_t store_reader_shards(const struct store_reader *r);
uint64_t store_reader_changes(const struct store_reader *r);
struct store_shard_state store_reader_shard(const struct store_reader *r, size_t i);

/* Readable when something may have come; -1: look again after WATCH_INTERVAL. */
int store_reader_fd(const struct store_reader *r);
/* Why there is no descriptor; once, then NULL. */
const char *store_reader_notice(struct store_reader *r);

#endif
