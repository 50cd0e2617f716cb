/* Finding the snapshot that a run begins with, and reading it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/snapshot.h"
#include "flow/state_file.h"
#include "format/frame.h"
#include "record/batch_rows.h"

/* -- finding -- */

/* Those of one line, newest first. */
struct found {
	uint64_t n, epoch;
	bool whole;
};

struct line {
	uint64_t n, epoch;
	struct found *items;
	size_t count;
};

static int look(void *self, const char *name, struct error *e)
{
	struct line *l = self;
	struct found f = {0};
	(void)e;
	f.whole = state_name_read(name, ".whole", &f.n, &f.epoch);
	if (!f.whole && !state_name_read(name, ".change", &f.n, &f.epoch))
		return 0;
	/* Of checkpoint 0 there is one, by whichever run was the first. */
	if (l->n ? f.epoch != l->epoch || f.n > l->n : f.n > 0)
		return 0;
	l->items = mem_resize(l->items, l->count + 1, sizeof *l->items);
	l->items[l->count++] = f;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	/* Both of checkpoint 0: the first run's. */
	return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

/* Keeps those from the newest back to a whole one. */
static int trim(const struct snapshots *s, struct line *l, struct error *e)
{
	if (l->count)
		qsort(l->items, l->count, sizeof *l->items, newest_first);
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].whole) {
			l->count = i + 1;
			return 0;
		}
	return l->count ? error_set(e, ERR_FAILED, "%s has changes, and no whole snapshot that they belong to",
				    s->directory)
			: 0;
}

/* -- reading -- */

struct mapped {
	char *data;
	size_t len;
};

static int map(const char *path, struct mapped *m, struct error *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		int r = error_errno(e, "%s", path);
		if (fd >= 0)
			close(fd);
		return r;
	}
	m->len = (size_t)st.st_size;
	m->data = m->len ? mmap(NULL, m->len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	int r = m->data == MAP_FAILED ? error_set(e, ERR_FAILED, "%s is damaged", path) : 0;
	close(fd);
	return r;
}

struct reading {
	struct snapshots *s;
	struct snapshot_sides *sides; /* NULL: those of a newer one count */
	int (*take)(void *self, struct batch *b, struct error *e);
	void *self;
	struct frame_reader *frames;
	struct batch b;
	bool head, end;
};

static bool is_text(struct value v, const char *text)
{
	return v.type == TYPE_STRING && v.len == strlen(text) && !memcmp(v.s, text, v.len);
}

static int read_head(struct reading *r, struct error *e)
{
	struct value version = batch_get(&r->b, 0, "version");
	if (r->b.rows != 1 || !is_text(batch_get(&r->b, 0, "snapshot"), r->s->command))
		return error_set(e, ERR_FAILED, "it is none of %s", r->s->command);
	if (version.type != TYPE_INT || version.i != (int64_t)r->s->version)
		return error_set(e, ERR_USAGE, "another release of %s wrote it", r->s->command);
	for (size_t i = 0; r->sides && i < r->sides->count; i++) {
		char name[32];
		snprintf(name, sizeof name, "side%zu", i);
		struct value v = batch_get(&r->b, 0, name);
		r->sides->lengths[i] = v.type == TYPE_INT && v.i > 0 ? (uint64_t)v.i : 0;
		snprintf(name, sizeof name, "path%zu", i);
		v = batch_get(&r->b, 0, name);
		if (r->sides->paths && v.type == TYPE_STRING)
			r->sides->paths[i] = mem_copy(v.s, v.len);
	}
	r->head = true;
	return 0;
}

static int take_frame(struct reading *r, const char *p, const struct frame *f, struct error *e)
{
	int code = frame_verify(p, f, e);
	if (!code && f->kind == FRAME_END) {
		r->end = true;
		return 0;
	}
	if (!code)
		code = frame_load(r->frames, p, f, NULL, 0, &r->b, e);
	if (code)
		return code;
	return r->head ? r->take(r->self, &r->b, e) : read_head(r, e);
}

static int read_frames(struct reading *r, const char *p, size_t len, struct error *e)
{
	struct stream_line line;
	long at = stream_line_read(p, len, &line, e);
	if (at <= 0)
		return error_set(e, ERR_FAILED, "damaged");
	for (size_t here = (size_t)at; here < len && !r->end;) {
		struct frame f;
		int code = frame_peek(p + here, len - here, &f, e);
		if (code <= 0)
			return code ? code : error_set(e, ERR_FAILED, "it is cut short");
		code = take_frame(r, p + here, &f, e);
		if (code)
			return code;
		here += f.size;
	}
	return r->end ? 0 : error_set(e, ERR_FAILED, "it is cut short");
}

static int read_one(struct reading *r, const char *path, uint64_t *size, struct error *e)
{
	struct mapped m = {0};
	int code = map(path, &m, e);
	if (code)
		return code;
	*size = m.len;
	r->frames = frame_reader_new();
	r->head = r->end = false;
	batch_init(&r->b);
	code = read_frames(r, m.data, m.len, e);
	batch_release(&r->b);
	frame_reader_free(r->frames);
	munmap(m.data, m.len);
	return code ? error_prefix(e, "%s", path) : 0;
}

static char *path_of(const struct snapshots *s, const struct found *f, uint64_t epoch)
{
	return state_path("%s/%" PRIu64 ".%" PRIu64 "%s", s->directory, f->n, epoch, f->whole ? ".whole" : ".change");
}

/* From here on they are this run's, whatever becomes of those of earlier ones. */
static int adopt(struct snapshots *s, const struct line *l, struct error *e)
{
	int r = 0;
	for (size_t i = l->count; !r && i-- > 0;) {
		char *from = path_of(s, &l->items[i], l->items[i].epoch), *to = path_of(s, &l->items[i], s->epoch);
		if (link(from, to) && errno != EEXIST)
			r = error_errno(e, "%s", to);
		free(from);
		free(to);
		s->files = mem_resize(s->files, s->count + 1, sizeof *s->files);
		s->files[s->count++] = (struct snapshot_file){l->items[i].n, l->items[i].whole};
	}
	return r ? r : state_sync_directory(s->directory, e);
}

static int read_all(struct snapshots *s, const struct line *l, struct reading *r, struct error *e)
{
	int code = 0;
	for (size_t i = 0; !code && i < l->count; i++) {
		char *path = path_of(s, &l->items[i], s->epoch);
		uint64_t size;
		code = read_one(r, path, &size, e);
		r->sides = NULL;
		free(path);
	}
	return code;
}

int snapshots_load(struct snapshots *s, uint64_t n, uint64_t epoch, struct snapshot_sides *sides,
		   int (*take)(void *self, struct batch *b, struct error *e), void *self, struct error *e)
{
	struct line l = {.n = n, .epoch = epoch};
	struct reading r = {.s = s, .sides = sides, .take = take, .self = self};
	s->from = n;
	int code = state_list(s->directory, look, &l, e);
	if (!code)
		code = trim(s, &l, e);
	if (!code && l.count)
		code = adopt(s, &l, e);
	if (!code)
		code = read_all(s, &l, &r, e);
	/* Of checkpoint 0 the first run's. */
	if (!code && (n || l.count))
		snapshots_forget(s, n ? epoch : l.items[0].epoch);
	free(l.items);
	return code ? code : l.count > 0;
}
