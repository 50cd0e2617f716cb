#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/hash.h"
#include "format/frame.h"

static char *segment_path(const char *directory, uint64_t base)
{
	return file_path("%s/%020" PRIu64 ".seg", directory, base);
}

void segment_line(const struct segment *s, uint32_t shard, struct buf *out)
{
	char source[128];
	int len = snprintf(source, sizeof source, "store/%u/%" PRIu64 "/%016" PRIx64 "/%" PRId64, shard, s->base, s->id,
			   s->arrived);
	len += snprintf(source + len, sizeof source - (size_t)len, "/%016" PRIx64, hash64(source, (size_t)len));
	stream_line_write(&(struct stream_line){BOUNDED_UNKNOWN, source, (size_t)len}, out);
}

static int read_line(struct segment *s, uint32_t shard, struct error *e)
{
	char text[512], source[129];
	struct stream_line line;
	uint64_t base, sum;
	uint32_t of;
	int used = 0;
	ssize_t n = file_read(&s->file, text, sizeof text, 0, e);
	if (n < 0 && !file_is_unreadable(errno))
		return (int)n;
	s->start = n < 0 ? 0 : stream_line_read(text, (size_t)n, &line, NULL);
	if (s->start > 0 && line.source && line.source_len < sizeof source) {
		memcpy(source, line.source, line.source_len);
		source[line.source_len] = 0;
		if (sscanf(source, "store/%u/%" SCNu64 "/%" SCNx64 "/%" SCNd64 "%n/%" SCNx64, &of, &base, &s->id,
			   &s->arrived, &used, &sum) == 5 &&
		    sum == hash64(source, (size_t)used) && of == shard && base == s->base)
			return OK;
	}
	s->id = 0;
	s->start = 0;
	s->arrived = INT64_MIN;
	return OK;
}

int segment_create(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		   int64_t arrived, struct error *e)
{
	struct buf line = BUF_INIT;
	char *temporary = file_path("%s/+segment", directory), *path = segment_path(directory, base);
	*s = (struct segment){.file = FILE_CLOSED, .base = base, .arrived = arrived};
	int r = OK;
	if (getrandom(&s->id, sizeof s->id, 0) != (ssize_t)sizeof s->id)
		r = error_errno(e, "no random number for a new segment");
	s->id += !s->id;
	segment_line(s, shard, &line);
	s->start = (int64_t)line.len;
	if (!r)
		r = file_open(&s->file, io, temporary, O_RDWR | O_CREAT | O_TRUNC, e);
	if (!r)
		r = file_write(&s->file, line.data, line.len, 0, e);
	if (!r)
		r = file_sync(&s->file, e);
	if (!r)
		r = path_rename(io, temporary, path, e);
	if (!r)
		r = path_sync(io, directory, e);
	if (r) {
		file_close(&s->file);
	} else {
		free(s->file.path);
		s->file.path = mem_copy(path, strlen(path));
	}
	buf_release(&line);
	free(temporary);
	free(path);
	return r;
}

int segment_open(struct segment *s, const struct files *io, const char *directory, uint32_t shard, uint64_t base,
		 int flags, struct error *e)
{
	char *path = segment_path(directory, base);
	*s = (struct segment){.base = base};
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

void segment_close(struct segment *s)
{
	file_close(&s->file);
}

static void list_one(void *arg, const char *name)
{
	struct segment_list *l = arg;
	uint64_t base;
	int used = 0;
	if (sscanf(name, "%20" SCNu64 ".seg%n", &base, &used) != 1 || used != 24 || name[used])
		return;
	if (l->count == l->capacity) {
		l->capacity = mem_grow(l->capacity, l->count + 1);
		l->bases = mem_resize(l->bases, l->capacity, sizeof *l->bases);
	}
	l->bases[l->count++] = base;
}

static int compare_bases(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

int segment_list_read(struct segment_list *l, const struct files *io, const char *directory, struct error *e)
{
	l->count = 0;
	int r = path_list(io, directory, list_one, l, e);
	if (!r && l->count)
		qsort(l->bases, l->count, sizeof *l->bases, compare_bases);
	return r;
}

void segment_list_release(struct segment_list *l)
{
	free(l->bases);
	*l = (struct segment_list){0};
}

size_t segment_list_find(const struct segment_list *l, uint64_t seq)
{
	size_t i = 0;
	while (i + 1 < l->count && l->bases[i + 1] <= seq)
		i++;
	return i;
}
