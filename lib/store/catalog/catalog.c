#include "store/catalog/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/units.h"
#include "store/catalog/reserve.h"

int catalog_init(struct catalog *c, uint32_t shards, enum hash_kind hash, struct error *e)
{
	*c = (struct catalog){.router = {hash, shards}, .sync = SYNC_DEFAULT};
	if (!shards || shards > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "a stream has 1 to %d shards, not %u", CATALOG_SHARDS_MAX, shards);
	uint64_t id[2];
	if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
		return error_errno(e, "no random number for a new stream");
	snprintf(c->id, sizeof c->id, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	for (uint32_t i = 0; i < shards; i++) {
		struct hash128 from, to;
		route_part(i, shards, &from, &to);
		catalog_add(c, from, to, NULL, 0);
	}
	return OK;
}

void catalog_release(struct catalog *c)
{
	free(c->key);
	free(c->tier);
	for (size_t i = 0; i < c->shard_count; i++)
		free(c->shards[i].parents);
	free(c->shards);
	*c = (struct catalog){0};
}

static int compare_id(const void *key, const void *shard)
{
	uint32_t id = *(const uint32_t *)key, other = ((const struct catalog_shard *)shard)->id;
	return (id > other) - (id < other);
}

const struct catalog_shard *catalog_shard(const struct catalog *c, uint32_t id)
{
	if (!c->shard_count)
		return NULL;
	return bsearch(&id, c->shards, c->shard_count, sizeof *c->shards, compare_id);
}

static int compare_range(const void *a, const void *b)
{
	const struct catalog_shard *one = *(const struct catalog_shard *const *)a;
	const struct catalog_shard *other = *(const struct catalog_shard *const *)b;
	return hash128_compare(one->from, other->from);
}

const struct catalog_shard **catalog_tiles(const struct catalog *c, size_t *count)
{
	const struct catalog_shard **tiles = mem_array(c->shard_count + 1, sizeof *tiles);
	*count = 0;
	for (size_t i = 0; i < c->shard_count; i++)
		if (!c->shards[i].closed)
			tiles[(*count)++] = &c->shards[i];
	qsort(tiles, *count, sizeof *tiles, compare_range);
	return tiles;
}

struct catalog_shard *catalog_add(struct catalog *c, struct hash128 from, struct hash128 to, const uint32_t *parents,
				  uint32_t parent_count)
{
	if (c->shard_count == c->shard_capacity) {
		c->shard_capacity = mem_grow(c->shard_capacity, c->shard_count + 1);
		c->shards = mem_resize(c->shards, c->shard_capacity, sizeof *c->shards);
	}
	struct catalog_shard *s = &c->shards[c->shard_count];
	uint32_t id = c->shard_count ? s[-1].id + 1 : 0;
	*s = (struct catalog_shard){.id = id, .from = from, .to = to, .parent_count = parent_count};
	if (parent_count) {
		s->parents = mem_array(parent_count, sizeof *parents);
		memcpy(s->parents, parents, parent_count * sizeof *parents);
	}
	c->shard_count++;
	return s;
}

int catalog_exists(const struct files *io, const char *directory, struct error *e)
{
	struct file f;
	char *path = file_path("%s/catalog", directory);
	int r = file_find(&f, io, path, O_RDONLY, e);
	if (r < 0 && errno == ENOTDIR)
		r = 0;
	if (r > 0)
		file_close(&f);
	free(path);
	return r;
}

int catalog_open(struct catalog *c, struct file *f, const struct files *io, const char *directory, struct error *e)
{
	enum { TOO_LARGE = 64 << 20 };
	struct buf text = BUF_INIT;
	char *path = file_path("%s/catalog", directory);
	*c = (struct catalog){0};
	int64_t size = 0;
	int r = file_find(f, io, path, O_RDONLY, e);
	if (!r || (r < 0 && errno == ENOTDIR))
		r = error_set(e, ERR_USAGE, "%s is no stream: it has no catalog", directory);
	else if (r > 0)
		r = file_size(f, &size, e);
	if (!r && (size < 0 || size > TOO_LARGE))
		r = error_set(e, ERR_FAILED, "%s is damaged: no catalog has %" PRId64 " bytes", path, size);
	if (!r) {
		ssize_t n = file_read(f, buf_reserve(&text, (size_t)size), (size_t)size, 0, e);
		r = n < 0 ? (int)n : catalog_read(c, text.data, (size_t)n, path, e);
	}
	if (r)
		file_close(f);
	buf_release(&text);
	free(path);
	return r;
}

int catalog_load(struct catalog *c, const struct files *io, const char *directory, struct error *e)
{
	struct file f;
	int r = catalog_open(c, &f, io, directory, e);
	file_close(&f);
	return r;
}

int catalog_lock(struct file *lock, const struct files *io, const char *directory, struct error *e)
{
	char *path = file_path("%s/lock", directory);
	int r = file_open(lock, io, path, O_RDWR | O_CREAT, e);
	if (!r && (r = file_lock(lock, e)))
		file_close(lock);
	free(path);
	return r;
}

int catalog_save(const struct catalog *c, const struct files *io, const char *directory, struct error *e)
{
	struct buf text = BUF_INIT;
	catalog_write(c, &text);
	int r = reserve_replace(io, directory, "catalog", text.data, text.len, e);
	buf_release(&text);
	return r;
}

void sync_text(int64_t sync, char out[32])
{
	if (sync == SYNC_NEVER || sync == SYNC_ALWAYS)
		strcpy(out, sync == SYNC_NEVER ? "never" : "always");
	else
		duration_text(sync, out);
}

int sync_parse(const char *text, size_t len, int64_t *sync, struct error *e)
{
	if (len == 6 && !memcmp(text, "always", 6)) {
		*sync = SYNC_ALWAYS;
		return OK;
	}
	if (len == 5 && !memcmp(text, "never", 5)) {
		*sync = SYNC_NEVER;
		return OK;
	}
	if (duration_parse(text, len, sync, NULL) || *sync < 0)
		return error_set(e, ERR_USAGE,
				 "`%.*s` is no way to sync: `always`, `never`, or the longest wait (`50ms`)", (int)len,
				 text);
	return OK;
}
