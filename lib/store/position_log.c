#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/cursor.h"
#include "store/position.h"
#include "store/shard.h"

/* Where positions lie in the log of a shard. */

static int list_segments(const struct stream *s, uint32_t shard, struct segment_list *list, struct error *e)
{
	char *directory = shard_directory(s->directory, shard);
	int r = segment_list_read(list, s->io, directory, e);
	free(directory);
	return r;
}

int position_oldest(const struct stream *s, uint32_t shard, uint64_t *seq, struct error *e)
{
	struct segment_list list = {0};
	int r = list_segments(s, shard, &list, e);
	*seq = list.count ? list.bases[0] : UINT64_MAX;
	segment_list_release(&list);
	return r;
}

/* The first record that arrived at `time` or later. */
static int resolve_time(struct cursor *c, int64_t time, uint64_t end, uint64_t *seq, struct error *e)
{
	int r = cursor_seek_time(c, time, e);
	c->end = end;
	if (!r)
		r = cursor_next(c, e);
	*seq = r > 0 ? (uint64_t)column_get(&c->batch.meta[META_SEQ], batch_row(&c->batch, 0)).i : end;
	return r < 0 ? r : OK;
}

int position_resolve(const struct stream *s, uint32_t shard, const struct bound *from, uint64_t *seq, bool *past,
		     struct error *e)
{
	struct cursor c;
	uint64_t end = 0, oldest = 0;
	int r = cursor_open(&c, s, shard, e);
	if (!r)
		r = cursor_end(&c, &end, e);
	if (!r)
		r = position_oldest(s, shard, &oldest, e);
	*past = from->kind == BOUND_SEQ && from->seq > end;
	*seq = from->kind == BOUND_NONE ? oldest : from->kind == BOUND_SEQ ? from->seq : end;
	if (!r && from->kind == BOUND_TIME)
		r = resolve_time(&c, from->time, end, seq, e);
	if (*seq < oldest)
		*seq = oldest;
	if (*seq > end)
		*seq = end;
	cursor_close(&c);
	return r;
}

int positions_resolve(struct positions *p, const struct stream *s, struct hash128 from, struct hash128 to,
		      const struct bound *at, struct error *e)
{
	size_t beyond = 0;
	p->count = 0;
	for (size_t i = 0; i < s->catalog.shard_count; i++) {
		const struct catalog_shard *shard = &s->catalog.shards[i];
		uint64_t seq;
		bool past;
		if (hash128_compare(shard->to, from) < 0 || hash128_compare(shard->from, to) > 0)
			continue;
		int r = position_resolve(s, shard->id, at, &seq, &past, e);
		if (r)
			return r;
		positions_set(p, shard->id, seq, false);
		beyond += past;
	}
	if (beyond && beyond == p->count)
		return error_set(e, ERR_USAGE, "@seq %llu lies behind the end of the log", (unsigned long long)at->seq);
	return OK;
}

/* -- lag -- */

/* The bytes before the frame that holds `next`, in its segment. */
static int find_frame(struct segment *one, uint32_t shard, int64_t size, uint64_t next, int64_t *at, struct error *e)
{
	struct scan scan;
	struct frame f;
	scan_init(&scan, shard);
	int r = scan_open(&scan, one, e);
	*at = one->start;
	while (!r && *at < size) {
		r = scan_look(&scan, *at, size, &f, e);
		if (!r)
			r = scan_find(&scan, at, size, next, &f, e);
		if (r <= 0 || f.place.seq + f.rows > next)
			break;
		*at += (int64_t)f.size;
		r = OK;
	}
	if (!r)
		*at = size;
	scan_release(&scan);
	return r < 0 ? r : OK;
}

static int count_bytes(const struct stream *s, struct cursor *c, uint64_t next, uint64_t *bytes, struct error *e)
{
	struct segment_list list = {0};
	int r = segment_list_read(&list, s->io, c->directory, e);
	size_t first = segment_list_find(&list, next);
	for (size_t i = first; r >= 0 && i < list.count; i++) {
		struct segment one;
		int64_t size = 0, at = 0;
		r = segment_open(&one, s->io, c->directory, c->shard, list.bases[i], O_RDONLY, e);
		if (r <= 0)
			continue; /* it went with the oldest ones */
		r = file_size(&one.file, &size, e);
		if (i + 1 == list.count && c->limit.base == one.base)
			size = c->limit.bytes;
		if (!r && i == first)
			r = find_frame(&one, c->shard, size, next, &at, e);
		else
			at = one.start;
		*bytes += size > at ? (uint64_t)(size - at) : 0;
		segment_close(&one);
	}
	segment_list_release(&list);
	return r < 0 ? r : OK;
}

int position_lag(const struct stream *s, uint32_t shard, uint64_t next, struct lag *out, struct error *e)
{
	struct cursor c;
	uint64_t end = 0, oldest = 0;
	*out = (struct lag){.arrived = TIMESTAMP_MAX};
	int r = cursor_open(&c, s, shard, e);
	if (!r)
		r = cursor_end(&c, &end, e);
	if (!r)
		r = position_oldest(s, shard, &oldest, e);
	if (!r && next < oldest && oldest != UINT64_MAX)
		next = oldest;
	if (!r && next < end) {
		out->records = end - next;
		r = count_bytes(s, &c, next, &out->bytes, e);
		cursor_seek(&c, next);
		if (!r && (r = cursor_next(&c, e)) > 0)
			out->arrived = c.arrived;
	}
	cursor_close(&c);
	return r < 0 ? r : OK;
}

/* -- durability -- */

int position_secure(const struct stream *s, uint32_t shard, uint64_t from, uint64_t to, struct error *e)
{
	struct segment_list list = {0};
	char *directory = shard_directory(s->directory, shard);
	int r = segment_list_read(&list, s->io, directory, e);
	for (size_t i = segment_list_find(&list, from); r >= 0 && i < list.count && list.bases[i] < to; i++) {
		struct segment one;
		r = segment_open(&one, s->io, directory, shard, list.bases[i], O_RDONLY, e);
		if (r <= 0)
			continue;
		r = file_datasync(&one.file, e);
		segment_close(&one);
	}
	segment_list_release(&list);
	free(directory);
	return r < 0 ? r : OK;
}
