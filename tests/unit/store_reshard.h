/* What the tests of resharding share: one stream, made anew, a writer that goes on, and changes of its shards. */
#ifndef STREAM_TESTS_UNIT_STORE_RESHARD_H
#define STREAM_TESTS_UNIT_STORE_RESHARD_H

#include "base/units.h"
#include "store/reshard/reshard.h"
#include "store/shard/shard.h"
#include "store_fault.h"

enum { KEYS = 7 };

static const char *stream_path;

static inline void new_stream(uint32_t shards, int64_t sync)
{
	struct error e;
	struct catalog c;
	path_remove(&files_real, stream_path, NULL);
	if (catalog_init(&c, shards, HASH_XXH3, &e))
		exit(1);
	c.sync = sync;
	if (stream_create(&files_real, stream_path, &c, &e) < 0)
		exit(1);
	catalog_release(&c);
}

static inline int split_first(const struct files *io, struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, io, stream_path, e);
	uint32_t first = 0;
	while (!r && s.catalog.shards[first].closed)
		first++;
	if (!r)
		r = reshard_split(&s, first, NULL, e);
	stream_close(&s);
	return r;
}

static inline int scale(const struct files *io, uint32_t count, struct error *e)
{
	struct stream s = {0};
	int r = stream_open(&s, io, stream_path, e);
	if (!r)
		r = reshard_scale(&s, count, e);
	stream_close(&s);
	return r;
}

enum { PART = 60 };

/* Numbers [begun, begun + PART): appended, and synced. */
static inline bool put(struct store_writer *w, int64_t *begun, bool sync, struct error *e)
{
	*begun += PART;
	return w && !test_append(w, *begun - PART, PART, 20, e) && (!sync || !store_writer_sync(w, e));
}

#endif
