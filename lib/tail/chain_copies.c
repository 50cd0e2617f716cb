/* What a file that nobody has met is a copy of. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tail/chain_private.h"

/*
 * Whether it may be what `at` is a copy of: it is no more. Files of few bytes may well begin alike, with a header and nothing else
 * yet: of those a plain copy is made of what the path named, or of one that was written over (`cp log.1 log.2`), and of no
 * other one.
 */
static bool may_be_original(const struct look *l, size_t i, bool packed)
{
	const struct source *s = l->c->items[i];
	bool rewritten = s->over && s->place.mark.born;
	return !l->found[i] && (packed || s->place.mark.len == MARK_BYTES || i + 1 == l->known || rewritten);
}

/* The one that was read furthest: others may only begin as that does. */
int look_original(struct look *l, int fd, const struct sibling *at, size_t *i, struct error *e)
{
	bool packed = sibling_is_packed(at->name);
	int64_t best = 0;
	for (size_t j = 0; j < l->known; j++) {
		const struct source *s = l->c->items[j];
		if (s->place.offset <= best || !may_be_original(l, j, packed))
			continue;
		int r = source_is_copied(s, fd, packed, e);
		if (r < 0)
			return r;
		if (r) {
			best = s->place.offset;
			*i = j;
		}
	}
	return best > 0;
}

/* Whether `part`, of *st, is a copy of fd, or a part of one that is being made. What was made, or written last, before fd was made
   is none. */
static int is_part(int part, const struct stat *st, int fd, struct error *e)
{
	int64_t made = mark_born(fd), copied = mark_born(part);
	return (copied && copied <= made) || source_written(st) < made ? 0 : source_begins_with(fd, part, st, e);
}

/* Open, and without a name: if it was compressed, that is done. */
static bool is_removed(const struct source *s)
{
	struct stat st;
	return s->fd >= 0 && !fstat(s->fd, &st) && !st.st_nlink;
}

/* A file of the chain that is there; -1: not any more. */
static int open_known(const struct look *l, const struct source *s)
{
	if (s->fd >= 0)
		return fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	char *path = file_path("%s/%s", l->c->directory, s->place.name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	free(path);
	return fd;
}

/*
 * A copy, or a part of one that is being made, of a known file that is there. Rotation copies what the path names, and
 * compresses any, once. Another file that has the same lines is no copy: so are the logs of a job that always says the same.
 */
static int copies_known(const struct look *l, size_t i, int part, const struct sibling *at, struct error *e)
{
	const struct source *s = l->c->items[i];
	bool packed = sibling_is_packed(at->name), gone = packed && is_removed(s);
	if (!l->found[i] || s->place.packed || (packed && l->packed[i]) ||
	    !(s == l->named || gone || (packed && s->place.mark.len == MARK_BYTES)))
		return 0;
	int fd = open_known(l, s);
	if (fd < 0)
		return 0;
	int r = gone     ? source_packs_whole(fd, part, e)
		: packed ? source_packs(s, fd, part, e)
			 : is_part(part, &at->st, fd, e);
	l->packed[i] |= packed && r > 0;
	close(fd);
	return r;
}

int look_is_copy(const struct look *l, int part, const struct sibling *at, struct error *e)
{
	const char *ending = sibling_packed(at->name);
	size_t len = ending ? (size_t)(ending - at->name) : 0;
	int r = 0;
	for (size_t j = 0; len && !r && j < l->siblings.count; j++)
		r = strlen(l->siblings.items[j].name) == len && !memcmp(l->siblings.items[j].name, at->name, len);
	if (l->fd >= 0 && !len && !r)
		r = is_part(part, &at->st, l->fd, e);
	for (size_t i = 0; !r && i < l->known; i++)
		r = copies_known(l, i, part, at, e);
	return r;
}
