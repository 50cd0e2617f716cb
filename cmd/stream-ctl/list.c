/* list: a record for each stream of the home. */
#include "base/units.h"
#include "ctl.h"
#include "store/catalog/home.h"

static int list_one(struct ctl *c, const char *name, struct error *e)
{
	struct stream s;
	char sync[32], retention[32];
	uint64_t bytes = 0;
	int64_t open = 0;
	int r = stream_open(&s, &files_real, name, e);
	if (r)
		return r;
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++) {
		struct shard_extent extent;
		r = stream_extent(&s, s.catalog.shards[i].id, &extent, e);
		bytes += extent.bytes;
		open += !s.catalog.shards[i].closed;
	}
	sync_text(s.catalog.sync, sync);
	duration_text(s.catalog.retention, retention);
	struct field row[] = {
		{"stream", ctl_text(name)},
		{"shards", value_int(open)},
		{"bytes", value_int((int64_t)bytes)},
		{"key", s.catalog.key ? ctl_text(s.catalog.key) : value_null()},
		{"hash", ctl_text(hash_kind_names[s.catalog.router.kind])},
		{"sync", ctl_text(sync)},
		{"retention", s.catalog.retention ? ctl_text(retention) : value_null()},
		{"max_size", s.catalog.max_size ? value_int(s.catalog.max_size) : value_null()},
		{"tier", s.catalog.tier ? ctl_text(s.catalog.tier) : value_null()},
	};
	if (!r)
		batch_add_row(&c->records, row, sizeof row / sizeof *row);
	stream_close(&s);
	return r;
}

int ctl_list(struct ctl *c, struct operands *o, struct error *e)
{
	struct name_list names = {0};
	int r = ctl_no_more(o, e);
	if (!r)
		r = home_list(&files_real, &names, e);
	/* One that is damaged, or of a newer release, must not hide the others: it is rejected. */
	for (size_t i = 0; !r && i < names.count; i++)
		if (list_one(c, names.items[i], e)) {
			char *name = arena_printf(&c->records.arena, "%s", names.items[i]);
			batch_reject_text(&c->records, 0, name, strlen(name), "%s", e->text);
		}
	name_list_release(&names);
	return r;
}
