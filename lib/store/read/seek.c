#include <stdlib.h>

#include "base/mem.h"
#include "store/read/cursor.h"
#include "store/read/parts.h"
#include "store/segment/index.h"

/* Finding a time in a shard: @arrived never falls, so it can be bisected; frames are of any length, so headers lead
   the way. */

enum { STRIDE = 16 };

/* When what stands before a segment had arrived. Returns 1, or 0 if nobody knows: its stream line is damaged, or it went
   away. */
static int read_arrived(struct cursor *c, const struct parts *p, size_t i, int64_t *arrived, struct error *e)
{
	struct segment one;
	struct part part = parts_at(p, i);
	int r = part_open(&one, &part, c->stream->io, c->shard, e);
	if (r <= 0)
		return r;
	*arrived = one.arrived;
	segment_close(&one);
	return one.id != 0;
}

/* Between low and high, the last up to the middle whose line is good, else the first behind it. Returns 1, or 0 if there
   is none. */
static int probe(struct cursor *c, const struct parts *p, size_t low, size_t high, size_t *at, int64_t *arrived,
		 struct error *e)
{
	size_t middle = low + (high - low) / 2;
	int r = 0;
	for (size_t i = middle; !r && i > low; i--)
		r = read_arrived(c, p, *at = i, arrived, e);
	for (size_t i = middle + 1; !r && i < high; i++)
		r = read_arrived(c, p, *at = i, arrived, e);
	return r;
}

/* The last segment before whose beginning nothing had arrived at `time` or later. Returns 1, or 0 if there is none. */
static int bisect(struct cursor *c, const struct parts *p, int64_t time, struct segment *found, struct error *e)
{
	size_t low = 0, high = parts_count(p), at;
	int64_t arrived;
	int r = 1;
	while (r > 0 && high - low > 1) {
		r = probe(c, p, low, high, &at, &arrived, e);
		if (r > 0 && arrived < time)
			low = at;
		else if (r > 0)
			high = at;
	}
	if (r < 0 || !high)
		return r < 0 ? r : 0;
	struct part part = parts_at(p, low);
	return part_open(found, &part, c->stream->io, c->shard, e);
}

/* The same, looking into the tier only for what may be older than all that is here. */
static int find_segment(struct cursor *c, int64_t time, struct segment *found, struct error *e)
{
	struct parts parts;
	int r = parts_read(&parts, c->stream, c->shard, UINT64_MAX, e);
	if (!r)
		r = bisect(c, &parts, time, found, e);
	bool older = r > 0 && (!found->id || found->arrived >= time);
	uint64_t first = parts_count(&parts) ? parts_at(&parts, 0).base : 0;
	if (older && (parts.low.tier < parts.low.seq || low_is_unknown(&parts.low, first))) {
		segment_close(found);
		parts_release(&parts);
		r = parts_read(&parts, c->stream, c->shard, 0, e);
		if (!r)
			r = bisect(c, &parts, time, found, e);
	}
	parts_release(&parts);
	return r;
}

/* By the index: a frame that arrived before `time`, with few behind it that did. */
static bool find_by_index(struct cursor *c, const struct segment *s, int64_t time, uint64_t *seq, struct error *e)
{
	struct index index;
	index_read(&index, s);
	const struct index_entry *n = index_time(&index, c->limit.seq, time);
	bool good = false;
	for (int tries = 0; n && !good && tries < 8; tries++) {
		*seq = n->seq;
		cursor_seek(c, n->seq);
		good = cursor_next(c, e) > 0 && c->arrived < time && c->segment.id == s->id;
		n = n->seq ? index_time(&index, n->seq - 1, time) : NULL;
	}
	index_release(&index);
	return good;
}

/* The @seq of every STRIDE-th frame of a segment, by its headers. */
static int sample(struct cursor *c, struct segment *one, uint64_t **seqs, size_t *count, struct error *e)
{
	struct scan scan;
	struct frame f;
	size_t capacity = 0, frames = 0;
	int64_t size = 0;
	*seqs = NULL;
	*count = 0;
	scan_init(&scan, c->shard);
	int r = scan_open(&scan, one, e);
	if (!r)
		r = file_size(&one->file, &size, e);
	if (!r && c->limit.segment == one->id)
		size = c->limit.bytes;
	for (int64_t at = one->start; !r && at < size; at += (int64_t)f.size) {
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
	return r;
}

/* Without an index: by halves between the frames sampled. */
static int find_by_halves(struct cursor *c, struct segment *s, int64_t time, uint64_t *seq, struct error *e)
{
	uint64_t *seqs;
	size_t count;
	int r = sample(c, s, &seqs, &count, e);
	size_t low = 0, high = count;
	while (!r && high - low > 1) {
		size_t middle = low + (high - low) / 2;
		cursor_seek(c, seqs[middle]);
		if ((r = cursor_next(c, e)) < 0)
			break;
		if (r && c->arrived < time)
			low = middle;
		else
			high = middle;
		r = OK;
	}
	*seq = count ? seqs[low] : s->base;
	free(seqs);
	return r;
}

int cursor_seek_time(struct cursor *c, int64_t time, struct error *e)
{
	struct segment found;
	uint64_t end, seq = 0;
	int r = cursor_end(c, &end, e);
	if (!r)
		r = find_segment(c, time, &found, e);
	if (r < 0)
		return r;
	if (r) {
		/* Probing must not report what the reading behind it reports again. */
		void (*damaged)(void *, const struct damage *) = c->damaged;
		c->damaged = NULL;
		r = find_by_index(c, &found, time, &seq, e) ? OK : find_by_halves(c, &found, time, &seq, e);
		c->damaged = damaged;
		segment_close(&found);
	}
	cursor_seek(c, seq);
	c->since = time;
	return r;
}
