#include <stdlib.h>

#include "store/shard/shard_private.h"

/* Taking in a segment that was filled elsewhere. Both locks are held. */

int shard_conclude(struct shard *s, struct error *e)
{
	int r = shard_make_durable(s, false, e);
	if (r || s->head.full)
		return r;
	/* Should we die before the successor is there, whoever comes next must not append to this one beside it. */
	struct head full = s->head;
	full.full = true;
	return shard_set_head(s, &full, e);
}

/* The index goes with it: only a hint. */
static void adopt_index(struct shard *s, const char *from, const char *to)
{
	char *old = index_path(from), *new = index_path(to);
	path_rename(s->io, old, new, NULL);
	free(old);
	free(new);
}

int shard_adopt(struct shard *s, const struct segment *draft, int64_t size, uint64_t rows, int64_t arrived,
		struct error *e)
{
	char *path = segment_path(s->directory, draft->base, UINT64_MAX);
	int r = path_link(s->io, draft->file.path, path, e);
	if (r > 0) {
		adopt_index(s, draft->file.path, path);
		r = path_sync(s->io, s->directory, e) ? e->code : 1;
	}
	free(path);
	struct head h = {
		.segment = draft->id,
		.base = draft->base,
		.written = size,
		.next = draft->base + rows,
		.durable = size,
		.durable_seq = draft->base + rows,
		.arrived = arrived,
	};
	if (r > 0)
		r = shard_set_head(s, &h, e) ? e->code : shard_follow(s, e);
	return r;
}
