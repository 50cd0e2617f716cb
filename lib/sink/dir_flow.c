#include "sink/dir_flow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { PAYLOAD_MAX = 1 << 30 };

/* One of the pairs, and the end of it. */
struct pair {
	const char *name, *path;
};

static bool next_pair(const struct buf *pairs, size_t *at, struct pair *out)
{
	const char *end = pairs->data + pairs->len, *name = pairs->data + *at;
	const char *stop = *at < pairs->len ? memchr(name, 0, (size_t)(end - name)) : NULL;
	const char *last = stop ? memchr(stop + 1, 0, (size_t)(end - stop - 1)) : NULL;
	if (!last)
		return false;
	*out = (struct pair){name, stop + 1};
	*at = (size_t)(last + 1 - pairs->data);
	return true;
}

/* -- carrying out a commit -- */

/* What to do with a hidden file whose place is taken: where a rename that never overwrites is a link and a removal, the second
   may be missing. */
static int finish_link(const struct dir_flow *w, const char *hidden, const char *final, struct error *e)
{
	struct file f;
	int r = file_find(&f, w->io, hidden, O_RDONLY, e);
	bool same = r > 0 && w->io->linked(w->io, f.fd, final) > 0;
	file_close(&f);
	if (r <= 0)
		return r;
	if (!same)
		return error_set(e, ERR_FAILED, "cannot publish %s as %s: a file of that name is there", hidden, final);
	r = path_remove(w->io, hidden, e);
	return r ? r : 1;
}

/* Its directory is not there: it may have gone with the files that were in it. */
static int remake_directory(const struct dir_flow *w, const char *hidden, const char *final, struct error *e)
{
	struct file f;
	int r = file_find(&f, w->io, hidden, O_RDONLY, e);
	file_close(&f);
	if (r <= 0)
		return r;
	char *dir = path_parent(final);
	r = dir_make(w->io, dir, e);
	free(dir);
	return r ? r : path_rename_new(w->io, hidden, final, e);
}

/*
 * A hidden file goes where it belongs: 1. If it is not there, it has gone: renamed by the run that committed it, perhaps taken
 * away since by those whom it was for: 0.
 */
static int publish_one(const struct dir_flow *w, const char *hidden, const char *final, struct error *e)
{
	int r = path_rename_new(w->io, hidden, final, e);
	if (!r)
		return finish_link(w, hidden, final, e);
	return r < 0 && errno == ENOENT ? remake_directory(w, hidden, final, e) : r;
}

/* The directories that files were renamed to. */
struct dirs {
	char **names;
	size_t count, capacity;
};

