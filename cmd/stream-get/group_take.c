/* stream-get -g: which slot we get, and where it stands. */
#include "group.h"

#include <inttypes.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"

int get_group_refuse(const struct get_group *g, struct flow *f, struct error *e)
{
	if (g->drain && !flow_gives_frames(f))
		return error_set(e, ERR_USAGE,
				 "--drain is for the windows of a pipeline of our commands; text has none");
	if (flow_options(f)->output == FORMAT_TABLE)
		return error_set(e, ERR_USAGE, "-g: a table is written when its end is known; add -o json, or -o csv");
	return 0;
}

/* Said once: what a commit is worth. */
static int say_guarantee(struct flow *f, struct error *e)
{
	bool kept;
	int r = flow_deliver(f, &kept, e);
	if (!r && !kept)
		flow_warn(f, "what is written to a pipe or a terminal counts as read, whatever becomes of it there; a "
			     "file keeps it (at least once)");
	return r;
}

/* Slot k in all streams, or in none. All get the same epoch, unless others raise it meanwhile. */
static int take_slot(struct get_group *g, uint32_t k, bool steal, struct error *e)
{
	uint64_t epoch = 0;
	int r = 1;
	for (size_t i = 0; r > 0 && i < g->count; i++) {
		struct slot_view v;
		int looked = slot_look(&v, &g->members[i].group, k, e);
		if (v.claim.epoch > epoch)
			epoch = v.claim.epoch;
		slot_view_release(&v);
		r = looked ? looked : 1;
	}
	for (size_t i = 0; r > 0 && i < g->count; i++)
		r = slot_try(&g->members[i].slot, &g->members[i].group, k, epoch + 1, steal, e);
	for (size_t i = 0; r <= 0 && i < g->count; i++)
		slot_release(&g->members[i].slot);
	return r;
}

/* Which slot to steal: one whose process is stopped, else the first. */
static int choose_victim(const struct get_group *g, uint32_t *k, struct error *e)
{
	*k = 0;
	for (uint32_t i = 0; i < g->members[0].group.slots; i++)
		for (size_t j = 0; j < g->count; j++) {
			struct slot_view v;
			int r = slot_look(&v, &g->members[j].group, i, e);
			bool stopped = !r && v.claim.stopped;
			slot_view_release(&v);
			if (r)
				return r;
			if (stopped)
				return *k = i, 0;
		}
	return 0;
}

static int take_any(struct get_group *g, struct error *e)
{
	int r = 0;
	uint32_t victim;
	for (int i = 0; !r && i < CLAIM_TRIES; i++) {
		if (i)
			claim_pause();
		for (uint32_t k = 0; !r && k < g->members[0].group.slots; k++)
			r = take_slot(g, k, false, e);
	}
	if (r || !g->steal)
		return r;
	r = choose_victim(g, &victim, e);
	return r ? r : take_slot(g, victim, true, e);
}

int get_group_check_all(struct get_group *g, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++) {
		struct member *m = &g->members[i];
		positions_copy(&m->reached, &m->slot.positions);
		/* While we waited it may have got other shards. */
		r = stream_reload(&m->stream, e);
		for (size_t j = 0; !r && j < m->reached.count; j++) {
			struct position *p = &m->reached.items[j];
			if (!p->finished && catalog_shard(&m->stream.catalog, p->shard))
				r = get_group_check(g, m, p, e);
		}
	}
	return r;
}

static int resume(struct get_group *g, struct error *e)
{
	int r = get_flow_check(g, false, e);
	for (size_t i = 0; !r && i < g->count; i++)
		r = slot_resume(&g->members[i].slot, e);
	if (!r)
		r = get_group_check_all(g, e);
	g->held = true;
	g->committed = g->checked = monotonic_now();
	return r;
}

/* The holders, as far as a line has room for them. */
static void list_holders(const struct get_group *g, struct buf *out)
{
	enum { SHOWN = 3 };
	const struct group *group = &g->members[0].group;
	for (uint32_t k = 0; k < group->slots && k < SHOWN; k++) {
		struct slot_view v;
		struct error ignored;
		char holder[128];
		if (!slot_look(&v, group, k, &ignored)) {
			claim_holder_text(&v.claim, holder);
			buf_printf(out, "%sslot %" PRIu32 ": %s", k ? "; " : "", k, holder);
		}
		slot_view_release(&v);
	}
	if (group->slots > SHOWN)
		buf_string_append(out, "; …");
	buf_string(out);
}

static int say_held(struct get_group *g, struct flow *f, bool over, struct error *e)
{
	struct buf holders = BUF_INIT;
	int r = 0;
	list_holders(g, &holders);
	if (over)
		r = error_set(e, ERR_FAILED, "no slot of group %s is free (%s)", g->name, holders.data);
	else
		flow_warn(f, "waiting for a slot of group %s (%s)", g->name, holders.data);
	buf_release(&holders);
	return r;
}

/* All slots are held. The first time they are watched from here on, and tried once more. */
static int wait_for_slot(struct get_group *g, struct flow *f, struct error *e)
{
	int64_t now = monotonic_now();
	int r = now >= g->give_up || !g->waits ? say_held(g, f, now >= g->give_up, e) : 0;
	if (!r && !g->waits) {
		r = slot_wait_open(&g->members[0].group, &g->fd, e);
		g->waits = true;
		return r ? r : take_any(g, e);
	}
	return r;
}

int get_group_take(struct get_group *g, struct flow *f, struct error *e)
{
	int r = g->waits ? slot_wait_again(&g->members[0].group, g->fd, e) : 0;
	if (!r)
		r = take_any(g, e);
	if (!r)
		r = wait_for_slot(g, f, e);
	if (!r) {
		int64_t again = monotonic_now() + (g->fd < 0 ? WATCH_INTERVAL : SECOND);
		flow_wait_for(f, g->fd);
		flow_timer_at(f, again < g->give_up ? again : g->give_up);
	}
	if (r <= 0)
		return r;
	flow_timer_at(f, INT64_MAX);
	g->flows = flow_gives_frames(f);
	r = g->flows ? get_flow_begin(g, f, e) : resume(g, e);
	if (!r && !g->flows)
		r = say_guarantee(f, e);
	return r ? r : 1;
}
