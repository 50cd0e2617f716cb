#include "run/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/state_file.h"

enum { NAME_LENGTH = 128, TRIES = 20, PAUSE_MS = 10 };

int place_check_name(const char *name, struct error *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	if (*name && *name != '.' && strlen(name) <= NAME_LENGTH && !name[strspn(name, letters)])
		return 0;
	return error_set(e, ERR_USAGE, "`%s` is no name: it has letters, digits, `_`, `.` and `-`, and no `.` in front",
			 name);
}

static char *directory_of(const char *home, const char *name)
{
	return state_path("%s/.runs/%s", home, name);
}

/* -- taking -- */

static bool is_same(int fd, const char *path)
{
	struct stat ours, theirs;
	return !fstat(fd, &ours) && !stat(path, &theirs) && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

/* 1: locked, and still what the name stands for; 0: somebody has it, or has just removed it. */
static int try_lock(const char *directory, int flags, int *lock, struct error *e)
{
	char *path = state_path("%s/lock", directory);
	int r = 0, fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	*lock = -1;
	if (fd < 0)
		r = errno == ENOENT ? 0 : error_errno(e, "%s", path);
	else if (!flock(fd, LOCK_EX | LOCK_NB))
		r = is_same(fd, path);
	else if (errno != EWOULDBLOCK)
		r = error_errno(e, "%s", path);
	if (r > 0)
		*lock = fd;
	else if (fd >= 0)
		close(fd);
	free(path);
	return r;
}

static int refuse(const char *home, const char *name, struct error *e)
{
	struct place_note n = {0};
	char *directory = NULL;
	place_look(home, name, &directory, &n, e);
	error_set(e, ERR_FAILED,
		  "a pipeline with the name %s runs already (process %" PRId64 "); see stream-run --list %s", name,
		  n.pid, name);
	place_note_release(&n);
	free(directory);
	return ERR_FAILED;
}

int place_take(struct place *p, const char *home, const char *name, struct error *e)
{
	char *path = directory_of(home, name);
	int r = 0;
	/* Who lists the names holds a lock for a moment, to see whether it is free. */
	for (int i = 0; !r && i < TRIES; i++) {
		if (i)
			poll(NULL, 0, PAUSE_MS);
		r = state_mkdirs(path, e);
		if (!r)
			r = try_lock(path, O_CREAT, &p->lock, e);
	}
	p->directory = r > 0 ? realpath(path, NULL) : NULL;
	if (!r)
		r = refuse(home, name, e);
	free(path);
	if (r < 0)
		return r;
	place_clear(p);
	return 0;
}

/* -- what is there -- */

static bool is_of_a_start(const char *name)
{
	return !strcmp(name, "statuses") || (*name && !name[strspn(name, "0123456789")]);
}

static int remove_one(void *self, const char *name, struct error *e)
{
	char *path = state_path("%s/%s", (const char *)self, name);
	(void)e;
	if (is_of_a_start(name))
		unlink(path);
	free(path);
	return 0;
}

static int remove_any(void *self, const char *name, struct error *e)
{
	char *path = state_path("%s/%s", (const char *)self, name);
	(void)e;
	/* The lock is last: until then the name is ours. */
	if (strcmp(name, "lock") && strcmp(name, ".") && strcmp(name, ".."))
		unlink(path);
	free(path);
	return 0;
}

void place_clear(const struct place *p)
{
	struct error ignored;
	state_list(p->directory, remove_one, p->directory, &ignored);
}

/* Of a directory whose lock we have. */
static void remove_all(char *directory)
{
	struct error ignored;
	char *lock = state_path("%s/lock", directory);
	state_list(directory, remove_any, directory, &ignored);
	unlink(lock);
	rmdir(directory);
	free(lock);
}

void place_leave(struct place *p)
{
	if (!p->directory)
		return;
	remove_all(p->directory);
	close(p->lock);
	free(p->directory);
	*p = (struct place){.lock = -1};
}

/* -- what it says -- */

int place_save(const struct place *p, const struct place_note *n, struct error *e)
{
	struct buf text = BUF_INIT;
	buf_printf(&text, "run 1\npid %" PRId64 "\nsince %" PRId64 "\ngroup %" PRId64 "\n", n->pid, n->since, n->group);
	buf_printf(&text, "starts %" PRIu64 "\nagain %" PRId64 "\npipeline ", n->starts, n->again);
	for (const char *c = n->pipeline; *c; c++)
		buf_byte(&text, (unsigned char)*c < ' ' ? ' ' : *c);
	buf_byte(&text, '\n');
	int r = state_save(&text, p->directory, "run", (uint64_t)getpid(), false, e);
	buf_release(&text);
	return r;
}

static void take_line(struct place_note *n, const char *word, const char *rest)
{
	const struct {
		const char *word;
		int64_t *to;
	} numbers[] = {{"pid", &n->pid}, {"since", &n->since}, {"group", &n->group}, {"again", &n->again}};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!strcmp(word, numbers[i].word))
			*numbers[i].to = strtoll(rest, NULL, 10);
	if (!strcmp(word, "starts"))
		n->starts = strtoull(rest, NULL, 10);
	if (!strcmp(word, "pipeline") && !n->pipeline)
		n->pipeline = mem_copy(rest, strlen(rest));
}

void place_note_release(struct place_note *n)
{
	free(n->pipeline);
	n->pipeline = NULL;
}

int place_look(const char *home, const char *name, char **directory, struct place_note *n, struct error *e)
{
	struct buf text = BUF_INIT;
	char *word, *rest;
	int lock;
	*n = (struct place_note){0};
	*directory = directory_of(home, name);
	int r = try_lock(*directory, 0, &lock, e);
	if (r > 0) {
		remove_all(*directory);
		close(lock);
	}
	if (r)
		return r < 0 ? r : 0;
	r = state_load(*directory, "run", &text, e);
	for (size_t at = 0; r > 0 && state_line(&text, &at, &word, &rest);)
		take_line(n, word, rest);
	buf_release(&text);
	return r;
}

/* -- all of them -- */

struct listing {
	const char *home;
	struct place_names *names;
};

static int add(void *self, const char *name, struct error *e)
{
	struct listing *l = self;
	struct place_note n;
	char *directory;
	if (place_check_name(name, e))
		return 0;
	int r = place_look(l->home, name, &directory, &n, e);
	place_note_release(&n);
	free(directory);
	if (r <= 0)
		return r;
	l->names->items = mem_resize(l->names->items, l->names->count + 1, sizeof *l->names->items);
	l->names->items[l->names->count++] = mem_copy(name, strlen(name));
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int place_list(const char *home, struct place_names *names, struct error *e)
{
	struct listing l = {home, names};
	char *path = state_path("%s/.runs", home);
	*names = (struct place_names){0};
	int r = state_list(path, add, &l, e);
	if (names->count)
		qsort(names->items, names->count, sizeof *names->items, compare);
	free(path);
	return r;
}

void place_names_release(struct place_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct place_names){0};
}
