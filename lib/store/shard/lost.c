#include "store/shard/lost.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/hash.h"
#include "store/catalog/reserve.h"

enum { SUM_DIGITS = 16 };

static void keep(struct lost_list *l, struct lost_range r)
{
	if (l->count == l->capacity) {
		l->capacity = mem_grow(l->capacity, l->count + 1);
		l->ranges = mem_resize(l->ranges, l->capacity, sizeof *l->ranges);
	}
	l->ranges[l->count++] = r;
}

/* A line without its newline, NUL-terminated. */
static bool read_line(const char *line, size_t len, struct lost_range *r)
{
	uint64_t sum;
	if (len < SUM_DIGITS + 2 || sscanf(line, "%16" SCNx64, &sum) != 1 ||
	    sum != hash64(line + SUM_DIGITS + 1, len - SUM_DIGITS - 1))
		return false;
	*r = (struct lost_range){0};
	return sscanf(line + SUM_DIGITS, " lost %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, &r->first,
		      &r->behind, &r->base, &r->from, &r->to) == 5;
}

/* From *at on; *at goes to the next. Returns whether it is as it was written. */
static bool next_line(const struct buf *text, size_t *at, struct lost_range *one)
{
	const char *line = text->data + *at, *end = memchr(line, '\n', text->len - *at);
	size_t len = end ? (size_t)(end - line) : text->len - *at;
	char *copy = mem_copy(line, len);
	bool good = end && read_line(copy, len, one);
	free(copy);
	*at += len + (end != NULL);
	return good;
}

static void read_lines(struct lost_list *l)
{
	struct lost_range one;
	for (size_t at = 0; at < l->text.len;) {
		if (next_line(&l->text, &at, &one))
			keep(l, one);
		else
			l->damaged++;
	}
}

int lost_read(struct lost_list *l, const struct files *io, const char *directory, struct error *e)
{
	enum { TOO_LARGE = 64 << 20 };
	struct file f;
	int64_t size = 0;
	*l = (struct lost_list){0};
	char *path = file_path("%s/lost", directory);
	int r = file_find(&f, io, path, O_RDONLY, e);
	if (r > 0) {
		r = file_size(&f, &size, e);
		if (!r && size > TOO_LARGE)
			r = error_set(e, ERR_FAILED, "%s has %" PRId64 " bytes, which is too much", path, size);
		ssize_t n = r ? 0 : file_read(&f, buf_reserve(&l->text, (size_t)size), (size_t)size, 0, e);
		l->text.len = n > 0 ? (size_t)n : 0;
		if (n < 0)
			r = (int)n;
		read_lines(l);
	}
	file_close(&f);
	free(path);
	return r < 0 ? r : OK;
}

void lost_release(struct lost_list *l)
{
	free(l->ranges);
	buf_release(&l->text);
	*l = (struct lost_list){0};
}

bool lost_covers(const struct lost_list *l, uint64_t first, uint64_t behind)
{
	for (bool moved = true; moved && first < behind;) {
		moved = false;
		for (size_t i = 0; i < l->count; i++)
			if (l->ranges[i].first <= first && l->ranges[i].behind > first) {
				first = l->ranges[i].behind;
				moved = true;
			}
	}
	return first >= behind;
}

static void write_line(const struct lost_range *r, struct buf *out)
{
	struct buf line = BUF_INIT;
	buf_printf(&line, "lost %" PRIu64 " %" PRIu64 " %020" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s",
		   r->first, r->behind, r->base, r->from, r->to, timestamp_now(), r->aside ? r->aside : "-", r->reason);
	buf_printf(out, "%016" PRIx64 " ", hash64(line.data, line.len));
	buf_append(out, line.data, line.len);
	buf_byte(out, '\n');
	buf_release(&line);
}

int lost_add(struct lost_list *l, const struct files *io, const char *directory, const struct lost_range *more,
	     size_t count, struct error *e)
{
	if (l->text.len && l->text.data[l->text.len - 1] != '\n')
		buf_byte(&l->text, '\n');
	for (size_t i = 0; i < count; i++) {
		write_line(&more[i], &l->text);
		keep(l, more[i]);
	}
	return reserve_replace(io, directory, "lost", l->text.data, l->text.len, e);
}

int lost_mend(struct lost_list *l, const struct files *io, const char *directory, struct error *e)
{
	struct lost_range ignored;
	size_t kept = 0;
	for (size_t at = 0; at < l->text.len;) {
		size_t from = at;
		if (!next_line(&l->text, &at, &ignored))
			continue;
		memmove(l->text.data + kept, l->text.data + from, at - from);
		kept += at - from;
	}
	l->text.len = kept;
	l->damaged = 0;
	return reserve_replace(io, directory, "lost", l->text.data, l->text.len, e);
}
