#include <errno.h>
#include <stdlib.h>

#include "store/fsck_private.h"
#include "store/parts.h"

static int check_all(struct shard_check *c, struct error *e)
{
	uint64_t base, wanted = c->low.tier;
	int r = OK;
	while (!r && fsck_next_base(c, wanted, &base)) {
		r = fsck_segment(c, base, e);
		wanted = base + 1;
	}
	return r;
}

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
		c->place = directory;
		r = check_all(c, e);
		c->place = c->directory;
	}
	segment_list_release(&c->list);
	c->list = own;
	free(directory);
	return r;
}
