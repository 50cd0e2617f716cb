#include "store/segment/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/hash.h"
#include "format/frame.h"
#include "store/disk/copy.h"
#include "store/segment/index.h"

char *segment_path(const char *directory, uint64_t base, uint64_t own)
{
	return own == UINT64_MAX ? file_path("%s/%020" PRIu64 ".seg", directory, base)
				 : file_path("%s/%020" PRIu64 "-%020" PRIu64 ".seg", directory, base, own);
}

void segment_line(const struct segment *s, uint32_t shard, struct buf *out)
{
	char source[160];
	int len = snprintf(source, sizeof source, "store/%u/%" PRIu64 "/%016" PRIx64 "/%" PRId64, shard, s->base, s->id,
			   s->arrived);
	if (s->own != UINT64_MAX)
		len += snprintf(source + len, sizeof source - (size_t)len, "/%" PRIu64, s->own);
	len += snprintf(source + len, sizeof source - (size_t)len, "/%016" PRIx64, hash64(source, (size_t)len));
	stream_line_write(&(struct stream_line){BOUNDED_UNKNOWN, source, (size_t)len}, out);
}

/* A segment may have got its bounds in its name alone, when it was copied as it is. */
static bool parse_source(struct segment *s, uint32_t shard, char *source)
{
	uint64_t base, sum, own = s->own;
	uint32_t of;
	int used = 0;
	char *last = strrchr(source, '/');
	if (!last || sscanf(last + 1, "%" SCNx64, &sum) != 1 || sum != hash64(source, (size_t)(last - source)))
		return false;
	*last = 0;
	if (sscanf(source, "store/%u/%" SCNu64 "/%" SCNx64 "/%" SCNd64 "%n/%" SCNu64, &of, &base, &s->id, &s->arrived,
		   &used, &own) < 4)
		return false;
	return of == shard && base == s->base && own == s->own;
}

static int read_line(struct segment *s, uint32_t shard, struct error *e)
{
	char text[512], source[161];
	struct stream_line line;
	ssize_t n = file_read(&s->file, text, sizeof text, 0, e);
	if (n < 0 && !file_is_unreadable(errno))
		return (int)n;
	s->start = n < 0 ? 0 : stream_line_read(text, (size_t)n, &line, NULL);
	if (s->start > 0 && line.source && line.source_len < sizeof source) {
		memcpy(source, line.source, line.source_len);
		source[line.source_len] = 0;
		if (parse_source(s, shard, source))
			return OK;
	}
	s->id = 0;
	s->start = 0;
	s->arrived = INT64_MIN;
	return OK;
}

static int new_id(struct segment *s, struct error *e)
{
	if (getrandom(&s->id, sizeof s->id, 0) != (ssize_t)sizeof s->id)
		return error_errno(e, "no random number for a new segment");
	s->id += !s->id;
	return OK;
}

int segment_draft(struct segment *s, const struct files *io, const char *directory, const char *name, uint32_t shard,
		  struct error *e)
{
	struct buf line = BUF_INIT;
	char *temporary = file_path("%s/%s", directory, name);
	s->file = FILE_CLOSED;
	int r = new_id(s, e);
	segment_line(s, shard, &line);
	s->start = (int64_t)line.len;
	if (!r)
		r = file_open(&s->file, io, temporary, O_RDWR | O_CREAT | O_TRUNC, e);
	if (!r)
		r = file_write(&s->file, line.data, line.len, 0, e);
	if (r)
		file_close(&s->file);
	buf_release(&line);
	free(temporary);
	return r;
}

int segment_begin(struct segment *s, const struct files *io, const char *path, uint32_t shard, uint64_t base,
		  int64_t arrived, struct error *e)
{
	struct buf line = BUF_INIT;
	*s = (struct segment){.file = FILE_CLOSED, .base = base, .own = UINT64_MAX, .arrived = arrived};
	int r = new_id(s, e);
	segment_line(s, shard, &line);
	s->start = (int64_t)line.len;
	if (!r)
		r = file_open(&s->file, io, path, O_RDWR | O_CREAT | O_EXCL, e);
	if (!r)
		r = file_write(&s->file, line.data, line.len, 0, e);
	if (r)
		file_close(&s->file);
	buf_release(&line);
	return r;
}

int segment_publish(struct segment *s, const char *directory, struct error *e)
{
	char *path = segment_path(directory, s->base, s->own);
	int r = file_sync(&s->file, e);
	if (!r)
		r = path_rename(s->file.io, s->file.path, path, e);
	if (!r)
		r = path_sync(s->file.io, directory, e);
	if (r) {
		file_close(&s->file);
		free(path);
	} else {
		free(s->file.path);
		s->file.path = path;
	}
	return r;
}

int segment_create(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		   int64_t arrived, struct error *e)
{
	*s = (struct segment){.base = base, .own = UINT64_MAX, .arrived = arrived};
	int r = segment_draft(s, io, directory, "+segment", shard, e);
	return r ? r : segment_publish(s, directory, e);
}

