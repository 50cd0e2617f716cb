/* compact: rewrites what is in small frames as large ones. */
#include "ctl.h"
#include "store/upkeep/compact.h"

static int compact_shard(struct ctl *c, const struct stream *s, uint32_t shard, struct error *e)
{
	struct compacted done;
	struct tidy_options options = {.wait = true};
	int r = tidy_roll(s, shard, INT64_MAX, e);
	if (!r)
		r = compact(s, shard, &options, &done, e);
	if (r)
		return r;
	struct field row[] = {
		{"shard", value_int(shard)},
		{"segments_before", value_int((int64_t)done.segments_before)},
		{"segments_after", value_int((int64_t)done.segments_after)},
		{"bytes_before", value_int((int64_t)done.bytes_before)},
		{"bytes_after", value_int((int64_t)done.bytes_after)},
		{"frames_before", value_int((int64_t)done.frames_before)},
		{"frames_after", value_int((int64_t)done.frames_after)},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
	return 0;
}

int ctl_compact(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = ctl_sweep(&s, &(struct name_list){0}, e);
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++)
		r = compact_shard(c, &s, s.catalog.shards[i].id, e);
	stream_close(&s);
	return r;
}
