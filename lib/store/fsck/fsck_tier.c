#include <errno.h>
#include <stdlib.h>

#include "store/fsck/fsck_private.h"
#include "store/read/parts.h"

/* Old files of it may have been removed by hand; what is left must be there up to where the shard's own begin. */
static int check(struct shard_check *c, uint64_t behind, struct error *e)
{
	struct fsck_walk w = {c->list.count ? c->list.bases[0] : behind, UINT64_MAX, behind};
	c->tiered = w.wanted < behind;
	return fsck_walk(c, &w, e);
}

int fsck_tier(struct shard_check *c, struct error *e)
{
	bool unknown = c->list.count && low_is_unknown(&c->low, c->list.bases[0]);
	uint64_t behind = unknown ? c->list.bases[0] : c->low.seq;
	if (!c->f->known || !c->f->catalog.tier || (!unknown && c->low.tier >= c->low.seq))
		return OK;
	struct segment_list own = c->list;
	c->list = (struct segment_list){0};
	char *directory = tier_directory(c->f->catalog.tier, &c->f->catalog, c->id);
	int r = segment_list_read(&c->list, c->f->io, directory, e);
	if (!r) {
		c->place = directory;
		r = check(c, behind, e);
		c->place = c->directory;
	} else if (errno == ENOENT && unknown) {
		r = OK;
	} else if (errno == ENOENT || errno == EACCES) {
		fsck_fault(c->f, c->id, directory, NULL, "the tier cannot be read: %s", e->text);
		r = OK;
	}
	segment_list_release(&c->list);
	c->list = own;
	free(directory);
	return r;
}
