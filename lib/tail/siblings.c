#include "tail/siblings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const packed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};

/* How long the ending is that tells of compression; 0: there is none. */
static size_t packed_ending(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
		size_t ending = strlen(packed[i]);
		if (len > ending && !memcmp(name + len - ending, packed[i], ending))
			return ending;
	}
	return 0;
}

const char *sibling_packed(const char *name)
{
	size_t len = strlen(name), ending = packed_ending(name, len);
	return ending ? name + len - ending : NULL;
}

/* `.1`, `-20261122`, `-2026-11-22T10_00_00Z`, `.old`: what rotation puts to a name. */
static bool is_addition(const char *p, size_t len)
{
	if (len < 2 || !strchr(".-_", *p))
		return false;
	if (len == 4 && !memcmp(p + 1, "old", 3))
		return true;
	if (p[1] < '0' || p[1] > '9')
		return false;
	for (size_t i = 2; i < len; i++)
		if (!strchr("0123456789.-_:T+Z", p[i]))
			return false;
	return true;
}

bool sibling_is(const char *base, const char *name)
{
	size_t len = strlen(name), whole = strlen(base);
	len -= packed_ending(name, len);
	if (len > whole && !memcmp(name, base, whole) && is_addition(name + whole, len - whole))
		return true;
	const char *dot = strrchr(base, '.');
	size_t stem = dot ? (size_t)(dot - base) : 0, extension = whole - stem;
	return stem && len > whole && !memcmp(name, base, stem) && !memcmp(name + len - extension, dot, extension) &&
	       is_addition(name + stem, len - whole);
}

/* -- a directory -- */

static void add(struct siblings *s, const char *name, const struct stat *st, bool rotated)
{
	if (s->count == s->capacity) {
		s->capacity = mem_grow(s->capacity, s->count + 1);
		s->items = mem_resize(s->items, s->capacity, sizeof *s->items);
	}
	s->items[s->count++] = (struct sibling){.name = mem_copy(name, strlen(name)), .st = *st, .rotated = rotated};
}

/* The number that rotation gave; a date is a large one. */
static unsigned long long number_of(const char *name)
{
	unsigned long long largest = 0;
	while (*name) {
		name += strcspn(name, "0123456789");
		char *end;
		unsigned long long n = strtoull(name, &end, 10);
		largest = n > largest ? n : largest;
		name = end > name ? end : name + (*name != 0);
	}
	return largest;
}

/* By when they were written last. Within one tick of the clock the names tell: the greater of small numbers is older, the greater
   of dates newer. */
static int compare(const void *x, const void *y)
{
	enum { DATES = 100000 };
	const struct sibling *a = x, *b = y;
	const struct timespec *s = &a->st.st_mtim, *t = &b->st.st_mtim;
	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? -1 : 1;
	if (s->tv_nsec != t->tv_nsec)
		return s->tv_nsec < t->tv_nsec ? -1 : 1;
	unsigned long long m = number_of(a->name), n = number_of(b->name);
	if (m == n)
		return strcmp(a->name, b->name);
	return (m < n) == (m < DATES && n < DATES) ? 1 : -1;
}

/* Appends what one reading of the directory finds. */
static int list_once(struct siblings *s, const char *directory, const char *base,
		     bool (*knows)(void *arg, uint64_t inode), void *arg, struct error *e)
{
	DIR *d = opendir(directory);
	if (!d)
		return OK;
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(d))) {
		struct stat st;
		bool rotated = sibling_is(base, entry->d_name);
		if ((rotated || knows(arg, (uint64_t)entry->d_ino)) && strcmp(entry->d_name, base) != 0 &&
		    !fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			add(s, entry->d_name, &st, rotated);
		errno = 0;
	}
	int r = errno ? error_errno(e, "cannot list %s", directory) : OK;
	closedir(d);
	return r;
}

/* One file beside itself, as it was seen last before as it was seen first. */
static int compare_inodes(const void *x, const void *y)
{
	const struct sibling *a = x, *b = y;
	if (a->st.st_ino != b->st.st_ino)
		return a->st.st_ino < b->st.st_ino ? -1 : 1;
	return a->seen > b->seen ? -1 : a->seen < b->seen;
}

/* Each file once; returns how many there are. */
static size_t unite(struct siblings *s)
{
	size_t kept = 0;
	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, compare_inodes);
	for (size_t i = 0; i < s->count; i++)
		if (kept && s->items[kept - 1].st.st_ino == s->items[i].st.st_ino)
			free(s->items[i].name);
		else
			s->items[kept++] = s->items[i];
	return s->count = kept;
}

int siblings_list(struct siblings *s, const char *directory, const char *base, bool (*knows)(void *arg, uint64_t inode),
		  void *arg, struct error *e)
{
	/* A file that is renamed while its directory is read may be missed: it is read until that finds no more. */
	enum { TIMES = 10 };
	size_t known = SIZE_MAX;
	int r = OK;
	*s = (struct siblings){0};
	for (int i = 0; !r && i < TIMES; i++) {
		size_t first = s->count;
		r = list_once(s, directory, base, knows, arg, e);
		for (size_t j = first; j < s->count; j++)
			s->items[j].seen = i;
		if (unite(s) == known)
			break;
		known = s->count;
	}
	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, compare);
	return r;
}

void siblings_release(struct siblings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].name);
	free(s->items);
	*s = (struct siblings){0};
}
