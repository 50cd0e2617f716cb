/* split, merge, scale: other shards for a stream, while it is read and written. The new ones are shown. */
#include <stdlib.h>

#include "ctl.h"
#include "store/reshard/reshard.h"

static int take_shard(struct operands *o, uint32_t *id, struct error *e)
{
	const char *text;
	char *end;
	int r = operand_take(o, "SHARD", &text, e);
	if (r)
		return r;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n >= UINT32_MAX)
		return error_set(e, ERR_USAGE, "`%s` is no shard: they are numbers, as `stream-ctl show` lists them",
				 text);
	*id = (uint32_t)n;
	return 0;
}

/* The shards that were not there before; closes the stream. */
static int show_new(struct ctl *c, struct stream *s, size_t before, int r, struct error *e)
{
	for (size_t i = before; !r && i < s->catalog.shard_count; i++)
		r = ctl_show_shard(c, s, &s->catalog.shards[i], e);
	stream_close(s);
	return r;
}

int ctl_split(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	struct hash128 at;
	uint32_t shard;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = take_shard(o, &shard, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r && c->at && !hash128_parse(c->at, &at))
		r = error_set(e, ERR_USAGE, "--at: `%s` is no point of the hash space: a number, as `from` in `show`",
			      c->at);
	size_t before = s.catalog.shard_count;
	if (!r)
		r = reshard_split(&s, shard, c->at ? &at : NULL, e);
	return show_new(c, &s, before, r, e);
}

int ctl_merge(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	uint32_t one, other;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = take_shard(o, &one, e);
	if (!r)
		r = take_shard(o, &other, e);
	if (!r)
		r = ctl_no_more(o, e);
	size_t before = s.catalog.shard_count;
	if (!r)
		r = reshard_merge(&s, one, other, e);
	return show_new(c, &s, before, r, e);
}

static int take_count(struct operands *o, uint32_t *count, struct error *e)
{
	const char *text;
	char *end;
	int r = operand_take(o, "N, the number of shards,", &text, e);
	if (r)
		return r;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !n || n > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "`%s`: a stream has 1 to %d shards", text, CATALOG_SHARDS_MAX);
	*count = (uint32_t)n;
	return 0;
}

int ctl_scale(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	uint32_t count;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = take_count(o, &count, e);
	if (!r)
		r = ctl_no_more(o, e);
	size_t before = s.catalog.shard_count;
	if (!r)
		r = reshard_scale(&s, count, e);
	if (!r)
		flow_warn(c->flow, "%s has %u shard%s of equal parts already: nothing was done", s.name, count,
			  count == 1 ? "" : "s");
	return show_new(c, &s, before, r > 0 ? 0 : r, e);
}
