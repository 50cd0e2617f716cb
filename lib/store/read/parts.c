#include "store/read/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/shard/shard.h"

char *tier_directory(const char *tier, const struct catalog *c, uint32_t shard)
{
	return file_path("%s/%s/%u", tier, c->id, shard);
}

/* What lies below the mark is on its way out. */
static void drop_below(struct segment_list *l, uint64_t low)
{
	size_t gone = 0;
	while (gone < l->count && segment_list_until(l, gone) <= low)
		gone++;
	if (!gone)
		return;
	l->count -= gone;
	memmove(l->bases, l->bases + gone, l->count * sizeof *l->bases);
	memmove(l->owns, l->owns + gone, l->count * sizeof *l->owns);
}

/* The stream may have got its tier since we read the catalog. */
static int find_tier(struct parts *p, const struct stream *s, uint32_t shard, struct error *e)
{
	struct catalog fresh = {0};
	const struct catalog *c = &s->catalog;
	int r = OK;
	if (!c->tier) {
		r = catalog_load(&fresh, s->io, s->directory, e);
		c = &fresh;
	}
	if (!r && c->tier)
		p->tier_directory = tier_directory(c->tier, c, shard);
	catalog_release(&fresh);
	return r;
}

static int read_tier(struct parts *p, const struct stream *s, uint32_t shard, struct error *e)
{
	struct error why;
	int r = find_tier(p, s, shard, e);
	if (r || !p->tier_directory)
		return r;
	if (!segment_list_read(&p->tier, s->io, p->tier_directory, &why))
		return OK;
	if (low_is_unknown(&p->low, UINT64_MAX) && errno == ENOENT)
		return OK;
	return error_set(e, ERR_FAILED,
			 "%s: @seq %" PRIu64 " to %" PRIu64
			 " of shard %u are in the tier, and that cannot be read: %s; "
			 "mount it, or read from seq:%" PRIu64 " on",
			 s->name, p->low.tier, p->low.seq - 1, shard, why.text, p->low.seq);
}

/* Where nothing ever went, a shard that has no parents begins at 0. */
static uint64_t find_oldest(const struct parts *p, const struct stream *s, uint32_t shard)
{
	const struct catalog_shard *of = catalog_shard(&s->catalog, shard);
	if (p->tier.count)
		return p->tier.bases[0];
	if (p->low.seq)
		return p->low.seq;
	bool first = !p->low.damaged && of && !of->parent_count;
	return first || !p->here.count ? 0 : p->here.bases[0];
}

int parts_read(struct parts *p, const struct stream *s, uint32_t shard, uint64_t seq, struct error *e)
{
	*p = (struct parts){.directory = shard_directory(s->directory, shard)};
	int r = low_read(&p->low, s->io, p->directory, e);
	if (!r)
		r = segment_list_read(&p->here, s->io, p->directory, e);
	if (r)
		return r;
	drop_below(&p->here, p->low.seq);
	uint64_t first = p->here.count ? p->here.bases[0] : p->low.seq;
	if (seq < first && (low_is_unknown(&p->low, first) || (p->low.tier < p->low.seq && seq < p->low.seq)))
		r = read_tier(p, s, shard, e);
	while (p->tier.count && p->tier.bases[p->tier.count - 1] >= first)
		p->tier.count--;
	p->oldest = find_oldest(p, s, shard);
	return r;
}

void parts_release(struct parts *p)
{
	segment_list_release(&p->here);
	segment_list_release(&p->tier);
	free(p->directory);
	free(p->tier_directory);
	*p = (struct parts){0};
}

size_t parts_count(const struct parts *p)
{
	return p->tier.count + p->here.count;
}

struct part parts_at(const struct parts *p, size_t i)
{
	bool tiered = i < p->tier.count;
	const struct segment_list *l = tiered ? &p->tier : &p->here;
	size_t at = tiered ? i : i - p->tier.count;
	struct part out = {.directory = tiered ? p->tier_directory : p->directory,
			   .base = l->bases[at],
			   .own = l->owns[at],
			   .until = segment_list_until(l, at),
			   .first = !i};
	if (tiered && p->here.count && out.until > p->here.bases[0])
		out.until = p->here.bases[0];
	return out;
}

int parts_find(const struct parts *p, uint64_t seq, struct part *out)
{
	size_t low = 0, high = parts_count(p);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (parts_at(p, middle).base <= seq)
			low = middle;
		else
			high = middle;
	}
	while (low < parts_count(p) && parts_at(p, low).until <= seq)
		low++;
	if (low >= parts_count(p))
		return 0;
	*out = parts_at(p, low);
	return 1;
}

int part_open(struct segment *s, const struct part *p, const struct files *io, uint32_t shard, struct error *e)
{
	return segment_open_bounded(s, io, p->directory, shard, p->base, p->own, O_RDONLY, e);
}
