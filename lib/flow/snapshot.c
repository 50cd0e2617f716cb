#include "flow/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/state_file.h"
#include "format/frame.h"
#include "record/batch_rows.h"

enum { WRITE_SIZE = 1 << 20, CHANGES_MIN = 64 << 10, SIDES_MAX = 8 };

static const char *const suffixes[] = {".change", ".whole"};

static char *file_path_of(const struct snapshots *s, uint64_t n, uint64_t epoch, bool whole)
{
	return state_path("%s/%" PRIu64 ".%" PRIu64 "%s", s->directory, n, epoch, suffixes[whole]);
}

void snapshots_init(struct snapshots *s, char *directory, const char *command, unsigned version, uint64_t epoch)
{
	*s = (struct snapshots){.directory = directory, .command = command, .version = version, .epoch = epoch};
}

void snapshots_release(struct snapshots *s)
{
	free(s->directory);
	free(s->files);
}

uint64_t snapshots_newest(const struct snapshots *s)
{
	return s->count ? s->files[s->count - 1].n : 0;
}

static void add_file(struct snapshots *s, uint64_t n, bool whole)
{
	s->files = mem_resize(s->files, s->count + 1, sizeof *s->files);
	s->files[s->count++] = (struct snapshot_file){n, whole};
}

/* -- writing -- */

static int write_out(struct snapshot *w, struct error *e)
{
	for (size_t at = 0; at < w->pending.len;) {
		ssize_t n = write(w->fd, w->pending.data + at, w->pending.len - at);
		if (n < 0 && errno != EINTR)
			return error_errno(e, "%s", w->path);
		at += n > 0 ? (size_t)n : 0;
	}
	w->size += w->pending.len;
	buf_clear(&w->pending);
	return 0;
}

static int write_frame(struct snapshot *w, enum frame_kind kind, const struct batch *b, struct error *e)
{
	int r = frame_write(w->writer, kind, 0, b, NULL, &w->pending, e);
	return r || w->pending.len < WRITE_SIZE ? r : write_out(w, e);
}

/* Opened when it is known whether it is whole. */
static int open_file(struct snapshot *w, struct error *e)
{
	struct frame_writer_options o = {.alone = true, .sums = true};
	int r = state_mkdirs(w->of->directory, e);
	if (r)
		return r;
	w->path = state_path("%s/+%" PRIu64 ".%" PRIu64, w->of->directory, w->n, w->of->epoch);
	w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return error_errno(e, "%s", w->path);
	w->writer = frame_writer_new(&o);
	struct stream_line line = {.bounded = BOUNDED_YES};
	stream_line_write(&line, &w->pending);
	return 0;
}

static int write_head(struct snapshot *w, const struct snapshot_sides *sides, struct error *e)
{
	struct field row[4 + 2 * SIDES_MAX] = {{"snapshot", value_string(w->of->command, strlen(w->of->command))},
					       {"version", value_int(w->of->version)},
					       {"n", value_int((int64_t)w->n)},
					       {"epoch", value_int((int64_t)w->of->epoch)}};
	char names[2 * SIDES_MAX][8];
	uint32_t count = 4;
	struct batch b;
	for (size_t i = 0; i < sides->count && i < SIDES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "side%zu", i);
		row[count++] = (struct field){names[i], value_int((int64_t)sides->lengths[i])};
		if (!sides->paths)
			continue;
		snprintf(names[SIDES_MAX + i], sizeof names[i], "path%zu", i);
		row[count++] =
			(struct field){names[SIDES_MAX + i], value_string(sides->paths[i], strlen(sides->paths[i]))};
	}
	batch_init(&b);
	batch_add_row(&b, row, count);
	int r = write_frame(w, FRAME_DATA, &b, e);
	batch_release(&b);
	return r;
}

int snapshot_begin(struct snapshot *w, struct snapshots *s, uint64_t n, const struct snapshot_sides *sides,
		   struct error *e)
{
	*w = (struct snapshot){.of = s, .n = n, .fd = -1};
	int r = open_file(w, e);
	return r ? r : write_head(w, sides, e);
}

bool snapshot_of_changes(struct snapshot *w)
{
	const struct snapshots *s = w->of;
	w->change = s->complete && s->change_size < (s->whole_size > CHANGES_MIN ? s->whole_size : CHANGES_MIN);
	return w->change;
}

int snapshot_add(struct snapshot *w, const struct batch *b, struct error *e)
{
	return batch_count(b) ? write_frame(w, FRAME_DATA, b, e) : 0;
}

static int close_file(struct snapshot *w, struct error *e)
{
	int r = write_frame(w, FRAME_END, NULL, e);
	if (!r)
		r = write_out(w, e);
	if (!r && fdatasync(w->fd))
		r = error_errno(e, "%s", w->path);
	if (close(w->fd) && !r)
		r = error_errno(e, "%s", w->path);
	w->fd = -1;
	return r;
}

static void note_written(struct snapshot *w)
{
	struct snapshots *s = w->of;
	add_file(s, w->n, !w->change);
	if (w->change) {
		s->change_size += w->size;
		return;
	}
	s->complete = true;
	s->whole_size = w->size;
	s->change_size = 0;
}

int snapshot_finish(struct snapshot *w, struct error *e)
{
	int r = close_file(w, e);
	char *to = file_path_of(w->of, w->n, w->of->epoch, !w->change);
	if (!r && rename(w->path, to))
		r = error_errno(e, "%s", to);
	free(to);
	if (!r)
		r = state_sync_directory(w->of->directory, e);
	if (!r) {
		note_written(w);
		free(w->path);
		w->path = NULL;
	}
	snapshot_abandon(w);
	return r;
}

void snapshot_abandon(struct snapshot *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->path)
		unlink(w->path);
	free(w->path);
	frame_writer_free(w->writer);
	buf_release(&w->pending);
	*w = (struct snapshot){.fd = -1};
}

/* -- cleaning -- */

struct sweep {
	const struct snapshots *of;
	uint64_t keep;
};

static int remove_earlier(void *self, const char *name, struct error *e)
{
	const struct sweep *s = self;
	uint64_t n, epoch;
	(void)e;
	const char *plain = name + (*name == '+');
	bool ours = state_name_read(plain, suffixes[0], &n, &epoch) ||
		    state_name_read(plain, suffixes[1], &n, &epoch) ||
		    (plain != name && state_name_read(plain, "", &n, &epoch));
	if (ours && epoch < s->of->epoch && epoch != s->keep) {
		char *path = state_path("%s/%s", s->of->directory, name);
		unlink(path);
		free(path);
	}
	return 0;
}

void snapshots_forget(const struct snapshots *s, uint64_t epoch)
{
	struct sweep sweep = {s, epoch};
	struct error ignored;
	state_list(s->directory, remove_earlier, &sweep, &ignored);
}

/* The whole one that checkpoint n goes back to, or 0. */
static size_t base_of(const struct snapshots *s, uint64_t n)
{
	size_t base = 0;
	for (size_t i = 0; i < s->count && s->files[i].n <= n; i++)
		if (s->files[i].whole)
			base = i;
	return base;
}

void snapshots_clean(struct snapshots *s, uint64_t n)
{
	size_t base = base_of(s, n);
	for (size_t i = 0; i < base; i++) {
		char *path = file_path_of(s, s->files[i].n, s->epoch, s->files[i].whole);
		unlink(path);
		free(path);
	}
	s->count -= base;
	if (base)
		memmove(s->files, s->files + base, s->count * sizeof *s->files);
	if (s->cleaned || n <= s->from)
		return;
	snapshots_forget(s, 0);
	s->cleaned = true;
}
