#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "store/fsck/fsck_private.h"

/* The catalog: that its lines, its checksum and its ranges are right is seen when it is loaded. */

static bool has_shards(struct fsck *f)
{
	struct file there;
	char *path = file_path("%s/shards", f->directory);
	bool has = file_find(&there, f->io, path, O_RDONLY | O_DIRECTORY, NULL) > 0;
	file_close(&there);
	free(path);
	return has;
}

static void check_parents(struct fsck *f, const char *path, const struct catalog_shard *s)
{
	for (uint32_t i = 0; i < s->parent_count; i++) {
		const struct catalog_shard *parent = catalog_shard(&f->catalog, s->parents[i]);
		if (!parent)
			fsck_fault(f, s->id, path, NULL, "shard %u has a parent %u, which is not there", s->id,
				   s->parents[i]);
		else if (!parent->closed)
			fsck_fault(f, s->id, path, NULL, "shard %u has a parent %u, which is open", s->id,
				   s->parents[i]);
	}
	if (catalog_shard(&f->catalog, s->id) != s)
		fsck_fault(f, s->id, path, NULL, "there are two shards %u", s->id);
}

int fsck_catalog(struct fsck *f, struct error *e)
{
	struct error why;
	char *path = file_path("%s/catalog", f->directory);
	bool there = catalog_exists(f->io, f->directory, NULL) > 0;
	int r = catalog_load(&f->catalog, f->io, f->directory, &why);
	f->known = !r;
	if (!r)
		for (size_t i = 0; i < f->catalog.shard_count; i++)
			check_parents(f, path, &f->catalog.shards[i]);
	else if (!has_shards(f) || (r == ERR_USAGE && there))
		r = error_set(e, why.code, "%s", why.text); /* not a stream, or one of a newer release */
	else {
		fsck_fault(f, -1, path, NULL, "%s", why.text);
		r = OK;
	}
	free(path);
	return r;
}
