#include <stdlib.h>

#include "store/fsck_private.h"

int fsck_low(struct shard_check *c, struct error *e)
{
	if (!c->low.damaged)
		return OK;
	struct shard_locks locks;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	if (held > 0)
		shard_check_unlock(&locks);
	if (r || !c->low.damaged)
		return r;
	char *path = file_path("%s/low", c->directory);
	fsck_fault(c->f, c->id, path, NULL,
		   "the low-water mark is damaged; the segments that are there speak for themselves");
	free(path);
	return OK;
}
