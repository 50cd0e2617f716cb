#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "store/fsck/fsck_private.h"
#include "store/segment/aside.h"
#include "store/upkeep/tidy.h"

/* Repairs of all but segments, with a writer's means. */

int fsck_lock_shard(struct shard *s, struct shard_check *c, struct error *e)
{
	int r = shard_open(s, c->f->io, c->f->directory, c->id, e);
	if (r)
		return r;
	if (!(r = file_lock(&s->sync, e)) && (r = shard_lock(s, e)))
		file_unlock(&s->sync);
	if (r)
		shard_close(s);
	return r;
}

void fsck_unlock_shard(struct shard *s)
{
	shard_unlock(s);
	file_unlock(&s->sync);
	shard_close(s);
}

int fsck_repair_head(struct shard_check *c, uint64_t first, uint64_t behind, const char *reason, struct error *e)
{
	struct shard s;
	int r = fsck_lock_shard(&s, c, e);
	if (r)
		return r;
	struct lost_range lost = {.first = first, .behind = behind, .base = first, .reason = reason};
	if (first < behind)
		r = lost_add(&c->lost, c->f->io, c->directory, &lost, 1, e);
	if (!r)
		r = shard_ready(&s, e);
	if (!r)
		r = shard_mend(&s, e);
	fsck_unlock_shard(&s);
	return r < 0 ? r : shard_check_refresh(c, e);
}

static int make_low(struct shard_check *c, struct error *e)
{
	uint64_t first = c->list.count ? c->list.bases[0] : c->limit.seq;
	struct low low = {.seq = first, .tier = first};
	if (!c->f->known || fsck_tier_begin(c, first, &low.tier, NULL))
		return 0;
	int r = c->low.damaged ? aside_keep(c->f->io, c->directory, "low", e) : OK;
	if (!r)
		r = low_write(&low, c->f->io, c->directory, e);
	return r ? r : 1;
}

int fsck_repair_low(struct shard_check *c, struct error *e)
{
	struct file tidy;
	int r = tidy_lock(&tidy, c->f->io, c->directory, true, e);
	if (r < 0)
		return r;
	r = shard_check_refresh(c, e);
	if (!r && (c->low.damaged || !c->low.seq) && (r = make_low(c, e)) > 0 && shard_check_refresh(c, e))
		r = e->code;
	file_close(&tidy);
	return r;
}

int fsck_repair_lost(struct shard_check *c, struct error *e)
{
	struct shard s;
	int r = fsck_lock_shard(&s, c, e);
	if (r)
		return r;
	r = shard_check_refresh(c, e);
	if (!r && c->lost.damaged && !(r = aside_keep(c->f->io, c->directory, "lost", e)))
		r = lost_mend(&c->lost, c->f->io, c->directory, e);
	fsck_unlock_shard(&s);
	return r;
}

int fsck_repair_gap(struct shard_check *c, uint64_t first, uint64_t behind, struct error *e)
{
	return fsck_repair_head(c, first, behind, FSCK_MISSING, e);
}

int fsck_repair_unread(struct shard_check *c, int64_t size, struct error *e)
{
	struct shard s;
	struct segment newest;
	int r = fsck_lock_shard(&s, c, e);
	if (r)
		return r;
	int64_t now = timestamp_now();
	r = segment_open(&newest, c->f->io, c->directory, c->id, c->limit.base, O_RDONLY, e);
	if (r > 0) {
		r = aside_copy(c->f->io, c->directory, &newest, c->limit.bytes, size, true, NULL, e);
		segment_close(&newest);
	}
	if (!r)
		r = shard_begin(&s, c->limit.seq, now > s.head.arrived ? now : s.head.arrived, e);
	fsck_unlock_shard(&s);
	return r ? r : shard_check_refresh(c, e);
}

int fsck_repair_stranger(struct shard_check *c, uint64_t base, struct error *e)
{
	char name[32], *aside;
	snprintf(name, sizeof name, "%020" PRIu64 ".seg", base);
	struct shard_locks locks;
	int r = shard_check_lock(c, &locks, e);
	if (r < 0)
		return r;
	r = aside_move(c->f->io, c->directory, name, &aside, e);
	free(aside);
	shard_check_unlock(&locks);
	return r ? r : shard_check_refresh(c, e);
}
