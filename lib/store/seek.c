#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/cursor.h"

/* Finding a time in a shard: @arrived never falls, so it can be bisected; frames are of any length, so headers lead
   the way. */

enum { STRIDE = 16 };

/* The last segment before whose beginning nothing had arrived at `time` or later. */
static int find_segment(struct cursor *c, int64_t time, uint64_t *base, struct error *e)
{
	struct segment_list list = {0};
	int r = segment_list_read(&list, c->stream->io, c->directory, e);
	size_t low = 0, high = list.count;
	while (!r && high - low > 1) {
		struct segment one;
		size_t middle = low + (high - low) / 2;
		r = segment_open(&one, c->stream->io, c->directory, c->shard, list.bases[middle], O_RDONLY, e);
		if (r < 0)
			break;
		if (r > 0 && one.arrived < time)
			low = middle;
		else
			high = middle;
		if (r > 0)
			segment_close(&one);
		r = OK;
	}
	*base = list.count ? list.bases[low] : 0;
	segment_list_release(&list);
	return r;
}

/* The @seq of every STRIDE-th frame of a segment, by its headers. */
static int sample(struct cursor *c, uint64_t base, uint64_t **seqs, size_t *count, struct error *e)
{
	struct segment one;
	struct scan scan;
	struct frame f;
	size_t capacity = 0, frames = 0;
	int64_t size = 0;
	*seqs = NULL;
	*count = 0;
	int r = segment_open(&one, c->stream->io, c->directory, c->shard, base, O_RDONLY, e);
	if (r <= 0)
		return r;
	scan_init(&scan, c->shard);
	r = scan_open(&scan, &one, e);
	if (!r)
		r = file_size(&one.file, &size, e);
	if (!r && c->limit.segment == one.id)
		size = c->limit.bytes;
	for (int64_t at = one.start; !r && at < size; at += (int64_t)f.size) {
		r = scan_look(&scan, at, size, &f, e);
		if (!r)
			r = scan_find(&scan, &at, size, 0, &f, e);
		if (r <= 0)
			break;
		r = OK;
		if (frames++ % STRIDE)
			continue;
		if (*count == capacity) {
			capacity = mem_grow(capacity, *count + 1);
			*seqs = mem_resize(*seqs, capacity, sizeof **seqs);
		}
		(*seqs)[(*count)++] = f.place.seq;
	}
	scan_release(&scan);
	segment_close(&one);
	return r;
}

int cursor_seek_time(struct cursor *c, int64_t time, struct error *e)
{
	uint64_t base, *seqs, end;
	size_t count;
	int r = cursor_end(c, &end, e);
	if (!r)
		r = find_segment(c, time, &base, e);
	if (!r)
		r = sample(c, base, &seqs, &count, e);
	if (r)
		return r;
	/* Probing must not report what the reading behind it reports again. */
	void (*damaged)(void *, const struct damage *) = c->damaged;
	c->damaged = NULL;
	size_t low = 0, high = count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		cursor_seek(c, seqs[middle]);
		if ((r = cursor_next(c, e)) < 0)
			break;
		if (r && c->arrived < time)
			low = middle;
		else
			high = middle;
	}
	c->damaged = damaged;
	cursor_seek(c, count ? seqs[low] : base);
	c->since = time;
	free(seqs);
	return r < 0 ? r : OK;
}
