#include <inttypes.h>
#include <stdlib.h>

#include "store/fsck/fsck_private.h"

/* Going along a shard, or its part in the tier, by @seq: from segment to segment, and over what no segment has. */

/* A newest segment that the head speaks of, and that is not there, ends the one before it all the same. */
static uint64_t find_until(const struct shard_check *c, size_t i)
{
	uint64_t until = segment_list_until(&c->list, i);
	bool here = c->place == c->directory;
	return here && until == UINT64_MAX && c->list.bases[i] < c->limit.base ? c->limit.base : until;
}

/* The first segment that has something from w->wanted on. Returns false if there is none. */
static bool find_next(const struct shard_check *c, const struct fsck_walk *w, uint64_t *base)
{
	for (size_t i = 0; i < c->list.count && c->list.bases[i] <= w->newest; i++)
		if (find_until(c, i) > w->wanted) {
			*base = c->list.bases[i];
			return true;
		}
	return false;
}

/* Where it ends that no segment has; w->wanted if there is nothing of that kind. */
static uint64_t find_behind(struct shard_check *c, struct fsck_walk *w)
{
	uint64_t base, behind = find_next(c, w, &base) ? base : w->end;
	if (c->place == c->directory && w->wanted < c->low.seq)
		w->wanted = c->low.seq;
	return behind > w->wanted ? behind : w->wanted;
}

static int look_again(struct shard_check *c, struct error *e)
{
	return c->place == c->directory ? shard_check_refresh(c, e)
					: segment_list_read(&c->list, c->f->io, c->place, e);
}

/* A listing that is made while files come and go may miss one: it must be missing twice. */
static int confirm(struct shard_check *c, struct fsck_walk *w, uint64_t *behind, struct error *e)
{
	struct shard_locks locks;
	uint64_t first = w->wanted, was = *behind;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : look_again(c, e);
	if (held > 0)
		shard_check_unlock(&locks);
	*behind = r ? was : find_behind(c, w);
	return r ? r : w->wanted == first && *behind == was;
}

static void report(struct shard_check *c, uint64_t first, uint64_t behind, bool noted)
{
	char *path = file_path("%s/%020" PRIu64 ".seg", c->place, first);
	fsck_report(c->f, &(struct finding){.fault = !noted,
					    .shard = c->id,
					    .file = path,
					    .from = -1,
					    .to = -1,
					    .first = first,
					    .behind = behind,
					    .problem = noted ? "lost, and noted by a repair" : FSCK_MISSING,
					    .repair = !noted && c->f->options->repair ? "noted as lost" : NULL});
	free(path);
}

/* No segment has [w->wanted, behind). A repair begins a new one, where the newest is not there: perhaps farther behind, if
   more was written than promised. */
static int pass_gap(struct shard_check *c, struct fsck_walk *w, uint64_t behind, struct error *e)
{
	int r = confirm(c, w, &behind, e);
	if (r <= 0)
		return r;
	bool noted = lost_covers(&c->lost, w->wanted, behind);
	if (!noted && c->f->options->repair && (r = fsck_repair_gap(c, w->wanted, behind, e)))
		return r;
	report(c, w->wanted, behind, noted);
	w->wanted = behind;
	if (c->place == c->directory && c->f->options->repair)
		w->newest = w->end = c->limit.base;
	return OK;
}

int fsck_walk(struct shard_check *c, struct fsck_walk *w, struct error *e)
{
	uint64_t base;
	int r = OK;
	while (!r) {
		uint64_t behind = find_behind(c, w);
		if (behind > w->wanted) {
			r = pass_gap(c, w, behind, e);
			continue;
		}
		if (!find_next(c, w, &base) || (c->place != c->directory && w->wanted >= w->end))
			break;
		c->wanted = w->wanted;
		r = fsck_segment(c, base, &w->wanted, e);
		if (r > 0)
			r = OK;
		else if (!r) /* rewritten, or taken away, since we listed it */
			r = look_again(c, e);
	}
	return r;
}
