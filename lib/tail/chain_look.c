#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "tail/chain_private.h"

/* What became of the files of a path. */

static void warn(const struct chain *c, const char *format, ...)
{
	char text[PATH_MAX + 256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	c->options->warn(c->options->warn_arg, text);
}

static void rename_source(struct source *s, const char *name)
{
	if (!strcmp(s->place.name, name))
		return;
	free(s->place.name);
	s->place.name = mem_copy(name, strlen(name));
}

/* Opens what is in the directory: 1; 0: it went away, or may not be read. */
static int open_sibling(struct look *l, const struct sibling *s)
{
	char *path = file_path("%s/%s", l->c->directory, s->name);
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	free(path);
	if (fd < 0) {
		l->moved |= errno == ENOENT;
		return -1;
	}
	if (!fstat(fd, &st) && st.st_ino == s->st.st_ino && st.st_dev == s->st.st_dev)
		return fd;
	l->moved = true;
	close(fd);
	return -1;
}

/* Opens what the path names: 1; 0: nothing. */
static int open_path(struct look *l, struct error *e)
{
	const struct chain *c = l->c;
	l->fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (l->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (l->fd < 0 || fstat(l->fd, &l->st))
		return error_errno(e, "%s", c->shown);
	if (S_ISREG(l->st.st_mode))
		return 1;
	return error_set(e, ERR_USAGE, "%s: %s; stream-cat -i lines reads what is no regular file", c->shown,
			 S_ISDIR(l->st.st_mode) ? "is a directory" : "does not grow and rotate");
}

/* Whether fd, of the same inode, is the file that was read; as far as it was. */
static int is_same(const struct source *s, int fd, const struct stat *st, struct error *e)
{
	int r = mark_holds(&s->place.mark, fd, e);
	if (r <= 0 || s->place.packed || !s->place.offset)
		return r;
	return st->st_size >= s->place.offset ? source_is_copied(s, fd, false, e) : 0;
}

static bool has_more(const struct source *s, const struct stat *st)
{
	return s->place.packed ? !s->place.done : st->st_size > s->place.offset;
}

/* A known file, by its inode: goes on if there is more to read; takes fd over. `named`: by the path itself. */
static int meet(struct source *s, int fd, const struct stat *st, bool named, bool *found, struct error *e)
{
	bool reused = !mark_same_birth(&s->place.mark, fd);
	int r = reused ? 0 : is_same(s, fd, st, e);
	*found = r > 0;
	if (reused)
		s->place.mark.device = s->place.mark.inode = 0;
	else if (!r)
		s->over = true; /* it was truncated, or written over, while nobody looked */
	if (r > 0 && (named || has_more(s, st)))
		return source_open(s, fd, e);
	close(fd);
	return r < 0 ? r : OK;
}

static bool knows_inode(void *arg, uint64_t inode)
{
	const struct chain *c = arg;
	for (size_t i = 0; i < c->count; i++)
		if (!c->items[i]->over && c->items[i]->place.mark.inode == inode)
			return true;
	return false;
}

static struct source *find_known(struct look *l, const struct stat *st, size_t *i)
{
	for (*i = 0; *i < l->known; ++*i) {
		struct source *s = l->c->items[*i];
		if (!s->over && mark_same_file(&s->place.mark, st))
			return s;
	}
	return NULL;
}

/* Those whose inode is there. */
static int meet_siblings(struct look *l, struct error *e)
{
	int r = OK;
	for (size_t j = 0; !r && j < l->siblings.count; j++) {
		struct sibling *at = &l->siblings.items[j];
		size_t i;
		struct source *s = find_known(l, &at->st, &i);
		if (!s)
			continue;
		int fd = s->fd >= 0 ? -1 : open_sibling(l, at);
		l->found[i] = s->fd >= 0 || fd < 0;
		if (fd >= 0)
			r = meet(s, fd, &at->st, false, &l->found[i], e);
		at->taken = l->found[i];
		if (at->taken)
			rename_source(s, at->name);
	}
	return r;
}

/* What the path names may be the file that it has named; returns whether it is known. */
static int meet_path(struct look *l, struct error *e)
{
	size_t i;
	struct source *s = l->fd >= 0 ? find_known(l, &l->st, &i) : NULL;
	int r = OK;
	if (!s)
		return OK;
	if (s->fd >= 0) {
		l->found[i] = true;
		close(l->fd);
	} else {
		r = meet(s, fcntl(l->fd, F_DUPFD_CLOEXEC, 3), &l->st, true, &l->found[i], e);
		if (!l->found[i])
			return r;
		close(l->fd);
	}
	l->fd = -1;
	l->named = s;
	rename_source(s, l->c->base);
	s->parted = false;
	/* It is the last one, also when it was renamed back. */
	memmove(l->c->items + i, l->c->items + i + 1, (l->c->count - i - 1) * sizeof *l->c->items);
	memmove(l->found + i, l->found + i + 1, (l->known - i - 1) * sizeof *l->found);
	l->c->items[l->c->count - 1] = s;
	l->found[l->known - 1] = true;
	return r;
}

/* The copy takes the place of the file that is no more. */
static int adopt(struct source *s, int fd, const struct sibling *at, struct error *e)
{
	struct mark mark = mark_of(fd, &at->st);
	uint32_t len = s->place.mark.len;
	uint64_t hash = s->place.mark.hash;
	bool packed = sibling_is_packed(at->name);
	int r = packed ? mark_take(&mark, fd, at->st.st_size, e) : OK;
	source_close(s);
	s->over = false;
	s->parted = true;
	s->place.mark = mark;
	s->place.packed = packed;
	if (!packed) {
		s->place.mark.len = len;
		s->place.mark.hash = hash;
	}
	rename_source(s, at->name);
	if (!r)
		return source_open(s, fd, e);
	close(fd);
	return r;
}

/* Whether a file that was there at the first look is to be read. */
static bool is_wanted(const struct chain *c, const struct stat *st, bool predecessor)
{
	const struct chain_options *o = c->options;
	if (!c->first || !c->fresh)
		return !predecessor || !c->fresh || o->predecessors;
	if (predecessor && !o->predecessors)
		return false;
	return o->first == FIRST_START || (o->first == FIRST_TIME && source_written(st) >= o->time);
}

/* A file that nobody has read; takes fd over. */
static int add_source(struct look *l, int fd, const struct stat *st, const char *name, bool wanted, struct error *e)
{
	struct chain *c = l->c;
	bool packed = strcmp(name, c->base) != 0 && sibling_is_packed(name);
	struct source *s = source_new(fd, st, name, packed);
	chain_append(c, s);
	if (packed) {
		int r = mark_take(&s->place.mark, fd, st->st_size, e);
		s->place.done = !wanted;
		if (!r && wanted)
			return source_open(s, fd, e);
		source_close(s);
		return r;
	}
	if (wanted)
		return mark_take(&s->place.mark, fd, st->st_size, e);
	int64_t offset = st->st_size;
	int64_t lines = c->options->first == FIRST_LINES ? c->options->lines : 0;
	int r = strcmp(name, c->base) ? OK : source_last_lines(fd, st->st_size, lines, &offset, e);
	return r ? r : source_seek(s, offset, st->st_size, e);
}

/* Whether a file that is open holds something else by now: 1 or 0. */
static int is_truncated(const struct source *s, struct error *e)
{
	struct stat st;
	if (fstat(s->fd, &st))
		return error_errno(e, "%s", s->place.name);
	int r = st.st_size < s->place.offset ? 0 : mark_holds(&s->place.mark, s->fd, e);
	return r < 0 ? r : !r;
}

/* Those that are open and were truncated, whatever their names are now, are over: 1: there are some; 0: none. */
static int end_truncated(struct look *l, struct error *e)
{
	bool any = false;
	for (size_t i = 0; i < l->known; i++) {
		struct source *s = l->c->items[i];
		int r = s->fd < 0 || s->over || s->place.packed ? 0 : is_truncated(s, e);
		if (r < 0)
			return r;
		s->over |= r;
		any |= r;
	}
	l->moved |= any;
	return any;
}

/* A sibling whose inode is not known. */
static int take_stranger(struct look *l, struct sibling *at, struct error *e)
{
	struct chain *c = l->c;
	size_t i;
	bool itself = l->fd >= 0 && at->st.st_ino == l->st.st_ino && at->st.st_dev == l->st.st_dev; /* by a link */
	int fd = itself ? -1 : open_sibling(l, at);
	if (fd < 0)
		return OK;
	int r = look_original(l, fd, at, &i, e);
	if (r > 0) {
		l->found[i] = true;
		return adopt(c->items[i], fd, at, e);
	}
	if (!r)
		r = look_is_copy(l, fd, at, e);
	/* It is no copy of what a file holds by now: of what that held it is found in the next look. */
	if (!r)
		r = end_truncated(l, e);
	if (!r && at->rotated && at->st.st_size > 0 && !c->options->elsewhere(c->options->elsewhere_arg, &at->st, fd)) {
		bool wanted = is_wanted(c, &at->st, true);
		r = add_source(l, fd, &at->st, at->name, wanted, e);
		c->items[c->count - 1]->parted = true;
		if (!r && !wanted)
			source_close(c->items[c->count - 1]);
		return r;
	}
	close(fd);
	return r < 0 ? r : OK;
}

/* What was known and is not there: nothing is to be had of it any more. What was being read when an earlier run ended may
   have had more. */
static void forget_missing(struct look *l)
{
	struct chain *c = l->c;
	const struct source *last = l->known ? c->items[l->known - 1] : NULL;
	if (c->resumed && last && last->fd < 0 && !l->found[l->known - 1] && last->place.offset && !last->place.done)
		warn(c,
		     "%s: the file that was read up to byte %lld is gone, or was truncated, while nobody read it; what "
		     "it "
		     "had behind that is lost",
		     c->shown, (long long)last->place.offset);
	for (size_t i = l->known; i-- > 0;)
		if (!l->found[i] && c->items[i]->fd < 0)
			chain_drop(c, i);
}

static int look_around(struct look *l, struct error *e)
{
	struct chain *c = l->c;
	int r = end_truncated(l, e);
	if (r < 0)
		return r;
	/* Open ones are there as long as they are open, unless they were truncated. */
	for (size_t i = 0; i < l->known; i++)
		l->found[i] = c->items[i]->fd >= 0 && !c->items[i]->over;
	r = meet_path(l, e);
	if (!r)
		r = meet_siblings(l, e);
	for (size_t j = 0; !r && j < l->siblings.count; j++)
		if (!l->siblings.items[j].taken)
			r = take_stranger(l, &l->siblings.items[j], e);
	return r;
}

/* The newest is what the path names, and nothing else has happened. */
static bool is_unchanged(const struct chain *c)
{
	struct stat st;
	const struct source *s = c->count ? c->items[c->count - 1] : NULL;
	if (!s || c->fresh || c->resumed || s->over)
		return false;
	if (stat(c->path, &st))
		return errno == ENOENT && s->parted;
	return s->fd >= 0 && mark_same_file(&s->place.mark, &st);
}

static void part_all(struct chain *c, bool but_last)
{
	for (size_t i = 0; i + but_last < c->count; i++) {
		if (!c->items[i]->parted)
			c->items[i]->grown = monotonic_now();
		c->items[i]->parted = true;
	}
}

/* What the path names is the last one: older ones may have been found since. */
static void put_last(struct chain *c, struct source *s)
{
	for (size_t i = 0; s && i + 1 < c->count; i++)
		if (c->items[i] == s) {
			c->items[i] = c->items[i + 1];
			c->items[i + 1] = s;
		}
}

/* `there`: the path names a file. */
static int finish(struct look *l, bool there, struct error *e)
{
	struct chain *c = l->c;
	struct stat link;
	int r = OK;
	forget_missing(l);
	put_last(c, l->named);
	part_all(c, there && l->fd < 0);
	if (l->fd >= 0 && !c->options->elsewhere(c->options->elsewhere_arg, &l->st, l->fd)) {
		r = add_source(l, l->fd, &l->st, c->base, is_wanted(c, &l->st, false), e);
		l->fd = -1;
	}
	c->link = !lstat(c->path, &link) && S_ISLNK(link.st_mode);
	c->fresh = c->resumed = false;
	c->missed &= !there;
	return r;
}

/* Meets all that is there. *there: the path names a file. */
static int look_once(struct look *l, bool *there, struct error *e)
{
	struct chain *c = l->c;
	*l = (struct look){.c = c, .known = c->count, .fd = -1};
	int r = open_path(l, e);
	*there = r > 0;
	if (r >= 0)
		r = siblings_list(&l->siblings, c->directory, c->base, knows_inode, c, e);
	if (r)
		return r;
	l->found = mem_zero(l->known * sizeof *l->found + 1);
	l->packed = mem_zero(l->known * sizeof *l->packed + 1);
	return look_around(l, e);
}

static void end_look(struct look *l)
{
	if (l->fd >= 0)
		close(l->fd);
	siblings_release(&l->siblings);
	free(l->found);
	free(l->packed);
}

int chain_look(struct chain *c, struct error *e)
{
	/* Names may shift between the listing and the opening: only what a quiet look has not met is gone. */
	enum { TIMES = 20 };
	struct look l = {.c = c};
	bool there;
	if (is_unchanged(c))
		return OK;
	int r = look_once(&l, &there, e);
	for (int i = 0; !r && l.moved && i < TIMES; i++) {
		end_look(&l);
		r = look_once(&l, &there, e);
	}
	if (!r)
		r = finish(&l, there, e);
	end_look(&l);
	return r;
}
