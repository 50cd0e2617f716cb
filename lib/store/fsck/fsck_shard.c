#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/fsck/fsck_private.h"
#include "store/shard/shard.h"

/* One shard: its head, then its segments in order. */

int shard_check_refresh(struct shard_check *c, struct error *e)
{
	struct fsck *f = c->f;
	char *path = file_path("%s/head", c->directory);
	int r = c->head.fd < 0 ? file_find(&c->head, f->io, path, O_RDONLY, e) : OK;
	free(path);
	if (r < 0)
		return r;
	c->limit = (struct limit){0};
	bool written = f->known && f->catalog.sync == SYNC_NEVER;
	r = limit_read(&c->limit, f->io, c->directory, &c->head, written, f->boot, &c->scan, e);
	if (!r)
		r = segment_list_read(&c->list, f->io, c->directory, e);
	if (!r) {
		lost_release(&c->lost);
		r = lost_read(&c->lost, f->io, c->directory, e);
	}
	return r ? r : low_read(&c->low, f->io, c->directory, e);
}

static int open_lock(struct shard_check *c, struct file *f, const char *name, struct error *e)
{
	char *path = file_path("%s/%s", c->directory, name);
	int r = file_find(f, c->f->io, path, O_RDONLY, e);
	free(path);
	return r < 0 && errno == EACCES ? 0 : r;
}

int shard_check_lock(struct shard_check *c, struct shard_locks *l, struct error *e)
{
	*l = (struct shard_locks){FILE_CLOSED, FILE_CLOSED};
	int r = open_lock(c, &l->sync, "sync", e);
	if (r > 0)
		r = open_lock(c, &l->lock, "lock", e);
	if (r > 0 && !(r = file_lock(&l->sync, e)) && !(r = file_lock(&l->lock, e)))
		return 1;
	shard_check_unlock(l);
	return r;
}

void shard_check_unlock(struct shard_locks *l)
{
	file_close(&l->lock);
	file_close(&l->sync);
}

/* Whether what was found is still there when nobody writes. Returns 1, or 0 if the segment is gone. */
static int confirm(struct shard_check *c, uint64_t base, struct segment_check *s, struct error *e)
{
	struct shard_locks locks;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	if (!r) {
		segment_check_release(s);
		r = segment_check_run(s, c, base, e);
	}
	if (held > 0)
		shard_check_unlock(&locks);
	if (r > 0)
		fsck_report_segment(c, s, NULL);
	return r;
}

int fsck_segment(struct shard_check *c, uint64_t base, uint64_t *behind, struct error *e)
{
	struct segment_check s;
	int r = segment_check_run(&s, c, base, e);
	if (r > 0 && s.count && c->place != c->directory)
		fsck_report_segment(c, &s, NULL);
	else if (r > 0 && s.count)
		r = c->f->options->repair ? fsck_repair_segment(c, base, &s, e) : confirm(c, base, &s, e);
	if (r > 0) {
		fsck_index_report(c, &s);
		c->sum.segments++;
		c->sum.records += s.records;
		c->sum.bytes += (uint64_t)s.end;
		if (s.arrived > c->arrived)
			c->arrived = s.arrived;
		*behind = s.newest ? UINT64_MAX : s.until;
	}
	segment_check_release(&s);
	return r;
}

/* A segment behind the one of which the head speaks: empty, it was just begun, or its maker died. */
static bool has_frames(struct shard_check *c, uint64_t base)
{
	struct segment s = SEGMENT_CLOSED;
	struct frame f;
	int64_t at = 0, size = 0;
	int r = segment_open(&s, c->f->io, c->directory, c->id, base, O_RDONLY, NULL);
	if (r > 0 && !scan_open(&c->scan, &s, NULL) && !file_size(&s.file, &size, NULL))
		r = scan_find(&c->scan, &at, size, 0, &f, NULL);
	scan_close(&c->scan);
	segment_close(&s);
	return r > 0 && at < size && size > 0 && f.rows;
}

static bool find_beyond(const struct shard_check *c, uint64_t behind, uint64_t *base)
{
	for (size_t i = 0; i < c->list.count; i++)
		if (c->list.bases[i] > behind) {
			*base = c->list.bases[i];
			return true;
		}
	return false;
}

static int check_beyond(struct shard_check *c, uint64_t base, struct error *e)
{
	struct shard_locks locks;
	if (!has_frames(c, base))
		return OK;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	bool beyond = !r && base > c->limit.base && has_frames(c, base);
	if (held > 0)
		shard_check_unlock(&locks);
	if (!beyond)
		return r;
	if (c->f->options->repair && (r = fsck_repair_stranger(c, base, e)))
		return r;
	char *path = file_path("%s/%020" PRIu64 ".seg", c->directory, base);
	fsck_fault(c->f, c->id, path, c->f->options->repair ? "set aside" : NULL,
		   "the segment lies behind the newest that the head knows");
	free(path);
	return OK;
}

/* The oldest @seq that must be there. Where nothing ever went, a shard that has no parents begins at 0. */
static uint64_t find_oldest(const struct shard_check *c)
{
	bool first = c->range && !c->range->parent_count && !c->low.damaged && !c->tiered;
	return c->low.seq || first || !c->list.count ? c->low.seq : c->list.bases[0];
}

static int check_segments(struct shard_check *c, struct error *e)
{
	int r = fsck_low(c, e);
	if (!r)
		r = fsck_tier(c, e);
	if (!r)
		r = fsck_newest(c, e);
	if (r)
		return r;
	struct fsck_walk w = {find_oldest(c), c->limit.base, c->limit.searched ? c->limit.seq : c->limit.base};
	r = fsck_walk(c, &w, e);
	/* What was begun since we came is somebody else's time. */
	for (uint64_t base = w.newest; !r && find_beyond(c, base, &base);)
		r = check_beyond(c, base, e);
	return r;
}

static bool is_there(struct shard_check *c)
{
	struct file there;
	bool is = file_find(&there, c->f->io, c->directory, O_RDONLY | O_DIRECTORY, NULL) > 0;
	file_close(&there);
	return is;
}

int fsck_shard(struct fsck *f, uint32_t id, struct error *e)
{
	struct shard_check c = {
		.f = f,
		.id = id,
		.range = f->known ? catalog_shard(&f->catalog, id) : NULL,
		.directory = shard_directory(f->directory, id),
		.head = FILE_CLOSED,
		.arrived = INT64_MIN,
		.sum = {.shard = id},
	};
	c.place = c.directory;
	uint64_t before = f->faults;
	int r = OK;
	scan_init(&c.scan, id);
	batch_init(&c.batch);
	if (!is_there(&c))
		fsck_fault(f, id, c.directory, NULL, "the shard is missing");
	else if (!(r = shard_check_refresh(&c, e)) && !(r = fsck_unread(&c, e)) && !(r = fsck_head(&c, e)) &&
		 !(r = check_segments(&c, e)))
		r = fsck_shard_files(&c, e);
	c.sum.faults = f->faults - before;
	if (!r && f->options->checked)
		f->options->checked(f->options->arg, &c.sum);
	batch_release(&c.batch);
	scan_release(&c.scan);
	segment_list_release(&c.list);
	lost_release(&c.lost);
	file_close(&c.head);
	free(c.directory);
	return r;
}
