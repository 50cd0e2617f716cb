#include <errno.h>
#include <stdlib.h>

#include "store/fsck_private.h"
#include "store/parts.h"

int fsck_tier(struct shard_check *c, struct error *e)
{
	if (!c->f->known || !c->f->catalog.tier || c->low.tier >= c->low.seq)
		return OK;
	struct segment_list own = c->list;
	c->list = (struct segment_list){0};
	char *directory = tier_directory(c->f->catalog.tier, &c->f->catalog, c->id);
	int r = segment_list_read(&c->list, c->f->io, directory, e);
	if (r && (errno == ENOENT || errno == EACCES)) {
		fsck_fault(c->f, c->id, directory, NULL, "the tier cannot be read: %s", e->text);
		r = OK;
	} else if (!r) {
		/* Old files of it may have been removed by hand. */
		struct fsck_walk w = {c->list.count ? c->list.bases[0] : c->low.seq, UINT64_MAX, c->low.seq};
		c->place = directory;
		r = fsck_walk(c, &w, e);
		c->place = c->directory;
	}
	segment_list_release(&c->list);
	c->list = own;
	free(directory);
	return r;
}
