/* show: a record for each shard of a stream. */
#include "ctl.h"

int ctl_show_shard(struct ctl *c, const struct stream *s, const struct catalog_shard *shard, struct error *e)
{
	struct shard_extent extent;
	struct buf parents = BUF_INIT;
	char sync[32], from[40], to[40];
	int r = stream_extent(s, shard->id, &extent, e);
	if (r)
		return r;
	buf_byte(&parents, '[');
	for (uint32_t i = 0; i < shard->parent_count; i++)
		buf_printf(&parents, "%s%u", i ? "," : "", shard->parents[i]);
	buf_byte(&parents, ']');
	sync_text(s->catalog.sync, sync);
	bool empty = extent.next == extent.first;
	struct field row[] = {
		{"shard", value_int(shard->id)},
		{"state", ctl_text(shard->closed ? "closed" : "open")},
		{"parents", value_text(TYPE_JSON, parents.data, parents.len)},
		{"from", value_string(from, hash128_text(shard->from, from))},
		{"to", value_string(to, hash128_text(shard->to, to))},
		{"first", empty ? value_null() : value_int((int64_t)extent.first)},
		{"last", empty ? value_null() : value_int((int64_t)extent.next - 1)},
		{"bytes", value_int((int64_t)extent.bytes)},
		{"sync", ctl_text(sync)},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
	buf_release(&parents);
	return 0;
}

int ctl_show(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = ctl_no_more(o, e);
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++)
		r = ctl_show_shard(c, &s, &s.catalog.shards[i], e);
	stream_close(&s);
	return r;
}
