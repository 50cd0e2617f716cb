#include "store/reshard/reshard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/reshard/reshard_private.h"

/* What may be asked for, and what makes no sense. */

static int begin(struct stream *s, struct file *lock, struct error *e)
{
	int r = catalog_lock(lock, s->io, s->directory, e);
	if (!r && (r = stream_reload(s, e)))
		file_close(lock);
	return r;
}

static void list_shards(const struct stream *s, uint32_t child_of, struct buf *out)
{
	for (size_t i = 0; i < s->catalog.shard_count; i++) {
		const struct catalog_shard *one = &s->catalog.shards[i];
		bool listed = child_of == UINT32_MAX && !one->closed;
		for (uint32_t k = 0; k < one->parent_count; k++)
			listed = listed || one->parents[k] == child_of;
		if (listed)
			buf_printf(out, "%s%u", out->len ? ", " : "", one->id);
	}
	buf_byte(out, 0);
}

static int find_open(const struct stream *s, uint32_t id, const struct catalog_shard **shard, struct error *e)
{
	struct buf list = BUF_INIT;
	*shard = catalog_shard(&s->catalog, id);
	int r = OK;
	if (!*shard) {
		list_shards(s, UINT32_MAX, &list);
		r = error_set(e, ERR_USAGE, "%s has no shard %u; open are %s", s->name, id, list.data);
	} else if ((*shard)->closed) {
		list_shards(s, id, &list);
		r = error_set(e, ERR_USAGE, "shard %u of %s is closed already: its records go to %s", id, s->name,
			      list.data);
	}
	buf_release(&list);
	return r;
}

static int has_room(const struct stream *s, struct error *e)
{
	size_t count;
	free(catalog_tiles(&s->catalog, &count));
	return count < CATALOG_SHARDS_MAX
		       ? OK
		       : error_set(e, ERR_USAGE, "%s has %d open shards, and more than that is not possible", s->name,
				   CATALOG_SHARDS_MAX);
}

static int split(struct stream *s, uint32_t id, const struct hash128 *at, struct error *e)
{
	const struct catalog_shard *shard;
	int r = find_open(s, id, &shard, e);
	if (!r)
		r = has_room(s, e);
	if (r)
		return r;
	if (!hash128_compare(shard->from, shard->to))
		return error_set(e, ERR_USAGE, "shard %u of %s is a single point, which cannot be split", id, s->name);
	struct hash128 second = at ? *at : hash128_middle(shard->from, shard->to);
	if (hash128_compare(second, shard->from) <= 0 || hash128_compare(second, shard->to) > 0) {
		char from[40], to[40], point[40];
		hash128_text(shard->from, from);
		hash128_text(shard->to, to);
		hash128_text(second, point);
		return error_set(e, ERR_USAGE,
				 "%s does not split shard %u, which has %s to %s: both parts need a point", point, id,
				 from, to);
	}
	struct range parts[] = {{shard->from, hash128_before(second)}, {second, shard->to}};
	return reshard_replace(s, parts, 2, e);
}

/* Which open shards begin or end where this one does. */
static void neighbours(const struct stream *s, uint32_t id, char out[64])
{
	size_t count, at = 0;
	const struct catalog_shard **tiles = catalog_tiles(&s->catalog, &count);
	while (tiles[at]->id != id)
		at++;
	if (at && at + 1 < count)
		snprintf(out, 64, "%u meets %u and %u", id, tiles[at - 1]->id, tiles[at + 1]->id);
	else if (count > 1)
		snprintf(out, 64, "%u meets %u", id, tiles[at ? at - 1 : at + 1]->id);
	else
		snprintf(out, 64, "%u has the whole space", id);
	free(tiles);
}

static int merge(struct stream *s, uint32_t one, uint32_t other, struct error *e)
{
	const struct catalog_shard *a, *b;
	int r = find_open(s, one, &a, e);
	if (!r)
		r = find_open(s, other, &b, e);
	if (r)
		return r;
	if (hash128_compare(a->from, b->from) > 0) {
		const struct catalog_shard *first = b;
		b = a;
		a = first;
	}
	if (a == b || hash128_compare(hash128_next(a->to), b->from)) {
		char near[2][64];
		neighbours(s, one, near[0]);
		neighbours(s, other, near[1]);
		return a == b ? error_set(e, ERR_USAGE, "one shard alone cannot be merged: %s", near[0])
			      : error_set(e, ERR_USAGE, "shards %u and %u of %s do not meet: %s, %s", one, other,
					  s->name, near[0], near[1]);
	}
	struct range both = {a->from, b->to};
	return reshard_replace(s, &both, 1, e);
}

/* The parts that no open shard is already. */
static size_t new_parts(const struct stream *s, uint32_t parts, struct range *out)
{
	size_t count, kept = 0, at = 0;
	const struct catalog_shard **tiles = catalog_tiles(&s->catalog, &count);
	for (uint32_t i = 0; i < parts; i++) {
		struct range part;
		route_part(i, parts, &part.from, &part.to);
		while (hash128_compare(tiles[at]->to, part.from) < 0)
			at++;
		if (hash128_compare(tiles[at]->from, part.from) || hash128_compare(tiles[at]->to, part.to))
			out[kept++] = part;
	}
	free(tiles);
	return kept;
}

int reshard_split(struct stream *s, uint32_t shard, const struct hash128 *at, struct error *e)
{
	struct file lock;
	int r = begin(s, &lock, e);
	if (r)
		return r;
	r = split(s, shard, at, e);
	file_close(&lock);
	return r;
}

int reshard_merge(struct stream *s, uint32_t one, uint32_t other, struct error *e)
{
	struct file lock;
	int r = begin(s, &lock, e);
	if (r)
		return r;
	r = merge(s, one, other, e);
	file_close(&lock);
	return r;
}

int reshard_scale(struct stream *s, uint32_t parts, struct error *e)
{
	struct file lock;
	if (!parts || parts > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "a stream has 1 to %d shards, not %u", CATALOG_SHARDS_MAX, parts);
	int r = begin(s, &lock, e);
	if (r)
		return r;
	struct range *ranges = mem_array(parts, sizeof *ranges);
	size_t count = new_parts(s, parts, ranges);
	if (count && !(r = reshard_replace(s, ranges, count, e)))
		r = 1;
	free(ranges);
	file_close(&lock);
	return r;
}
