#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "store/fsck/fsck_private.h"
#include "store/read/parts.h"

static bool is_directory(const struct files *io, const char *path)
{
	struct file f;
	bool is = file_find(&f, io, path, O_RDONLY | O_DIRECTORY, NULL) > 0;
	file_close(&f);
	return is;
}

/* Where the tier begins, if it has anything before `first`: else `first`. An error: it can't be seen. */
int fsck_tier_begin(const struct shard_check *c, uint64_t first, uint64_t *begin, struct error *e)
{
	struct segment_list tier = {0};
	int r = OK;
	*begin = first;
	if (c->f->known && c->f->catalog.tier) {
		char *directory = tier_directory(c->f->catalog.tier, &c->f->catalog, c->id);
		r = segment_list_read(&tier, c->f->io, directory, e);
		/* A shard of which nothing went has no place there. */
		if (r && errno == ENOENT && is_directory(c->f->io, c->f->catalog.tier))
			r = OK;
		free(directory);
	}
	if (tier.count && tier.bases[0] < first)
		*begin = tier.bases[0];
	segment_list_release(&tier);
	return r;
}

/* NULL if nothing is wrong. Without a mark nothing can be in the tier; whether the oldest segment is there is seen later. */
static const char *find_fault(const struct shard_check *c)
{
	uint64_t first = c->list.count ? c->list.bases[0] : 0, begin;
	if (c->low.damaged)
		return "the low-water mark is damaged; the segments that are there speak for themselves";
	if (!c->low.seq && first && !fsck_tier_begin(c, first, &begin, NULL) && begin < first)
		return "the low-water mark is missing; the segments that are there speak for themselves";
	return NULL;
}

int fsck_low(struct shard_check *c, struct error *e)
{
	struct shard_locks locks;
	if (!find_fault(c))
		return OK;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	if (held > 0)
		shard_check_unlock(&locks);
	const char *fault = r ? NULL : find_fault(c);
	if (!fault)
		return r;
	if (c->f->options->repair && (r = fsck_repair_low(c, e)) < 0)
		return r;
	char *path = file_path("%s/low", c->directory);
	fsck_fault(c->f, c->id, path, r ? "made anew" : NULL, "%s", fault);
	free(path);
	return OK;
}
