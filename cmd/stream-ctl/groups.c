/* groups: a record for each slot of a group and each shard that it reads: how far it is, and what lies before it. */
#include "base/timestamp.h"
#include "base/units.h"
#include "ctl.h"
#include "store/group/slot.h"

/* A slot and a shard. */
static int show_shard(struct ctl *c, const struct stream *s, const struct group *g, uint32_t k,
		      const struct slot_view *v, const struct catalog_shard *shard, struct error *e)
{
	const struct position *p = positions_get(&v->positions, shard->id);
	struct lag lag = {.arrived = TIMESTAMP_MAX};
	uint64_t next = 0;
	int r = p ? 0 : position_oldest(s, shard->id, 0, &next, e);
	next = p ? p->next : next;
	if (!r && !(p && p->finished))
		r = position_lag(s, shard->id, next, &lag, e);
	if (r)
		return r;
	int64_t behind = lag.arrived == TIMESTAMP_MAX ? 0 : timestamp_now() - lag.arrived;
	char *name = arena_printf(&c->records.arena, "%s", g->name);
	struct field row[] = {
		{"group", ctl_text(name)},
		{"slot", value_int(k)},
		{"shard", value_int(shard->id)},
		{"position", value_int((int64_t)next)},
		{"lag", value_int((int64_t)lag.records)},
		{"bytes", value_int((int64_t)lag.bytes)},
		{"seconds", value_decimal(behind > 0 ? behind / MILLISECOND : 0, 3)},
		{"holder", v->claim.held ? value_int(v->claim.pid) : value_null()},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
	return 0;
}

static int show_slot(struct ctl *c, const struct stream *s, const struct group *g, uint32_t k, struct error *e)
{
	struct slot_view v;
	struct hash128 from, to;
	int r = slot_look(&v, g, k, e);
	route_part(k, g->slots, &from, &to);
	for (size_t i = 0; !r && i < s->catalog.shard_count; i++) {
		const struct catalog_shard *shard = &s->catalog.shards[i];
		if (hash128_compare(shard->to, from) >= 0 && hash128_compare(shard->from, to) <= 0)
			r = show_shard(c, s, g, k, &v, shard, e);
	}
	slot_view_release(&v);
	return r;
}

static int show_group(struct ctl *c, const struct stream *s, const char *name, struct error *e)
{
	struct group g;
	int r = group_find(&g, s, name, e);
	for (uint32_t k = 0; !r && k < g.slots; k++)
		r = show_slot(c, s, &g, k, e);
	group_close(&g);
	return r;
}

/* One that is damaged must not hide the others: it is rejected. */
static int show_all(struct ctl *c, const struct stream *s, struct error *e)
{
	struct name_list list;
	int r = group_list(s, &list, e);
	for (size_t i = 0; !r && i < list.count; i++)
		if (show_group(c, s, list.items[i], e)) {
			char *name = arena_printf(&c->records.arena, "%s", list.items[i]);
			batch_reject_text(&c->records, 0, name, strlen(name), "%s", e->text);
		}
	name_list_release(&list);
	return r;
}

int ctl_groups(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	const char *name = NULL;
	int r = ctl_open(o, &s, e);
	if (!r && o->count)
		r = operand_take(o, "GROUP", &name, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = name ? show_group(c, &s, name, e) : show_all(c, &s, e);
	stream_close(&s);
	return r;
}
