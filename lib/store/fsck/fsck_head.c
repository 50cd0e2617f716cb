#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/fsck/fsck_private.h"

/* The head, and whether the newest segment is the one it speaks of. */

/* NULL if nothing is wrong with it. One that is empty belongs to a shard that nobody has written to so far, or was lost in a
   crash, which it may be; the segments tell. */
static const char *find_fault(const struct shard_check *c, struct error *why)
{
	struct head h;
	if (c->head.fd < 0)
		return "the head is missing";
	if (head_read(&c->head, &h, why))
		return why->text;
	if (h.suspect)
		return h.generation ? "a slot of the head is damaged" : "the head is damaged";
	return NULL;
}

int fsck_head(struct shard_check *c, struct error *e)
{
	struct shard_locks locks;
	struct error why;
	const char *fault = find_fault(c, &why);
	if (!fault)
		return OK;
	int r = shard_check_lock(c, &locks, e);
	if (r < 0)
		return r;
	fault = find_fault(c, &why);
	if (r)
		shard_check_unlock(&locks);
	if (!fault)
		return OK;
	if (c->f->options->repair && (r = fsck_repair_head(c, 0, 0, fault, e)))
		return r;
	char *path = file_path("%s/head", c->directory);
	fsck_fault(c->f, c->id, path, c->f->options->repair ? "made anew" : NULL, "%s", fault);
	free(path);
	return c->f->options->repair ? shard_check_refresh(c, e) : OK;
}

static int report_unread(struct shard_check *c, int64_t size, struct error *e)
{
	struct finding d = {
		.fault = true,
		.shard = c->id,
		.file = file_path("%s/%020" PRIu64 ".seg", c->directory, c->limit.base),
		.from = c->limit.bytes,
		.to = size,
		.problem = "what follows the last good record cannot be read: nobody knows whether it was promised",
		.repair = c->f->options->repair ? "set aside" : NULL,
	};
	int r = c->f->options->repair ? fsck_repair_unread(c, size, e) : OK;
	if (!r)
		fsck_report(c->f, &d);
	free((char *)(uintptr_t)d.file);
	return r;
}

int fsck_unread(struct shard_check *c, struct error *e)
{
	struct shard_locks locks;
	struct segment newest;
	int64_t size = 0;
	if (!c->limit.unread)
		return OK;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	if (held > 0)
		shard_check_unlock(&locks);
	if (r || !c->limit.unread)
		return r;
	r = segment_open(&newest, c->f->io, c->directory, c->id, c->limit.base, O_RDONLY, e);
	if (r > 0) {
		r = file_size(&newest.file, &size, e);
		segment_close(&newest);
	}
	return r ? r : report_unread(c, size, e);
}

static bool lists(const struct shard_check *c, uint64_t base)
{
	size_t i = segment_list_find(&c->list, base);
	return i < c->list.count && c->list.bases[i] == base;
}

static const char not_there[] = "the newest segment is not there";
static const char replaced[] = "another file stands in the place of the newest segment";

/* NULL if the head's segment is there. One in which nothing is durable may have been replaced just now. */
static const char *find_newest_fault(const struct shard_check *c)
{
	struct segment s;
	if (c->limit.searched)
		return NULL;
	if (!lists(c, c->limit.base))
		return not_there;
	if (segment_open_bounded(&s, c->f->io, c->directory, c->id, c->limit.base, UINT64_MAX, O_RDONLY, NULL) <= 0)
		return NULL;
	bool other = s.id && s.id != c->limit.segment && c->limit.seq > c->limit.base;
	segment_close(&s);
	return other ? replaced : NULL;
}

static int report_newest(struct shard_check *c, const char *fault, struct error *e)
{
	uint64_t first = c->limit.base, behind = c->limit.seq;
	bool repair = c->f->options->repair;
	int r = repair && fault == replaced ? fsck_repair_stranger(c, first, e) : OK;
	if (!r && repair)
		r = fsck_repair_head(c, first, behind, fault, e);
	char *path = file_path("%s/%020" PRIu64 ".seg", c->directory, first);
	if (!r)
		fsck_report(c->f, &(struct finding){.fault = true,
						    .shard = c->id,
						    .file = path,
						    .from = -1,
						    .to = -1,
						    .first = first,
						    .behind = behind,
						    .problem = fault,
						    .repair = repair ? "a new one begins behind it" : NULL});
	free(path);
	return r;
}

int fsck_newest(struct shard_check *c, struct error *e)
{
	struct shard_locks locks;
	if (!find_newest_fault(c))
		return OK;
	int held = shard_check_lock(c, &locks, e);
	int r = held < 0 ? held : shard_check_refresh(c, e);
	const char *fault = r ? NULL : find_newest_fault(c);
	if (held > 0)
		shard_check_unlock(&locks);
	return fault ? report_newest(c, fault, e) : r;
}
