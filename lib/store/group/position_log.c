#include "store/group/position.h"

#include "base/timestamp.h"
#include "store/read/cursor.h"
#include "store/read/parts.h"

/* Where positions lie in the log of a shard. */

int position_oldest(const struct stream *s, uint32_t shard, uint64_t seq, uint64_t *oldest, struct error *e)
{
	struct parts parts;
	int r = parts_read(&parts, s, shard, seq, e);
	*oldest = parts_count(&parts) ? parts_at(&parts, 0).base : parts.low.seq;
	parts_release(&parts);
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
	bool counts = from->kind == BOUND_NONE || from->kind == BOUND_SEQ;
	uint64_t end = 0, oldest = 0;
	int r = cursor_open(&c, s, shard, e);
	if (!r)
		r = cursor_end(&c, &end, e);
	if (!r && counts)
		r = position_oldest(s, shard, from->seq, &oldest, e);
	*past = from->kind == BOUND_SEQ && from->seq > end;
	*seq = counts ? from->seq : end;
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
	struct parts parts;
	int r = parts_read(&parts, s, c->shard, next, e);
	for (size_t i = 0; r >= 0 && i < parts_count(&parts); i++) {
		struct segment one;
		struct part p = parts_at(&parts, i);
		int64_t size = 0, at = 0;
		if (p.until <= next)
			continue;
		r = part_open(&one, &p, s->io, c->shard, e);
		if (r <= 0)
			continue; /* it went away, or to the tier */
		r = file_size(&one.file, &size, e);
		if (p.until == UINT64_MAX && c->limit.base == one.base)
			size = c->limit.bytes;
		at = one.start;
		if (!r && p.base < next)
			r = find_frame(&one, c->shard, size, next, &at, e);
		*bytes += size > at ? (uint64_t)(size - at) : 0;
		segment_close(&one);
	}
	parts_release(&parts);
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
		r = position_oldest(s, shard, next, &oldest, e);
	if (!r && next < oldest)
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
	struct parts parts;
	/* What is in the tier, or was rewritten, was synced before. */
	int r = parts_read(&parts, s, shard, UINT64_MAX, e);
	for (size_t i = 0; r >= 0 && i < parts_count(&parts); i++) {
		struct segment one;
		struct part p = parts_at(&parts, i);
		if (p.until <= from || p.base >= to)
			continue;
		r = part_open(&one, &p, s->io, shard, e);
		if (r <= 0)
			continue;
		r = file_datasync(&one.file, e);
		segment_close(&one);
	}
	parts_release(&parts);
	return r < 0 ? r : OK;
}
