#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/fsck/fsck_private.h"
#include "store/segment/aside.h"
#include "store/upkeep/tidy.h"

/* What is wrong in a segment: said, and repaired. */

/* -- reporting -- */

/* A gap that a repair has told of. */
static bool is_noted(const struct shard_check *c, const struct flaw *w)
{
	return w->lost && w->from == w->to && lost_covers(&c->lost, w->first, w->behind);
}

static bool can_be_repaired(const struct flaw *w)
{
	return w->bad || w->lost || w->dirty;
}

void fsck_report_segment(struct shard_check *c, const struct segment_check *s, const char *done)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct flaw *w = &s->flaws[i];
		bool noted = !done && is_noted(c, w);
		struct finding d = {
			.fault = !noted,
			.shard = c->id,
			.file = s->segment.file.path,
			.from = w->from,
			.to = w->to,
			.first = w->first,
			.behind = w->behind,
			.problem = noted ? "lost, and noted by a repair" : w->reason,
			.repair = !can_be_repaired(w)          ? NULL
				  : done && !w->bad && w->lost ? "noted as lost"
							       : done,
		};
		fsck_report(c->f, &d);
	}
}

/* -- first what is damaged goes aside and is noted, then the file is replaced -- */

static bool needs_rewrite(const struct segment_check *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->flaws[i].bad || s->flaws[i].dirty)
			return true;
	return false;
}

static int set_aside(struct shard_check *c, const struct segment_check *s, struct error *e)
{
	struct lost_range *lost = mem_array(s->count, sizeof *lost);
	size_t count = 0;
	int r = OK;
	for (size_t i = 0; !r && i < s->count; i++) {
		const struct flaw *w = &s->flaws[i];
		char *name = NULL;
		if (w->bad || w->dirty)
			r = aside_copy(c->f->io, c->directory, &s->segment, w->from, w->to, true, &name, e);
		if (!r && w->lost && !lost_covers(&c->lost, w->first, w->behind))
			lost[count++] = (struct lost_range){w->first, w->behind, s->segment.base, w->from,
							    w->to,    name,      w->reason};
		else
			free(name);
	}
	/* What follows the last record would stand for damage when records before it are gone. */
	if (!r && needs_rewrite(s))
		r = aside_copy(c->f->io, c->directory, &s->segment, s->at, s->end, true, NULL, e);
	if (!r && count)
		r = lost_add(&c->lost, c->f->io, c->directory, lost, count, e);
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)lost[i].aside);
	free(lost);
	return r;
}

static int copy_range(const struct file *from, int64_t at, int64_t end, const struct file *to, int64_t *out,
		      struct error *e)
{
	enum { PIECE = 1 << 20 };
	char *piece = mem_alloc(PIECE);
	int r = OK;
	while (!r && at < end) {
		size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
		ssize_t n = file_read(from, piece, want, at, e);
		if (n <= 0) {
			r = n ? (int)n : error_set(e, ERR_FAILED, "%s ends too early", from->path);
			break;
		}
		r = file_write(to, piece, (size_t)n, *out, e);
		at += n;
		*out += n;
	}
	free(piece);
	return r;
}

/* A frame that is good but for bytes that should be zero. */
static int copy_clean(const struct segment_check *s, const struct flaw *w, const struct file *to, int64_t *out,
		      struct error *e)
{
	size_t size = (size_t)(w->to - w->from);
	char *p = mem_alloc(size);
	ssize_t n = file_read(&s->segment.file, p, size, w->from, e);
	int r = n < 0 ? (int)n : (size_t)n < size ? error_set(e, ERR_FAILED, "%s ends too early", to->path) : OK;
	if (!r) {
		frame_clean(p);
		r = file_write(to, p, size, *out, e);
		*out += (int64_t)size;
	}
	free(p);
	return r;
}

/* All but what is bad, behind a whole stream line. */
static int write_good(struct shard_check *c, const struct segment_check *s, int64_t size, const struct file *to,
		      struct error *e)
{
	struct segment line = s->segment;
	struct buf text = BUF_INIT;
	if (!line.id && getrandom(&line.id, sizeof line.id, 0) != (ssize_t)sizeof line.id)
		return error_errno(e, "no random number for a segment");
	if (line.arrived < c->arrived)
		line.arrived = c->arrived;
	segment_line(&line, c->id, &text);
	int64_t out = (int64_t)text.len, at = s->segment.start;
	int r = file_write(to, text.data, text.len, 0, e);
	for (size_t i = 0; !r && i < s->count; i++) {
		const struct flaw *w = &s->flaws[i];
		if ((!w->bad && !w->dirty) || w->to <= at)
			continue;
		r = w->from > at ? copy_range(&s->segment.file, at, w->from, to, &out, e) : OK;
		if (!r && w->dirty)
			r = copy_clean(s, w, to, &out, e);
		at = w->to;
	}
	if (!r && at < size)
		r = copy_range(&s->segment.file, at, size, to, &out, e);
	buf_release(&text);
	return r;
}

static int rewrite(struct shard_check *c, const struct segment_check *s, struct error *e)
{
	struct file to;
	char *temporary = file_path("%s/+repair", c->directory);
	int r = file_open(&to, c->f->io, temporary, O_WRONLY | O_CREAT | O_TRUNC, e);
	if (!r)
		r = write_good(c, s, s->at, &to, e);
	if (!r)
		r = file_sync(&to, e);
	file_close(&to);
	/* Its places are others from now on. */
	char *index = index_path(s->segment.file.path);
	if (!r)
		r = path_remove(c->f->io, index, e);
	free(index);
	if (!r)
		r = path_rename(c->f->io, temporary, s->segment.file.path, e);
	if (!r)
		r = path_sync(c->f->io, c->directory, e);
	free(temporary);
	return r;
}

static int repair_locked(struct shard *shard, struct shard_check *c, uint64_t base, struct segment_check *s,
			 struct error *e)
{
	int r = shard_check_refresh(c, e);
	segment_check_release(s);
	if (!r)
		r = segment_check_run(s, c, base, e);
	if (r <= 0 || !s->count)
		return r;
	if (s->newest) {
		r = shard_retire(shard, e);
		if (!r)
			r = shard_check_refresh(c, e);
		segment_check_release(s);
		if (!r)
			r = segment_check_run(s, c, base, e);
		if (r <= 0)
			return r;
	}
	bool noted = true;
	for (size_t i = 0; i < s->count; i++)
		noted = noted && is_noted(c, &s->flaws[i]);
	if (noted)
		return fsck_report_segment(c, s, NULL), 1;
	r = set_aside(c, s, e);
	if (!r && needs_rewrite(s))
		r = rewrite(c, s, e);
	if (!r)
		fsck_report_segment(c, s, "set aside");
	return r ? r : 1;
}

int fsck_repair_segment(struct shard_check *c, uint64_t base, struct segment_check *s, struct error *e)
{
	struct shard shard;
	struct file tidy;
	int r = tidy_lock(&tidy, c->f->io, c->directory, true, e);
	if (r < 0)
		return r;
	if (!(r = fsck_lock_shard(&shard, c, e))) {
		r = repair_locked(&shard, c, base, s, e);
		fsck_unlock_shard(&shard);
	}
	file_close(&tidy);
	return r;
}
