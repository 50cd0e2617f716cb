#include "store/upkeep/retain.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/commit/redo.h"
#include "store/read/parts.h"
#include "store/shard/shard.h"
#include "store/upkeep/tier.h"

struct holding { /* a shard */
	const struct stream *stream;
	uint32_t id;
	struct file lock;
	struct parts parts;
	int64_t *arrived; /* the last in each segment; INT64_MAX: not known, or still growing */
	int64_t *bytes;
	size_t gone; /* so many of them go */
};

static size_t count_of(const struct holding *h)
{
	return h->parts.here.count;
}

/* What a segment's line says is true of the one before it; what a damaged one would say, the next line bounds. */
static int survey(struct holding *h, struct error *e)
{
	size_t count = count_of(h);
	int64_t behind = INT64_MAX;
	h->arrived = mem_array(count + 1, sizeof *h->arrived);
	h->bytes = mem_array(count + 1, sizeof *h->bytes);
	for (size_t i = count; i-- > 0;) {
		struct segment s;
		struct part p = parts_at(&h->parts, i);
		int r = part_open(&s, &p, h->stream->io, h->id, e);
		h->arrived[i] = behind;
		h->bytes[i] = 0;
		if (r > 0) {
			r = file_size(&s.file, &h->bytes[i], e);
			if (s.arrived != INT64_MIN)
				behind = s.arrived;
			segment_close(&s);
		}
		if (r < 0)
			return r;
	}
	return OK;
}

static int take_stock(struct holding *h, const struct tidy_options *o, struct error *e)
{
	const struct files *io = h->stream->io;
	char *directory = shard_directory(h->stream->directory, h->id);
	int r = tidy_lock(&h->lock, io, directory, o->wait, e);
	if (r > 0)
		r = tidy_clean(io, directory, e);
	if (!r)
		r = parts_read(&h->parts, h->stream, h->id, UINT64_MAX, e);
	if (!r)
		r = survey(h, e);
	free(directory);
	return r;
}

static void release(struct holding *h)
{
	file_close(&h->lock);
	parts_release(&h->parts);
	free(h->arrived);
	free(h->bytes);
}

/* -- what goes -- */

static bool may_go(const struct holding *h)
{
	return h->lock.fd >= 0 && h->gone + 1 < count_of(h);
}

static void choose_by_age(struct holding *h, int64_t before)
{
	while (may_go(h) && h->arrived[h->gone] < before)
		h->gone++;
}

static void choose_by_size(struct holding *all, size_t count, int64_t most)
{
	int64_t total = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = all[i].gone; k < count_of(&all[i]); k++)
			total += all[i].bytes[k];
	for (;;) {
		struct holding *oldest = NULL;
		for (size_t i = 0; i < count; i++)
			if (may_go(&all[i]) && (!oldest || all[i].arrived[all[i].gone] < oldest->arrived[oldest->gone]))
				oldest = &all[i];
		if (!oldest || total - oldest->bytes[oldest->gone] < most)
			return;
		total -= oldest->bytes[oldest->gone++];
	}
}

/* -- taking it away -- */

static int move_to_tier(struct holding *h, const struct tidy_options *o, struct error *e)
{
	const struct low *low = &h->parts.low;
	int r = h->gone ? tier_check(h->stream, h->id, low->tier < low->seq, e) : OK;
	size_t moved = 0;
	while (!r && moved < h->gone && !tidy_stopped(o)) {
		r = tier_keep(h->stream, h->id, &h->parts.here, moved, o, e);
		if (r > 0) {
			moved++;
			r = OK;
		} else if (!r) {
			break;
		}
	}
	h->gone = moved;
	return r;
}

static int take_away(struct holding *h, const struct tidy_options *o, struct retained *out, struct error *e)
{
	const struct files *io = h->stream->io;
	struct segment_list *l = &h->parts.here;
	bool tiered = h->stream->catalog.tier;
	int moved = tiered ? move_to_tier(h, o, e) : OK, r = OK;
	if (h->gone) {
		struct low low = {.seq = segment_list_until(l, h->gone - 1), .tier = h->parts.low.tier};
		if (!tiered)
			low.tier = low.seq;
		else if (h->parts.low.tier == h->parts.low.seq && !low_is_unknown(&h->parts.low, l->bases[0]))
			low.tier = l->bases[0];
		r = low_write(&low, io, h->parts.directory, e);
	}
	for (size_t i = 0; !r && i < h->gone; i++) {
		r = segment_remove(io, h->parts.directory, l->bases[i], l->owns[i], e);
		out->segments++;
		out->bytes += (uint64_t)h->bytes[i];
	}
	return moved ? moved : r;
}

static int retain_all(struct holding *all, const struct stream *s, const struct tidy_options *o, struct retained *out,
		      struct error *e)
{
	const struct catalog *c = &s->catalog;
	int r = OK;
	for (size_t i = 0; !r && i < c->shard_count; i++) {
		all[i] = (struct holding){.stream = s, .id = c->shards[i].id, .lock = FILE_CLOSED};
		r = take_stock(&all[i], o, e);
		out[i].busy = all[i].lock.fd < 0;
		if (!r && c->retention)
			choose_by_age(&all[i], timestamp_now() - c->retention);
	}
	if (!r && c->max_size)
		choose_by_size(all, c->shard_count, c->max_size);
	/* A commit that is not carried out yet is looked for in what goes. */
	if (!r)
		r = redo_finish(s, e);
	for (size_t i = 0; !r && i < c->shard_count; i++) {
		r = take_away(&all[i], o, &out[i], e);
		out[i].first = count_of(&all[i]) ? all[i].parts.here.bases[all[i].gone] : all[i].parts.low.seq;
	}
	return r;
}

static int roll_all(const struct stream *s, struct error *e)
{
	struct shard bounds;
	int r = OK;
	shard_bound(&bounds, &s->catalog);
	for (size_t i = 0; !r && bounds.segment_age && i < s->catalog.shard_count; i++)
		r = tidy_roll(s, s->catalog.shards[i].id, timestamp_now() - bounds.segment_age, e);
	return r;
}

int retain(const struct stream *s, const struct tidy_options *o, struct retained *out, struct error *e)
{
	struct holding *all = mem_zero(s->catalog.shard_count * sizeof *all + 1);
	for (size_t i = 0; i < s->catalog.shard_count; i++) {
		out[i] = (struct retained){0};
		all[i].lock = FILE_CLOSED;
	}
	int r = o->wait ? roll_all(s, e) : OK;
	if (!r)
		r = retain_all(all, s, o, out, e);
	for (size_t i = 0; i < s->catalog.shard_count; i++)
		release(&all[i]);
	free(all);
	return r;
}
