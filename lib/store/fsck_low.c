#include <stdlib.h>

#include "store/fsck_private.h"

bool fsck_next_base(const struct shard_check *c, uint64_t wanted, uint64_t *base)
{
	bool here = c->place == c->directory;
	for (size_t i = 0; i < c->list.count; i++)
		if (c->list.bases[i] >= wanted && (!here || segment_list_until(&c->list, i) > c->low.seq)) {
			*base = c->list.bases[i];
			return true;
		}
	return false;
}

static int report_missing(struct shard_check *c, const char *path, uint64_t behind, struct error *e)
{
	static const char reason[] = "the oldest segment is missing";
	bool repair = c->f->options->repair;
	int r = repair ? fsck_repair_head(c, c->low.seq, behind, reason, e) : OK;
	if (r)
		return r;
	fsck_report(c->f, &(struct finding){.fault = true,
					    .shard = c->id,
					    .file = path,
					    .from = -1,
					    .to = -1,
					    .first = c->low.seq,
					    .behind = behind,
					    .problem = reason,
					    .repair = repair ? "noted as lost" : NULL});
	return OK;
}

/* What was taken away leaves its mark first; so the segment that has the mark is there. */
int fsck_low(struct shard_check *c, struct error *e)
{
	uint64_t base;
	if (!c->low.damaged && !c->low.seq)
		return OK;
	struct shard_locks locks;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	if (held > 0)
		shard_check_unlock(&locks);
	if (r)
		return r;
	char *path = file_path("%s/low", c->directory);
	if (c->low.damaged)
		fsck_fault(c->f, c->id, path, NULL,
			   "the low-water mark is damaged; the segments that are there speak for themselves");
	else if (fsck_next_base(c, 0, &base) && base > c->low.seq && !lost_covers(&c->lost, c->low.seq, base))
		r = report_missing(c, path, base, e);
	free(path);
	return r;
}
