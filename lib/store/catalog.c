#include "store/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/units.h"

int catalog_init(struct catalog *c, uint32_t shards, enum hash_kind hash, struct error *e)
{
	*c = (struct catalog){.router = {hash, shards}, .sync = SYNC_DEFAULT};
	if (!shards || shards > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "a stream has 1 to %d shards, not %u", CATALOG_SHARDS_MAX, shards);
	uint64_t id[2];
	if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
		return error_errno(e, "no random number for a new stream");
	snprintf(c->id, sizeof c->id, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	c->shards = mem_array(shards, sizeof *c->shards);
	c->shard_count = shards;
	for (uint32_t i = 0; i < shards; i++) {
		c->shards[i] = (struct catalog_shard){.id = i};
		route_part(i, shards, &c->shards[i].from, &c->shards[i].to);
	}
	return OK;
}

void catalog_release(struct catalog *c)
{
	free(c->key);
	free(c->tier);
	free(c->shards);
	*c = (struct catalog){0};
}

size_t catalog_owner(const struct catalog *c, struct hash128 point)
{
	size_t i = 0;
	while (i + 1 < c->shard_count && (c->shards[i].closed || hash128_compare(point, c->shards[i].from) < 0 ||
					  hash128_compare(point, c->shards[i].to) > 0))
		i++;
	return i;
}

const struct catalog_shard *catalog_shard(const struct catalog *c, uint32_t id)
{
	for (size_t i = 0; i < c->shard_count; i++)
		if (c->shards[i].id == id)
			return &c->shards[i];
	return NULL;
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

int catalog_load(struct catalog *c, const struct files *io, const char *directory, struct error *e)
{
	enum { TOO_LARGE = 16 << 20 };
	struct file f;
	struct buf text = BUF_INIT;
	char *path = file_path("%s/catalog", directory);
	*c = (struct catalog){0};
	int64_t size = 0;
	int r = file_find(&f, io, path, O_RDONLY, e);
	if (!r || (r < 0 && errno == ENOTDIR))
		r = error_set(e, ERR_USAGE, "%s is no stream: it has no catalog", directory);
	else if (r > 0)
		r = file_size(&f, &size, e);
	if (!r && (size < 0 || size > TOO_LARGE))
		r = error_set(e, ERR_FAILED, "%s is damaged: no catalog has %" PRId64 " bytes", path, size);
	if (!r) {
		ssize_t n = file_read(&f, buf_reserve(&text, (size_t)size), (size_t)size, 0, e);
		r = n < 0 ? (int)n : catalog_read(c, text.data, (size_t)n, path, e);
	}
	file_close(&f);
	buf_release(&text);
	free(path);
	return r;
}

int catalog_save(const struct catalog *c, const struct files *io, const char *directory, struct error *e)
{
	struct buf text = BUF_INIT;
	catalog_write(c, &text);
	int r = file_replace(io, directory, "catalog", text.data, text.len, e);
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
