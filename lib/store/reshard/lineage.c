#include "store/reshard/lineage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "store/shard/shard.h"

/* By the head alone: 1, or 0 if a look with the locks is needed. */
static int is_sealed(const struct stream *s, uint32_t id, struct error *e)
{
	struct file f;
	struct head h = {0};
	uint8_t boot[BOOT_ID_SIZE];
	char *directory = shard_directory(s->directory, id), *path = file_path("%s/head", directory);
	int r = file_find(&f, s->io, path, O_RDONLY, e);
	if (r > 0)
		r = head_read(&f, &h, e);
	file_close(&f);
	free(path);
	free(directory);
	if (r < 0)
		return r;
	if (s->io->boot(s->io, boot))
		return error_errno(e, "the kernel does not tell its boot id");
	return h.sealed && !h.suspect && !memcmp(h.boot, boot, sizeof boot);
}

static int seal(const struct stream *s, uint32_t id, struct error *e)
{
	struct shard shard;
	/* Whoever replaced the catalog may have died before that was durable. */
	int r = path_sync(s->io, s->directory, e);
	if (!r)
		r = shard_open(&shard, s->io, s->directory, id, e);
	if (r)
		return r;
	r = shard_seal(&shard, e);
	shard_close(&shard);
	return r;
}

int lineage_seal_parents(const struct stream *s, const struct catalog_shard *child, struct error *e)
{
	for (uint32_t i = 0; i < child->parent_count; i++) {
		uint32_t id = child->parents[i];
		if (!catalog_shard(&s->catalog, id))
			continue; /* long gone */
		int r = is_sealed(s, id, e);
		if (!r)
			r = seal(s, id, e);
		if (r < 0)
			return r;
	}
	return OK;
}

int lineage_seal(const struct stream *s, struct error *e)
{
	const struct catalog *c = &s->catalog;
	int r = OK;
	for (size_t i = 0; !r && i < c->shard_count; i++)
		if (!c->shards[i].closed)
			r = lineage_seal_parents(s, &c->shards[i], e);
	return r;
}