static void dirs_add(struct dirs *d, char *name)
{
	if (d->count == d->capacity) {
		d->capacity = mem_grow(d->capacity, d->count + 1);
		d->names = mem_resize(d->names, d->capacity, sizeof *d->names);
	}
	d->names[d->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each once. Those of files that had gone before, too: who renamed them may have died before that was durable. */
static int dirs_sync(struct dirs *d, const struct files *io, struct error *e)
{
	int r = OK;
	if (d->count)
		qsort(d->names, d->count, sizeof *d->names, compare_names);
	for (size_t i = 0; i < d->count && !r; i++) {
		if (i && !strcmp(d->names[i], d->names[i - 1]))
			continue;
		r = path_sync(io, d->names[i], e);
		if (r && errno == ENOENT)
			r = OK;
	}
	return r;
}

static void dirs_release(struct dirs *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->names[i]);
	free(d->names);
}

static int publish(const struct dir_flow *w, const struct buf *pairs, struct error *e)
{
	struct pair p;
	struct dirs dirs = {0};
	int r = OK;
	for (size_t at = 0; r >= 0 && next_pair(pairs, &at, &p);) {
		char *hidden = file_path("%s/%s", w->work, p.name), *final = file_path("%s/%s", w->fixed, p.path);
		r = publish_one(w, hidden, final, e);
		dirs_add(&dirs, path_parent(final));
		free(hidden);
		free(final);
	}
	if (r >= 0)
		r = dirs_sync(&dirs, w->io, e);
	dirs_release(&dirs);
	return r;
}

/* -- taking over -- */

static int read_pairs(const struct ledger_entry *x, struct buf *out, struct error *e)
{
	if (x->payload > PAYLOAD_MAX)
		return error_set(e, ERR_FAILED, "%s is damaged: too many names", x->file.path);
	if (!x->payload)
		return OK;
	ssize_t n = file_read(&x->file, buf_reserve(out, (size_t)x->payload), (size_t)x->payload, 0, e);
	out->len = n > 0 ? (size_t)n : 0;
	return n < 0 ? (int)n : OK;
}

struct remains {
	uint64_t before;
	struct buf names; /* each with its NUL */
};

static void look(void *arg, const char *name)
{
	struct remains *old = arg;
	char *end;
	uint64_t epoch = strtoull(name, &end, 10);
	if (*name >= '0' && *name <= '9' && *end == '-' && epoch < old->before)
		buf_append(&old->names, name, strlen(name) + 1);
}

/* After the last commit was carried out all that earlier runs have hidden here is in none. */
static int clean(const struct dir_flow *w, struct error *e)
{
	struct remains old = {.before = w->epoch};
	int r = path_list(w->io, w->work, look, &old, e);
	for (size_t at = 0; at < old.names.len && !r; at += strlen(old.names.data + at) + 1) {
		char *path = file_path("%s/%s", w->work, old.names.data + at);
		r = path_remove(w->io, path, e);
		free(path);
	}
	buf_release(&old.names);
	return r;
}

int dir_flow_open(struct dir_flow *w, const struct files *io, const char *fixed, const char *flow, uint64_t epoch,
		  struct ledger_entry *last, struct error *e)
{
	struct buf pairs = BUF_INIT;
	*last = (struct ledger_entry){.file = FILE_CLOSED};
	*w = (struct dir_flow){.io = io, .epoch = epoch, .fixed = mem_copy(fixed, strlen(fixed))};
	w->work = file_path("%s/.stream-%s", fixed, flow);
	ledger_init(&w->ledger, io, w->work, "commit");
	int r = *flow && !strchr(flow, '/') ? dir_make(io, fixed, e)
					    : error_set(e, ERR_FAILED, "`%s` is no name of a flow", flow);
	if (!r)
		r = ledger_take(&w->ledger, epoch, last, e);
	if (!r)
		r = read_pairs(last, &pairs, e);
	if (!r)
		r = publish(w, &pairs, e);
	if (!r)
		r = clean(w, e);
	buf_release(&pairs);
	return r;
}

/* -- files of this run -- */

int dir_flow_hide(const struct dir_flow *w, struct dir_file *f, struct error *e)
{
	char *path = file_path("%s/%" PRIu64 "-%s.part", w->work, w->epoch, f->final + f->dir_len + 1);
	int r = dir_file_hide(f, path, e);
	free(path);
	return r;
}

void dir_flow_add(struct dir_flow *w, struct dir_file *f)
{
	const char *path = f->final;
	size_t above = strlen(w->fixed);
	if (!strncmp(path, w->fixed, above) && (path[above] == '/' || w->fixed[above - 1] == '/'))
		path += above;
	path += strspn(path, "/");
	buf_string_append(&w->ready, strrchr(f->file.path, '/') + 1);
	buf_byte(&w->ready, 0);
	buf_string_append(&w->ready, path);
	buf_byte(&w->ready, 0);
	dir_file_leave(f);
}

int dir_flow_prepare(struct dir_flow *w, struct error *e)
{
	return w->ready.len ? path_sync(w->io, w->work, e) : OK;
}

int dir_flow_commit(struct dir_flow *w, uint64_t n, const void *state, size_t len, struct error *e)
{
	int r = w->ready.len ? ledger_add(&w->ledger, w->ready.data, w->ready.len, e) : OK;
	w->decided = true;
	if (!r)
		r = ledger_commit(&w->ledger, n, state, len, e);
	if (!r)
		r = publish(w, &w->ready, e);
	if (r)
		return r;
	buf_clear(&w->ready);
	w->decided = false;
	return OK;
}

void dir_flow_release(struct dir_flow *w)
{
	struct pair p;
	for (size_t at = 0; !w->decided && next_pair(&w->ready, &at, &p);) {
		char *path = file_path("%s/%s", w->work, p.name);
		path_remove(w->io, path, NULL);
		free(path);
	}
	ledger_release(&w->ledger);
	buf_release(&w->ready);
	free(w->fixed);
	free(w->work);
	*w = (struct dir_flow){0};
}