int segment_renew(struct segment *s, const char *directory, int64_t end, struct error *e)
{
	struct segment next = *s;
	char *temporary = file_path("%s/+segment", directory);
	int r = file_open(&next.file, s->file.io, temporary, O_RDWR | O_CREAT | O_TRUNC, e);
	if (!r && (r = file_copy(&s->file, &next.file, 0, end, false, e)))
		file_close(&next.file);
	else if (!r)
		r = segment_publish(&next, directory, e);
	if (!r) {
		segment_close(s);
		*s = next;
	}
	free(temporary);
	return r;
}

int segment_open_bounded(struct segment *s, const struct files *io, const char *directory, uint32_t shard,
			 uint64_t base, uint64_t own, int flags, struct error *e)
{
	char *path = segment_path(directory, base, own);
	*s = (struct segment){.base = base, .own = own};
	int r = file_find(&s->file, io, path, flags, e);
	if (r > 0) {
		int bad = read_line(s, shard, e);
		if (bad) {
			file_close(&s->file);
			r = bad;
		}
	}
	free(path);
	return r;
}

int segment_open(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		 int flags, struct error *e)
{
	int r = segment_open_bounded(s, io, directory, shard, base, UINT64_MAX, flags, e);
	if (r)
		return r;
	struct segment_list list = {0};
	r = segment_list_read(&list, io, directory, e);
	size_t i = segment_list_find(&list, base);
	if (!r && i < list.count && list.bases[i] == base)
		r = segment_open_bounded(s, io, directory, shard, base, list.owns[i], flags, e);
	segment_list_release(&list);
	return r;
}

void segment_close(struct segment *s)
{
	file_close(&s->file);
}

int segment_remove(const struct files *io, const char *directory, uint64_t base, uint64_t own, struct error *e)
{
	/* The index first: alone it would never be found again. */
	char *path = segment_path(directory, base, own), *index = index_path(path);
	int r = path_remove(io, index, e);
	if (!r)
		r = path_remove(io, path, e);
	free(index);
	free(path);
	return r;
}

/* -- lists -- */

struct entry {
	uint64_t base, own;
};

struct entries {
	struct entry *items;
	size_t count, capacity;
};

static void list_one(void *arg, const char *name)
{
	struct entries *l = arg;
	struct entry found = {.own = UINT64_MAX};
	int plain = 0, bounded = 0;
	sscanf(name, "%20" SCNu64 ".seg%n", &found.base, &plain);
	if (plain != 24 || name[plain]) {
		sscanf(name, "%20" SCNu64 "-%20" SCNu64 ".seg%n", &found.base, &found.own, &bounded);
		if (bounded != 45 || name[bounded] || found.own <= found.base)
			return;
	}
	if (l->count == l->capacity) {
		l->capacity = mem_grow(l->capacity, l->count + 1);
		l->items = mem_resize(l->items, l->capacity, sizeof *l->items);
	}
	l->items[l->count++] = found;
}

/* By base; of the same, the bounded ones first, and of these the widest. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;
	uint64_t width_x = x->own + 1, width_y = y->own + 1;
	return width_x > width_y ? -1 : width_x < width_y;
}

/* Those that make up the log first, then the superseded. */
static void sort_out(struct segment_list *l, const struct entries *all)
{
	uint64_t covered = 0;
	size_t behind = all->count;
	if (l->capacity < all->count) {
		l->capacity = all->count;
		l->bases = mem_resize(l->bases, l->capacity, sizeof *l->bases);
		l->owns = mem_resize(l->owns, l->capacity, sizeof *l->owns);
	}
	l->count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct entry *one = &all->items[i];
		bool old = one->base < covered && (one->own == UINT64_MAX || one->own <= covered);
		size_t at = old ? --behind : l->count++;
		l->bases[at] = one->base;
		l->owns[at] = one->own;
		if (!old && one->own != UINT64_MAX)
			covered = one->own;
	}
	l->old_count = all->count - l->count;
}

int segment_list_read(struct segment_list *l, const struct files *io, const char *directory, struct error *e)
{
	struct entries all = {0};
	l->count = l->old_count = 0;
	int r = path_list(io, directory, list_one, &all, e);
	if (!r && all.count) {
		qsort(all.items, all.count, sizeof *all.items, compare_entries);
		sort_out(l, &all);
	}
	free(all.items);
	return r;
}

void segment_list_release(struct segment_list *l)
{
	free(l->bases);
	free(l->owns);
	*l = (struct segment_list){0};
}

size_t segment_list_find(const struct segment_list *l, uint64_t seq)
{
	size_t low = 0, high = l->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (l->bases[middle] <= seq)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint64_t segment_list_until(const struct segment_list *l, size_t i)
{
	uint64_t next = i + 1 < l->count ? l->bases[i + 1] : UINT64_MAX;
	return l->owns[i] < next ? l->owns[i] : next;
}
