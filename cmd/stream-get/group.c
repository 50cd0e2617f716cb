#include "group.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "store/catalog/spread.h"

enum { CHECKPOINT = 1 * SECOND };

int get_group_options(const struct get_group *g, bool shards, struct error *e)
{
	const char *alone = g->slots             ? "--slots"
			    : g->steal           ? "--steal"
			    : g->checkpoint >= 0 ? "--checkpoint"
			    : g->on_gap          ? "--on-gap"
			    : g->drain           ? "--drain"
			    : g->wait >= 0       ? "-w"
						 : NULL;
	if (!g->name && alone)
		return error_set(e, ERR_USAGE, "%s is for groups: it wants -g GROUP", alone);
	if (g->name && shards)
		return error_set(e, ERR_USAGE, "--shard: a group reads all shards, and its slots share them");
	return 0;
}

/* -- opening -- */

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return strcmp(x->stream.directory, y->stream.directory);
}

/* One that is there: what was asked for must fit it. */
static int check_group(struct get_group *g, const struct member *m, struct flow *f, const char *from, struct error *e)
{
	if (g->slots && g->slots != m->group.slots)
		return error_set(e, ERR_USAGE, "--slots: group %s of %s was made with %" PRIu32, g->name, m->name,
				 m->group.slots);
	if (from && strcmp(from, m->group.from))
		flow_warn(f, "--from %s is not looked at: group %s of %s goes on where it stands", from, g->name,
			  m->name);
	return 0;
}

/* Streams that have no such group get one, of as many slots as those that have. */
static int open_groups(struct get_group *g, struct flow *f, const char *from, struct error *e)
{
	uint32_t slots = g->slots > UINT32_MAX ? UINT32_MAX : g->slots ? (uint32_t)g->slots : 1;
	int r = 0;
	for (size_t i = 0; r >= 0 && i < g->count; i++) {
		struct member *m = &g->members[i];
		r = group_open(&m->group, &m->stream, g->name, e);
		if (r > 0 && !(r = check_group(g, m, f, from, e)))
			slots = m->group.slots;
	}
	for (size_t i = 0; r >= 0 && i < g->count; i++) {
		struct member *m = &g->members[i];
		if (m->group.slots)
			continue;
		r = group_create(&m->stream, g->name, slots, from ? from : "start", e);
		if (r >= 0)
			r = group_find(&m->group, &m->stream, g->name, e);
	}
	return r < 0 ? r : 0;
}

static int check_streams(const struct get_group *g, struct error *e)
{
	for (size_t i = 1; i < g->count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(g->members[i].stream.catalog.id, g->members[j].stream.catalog.id))
				return error_set(e, ERR_USAGE, "%s and %s are the same stream", g->members[j].name,
						 g->members[i].name);
	return 0;
}

static int check_slots(const struct get_group *g, struct error *e)
{
	for (size_t i = 1; i < g->count; i++) {
		const struct member *a = &g->members[i - 1], *b = &g->members[i];
		if (a->group.slots != b->group.slots)
			return error_set(e, ERR_USAGE,
					 "group %s has %" PRIu32 " slots in %s and %" PRIu32
					 " in %s: it cannot read both",
					 g->name, a->group.slots, a->name, b->group.slots, b->name);
	}
	return 0;
}

int get_group_open(struct get_group *g, struct flow *f, const char *const *names, size_t count, const char *from,
		   struct error *e)
{
	g->fd = -1;
	g->checkpoint = g->checkpoint < 0 ? CHECKPOINT : g->checkpoint;
	g->give_up = g->wait < 0 ? INT64_MAX : monotonic_now() + g->wait;
	g->members = mem_zero(count * sizeof *g->members);
	int r = 0;
	for (size_t i = 0; !r && i < count; i++) {
		struct member *m = &g->members[g->count];
		m->name = names[i];
		if (!(r = stream_open(&m->stream, &files_real, names[i], e)))
			g->count++;
	}
	if (!r)
		qsort(g->members, g->count, sizeof *g->members, compare_members);
	if (!r)
		r = check_streams(g, e);
	if (!r)
		r = open_groups(g, f, from, e);
	return r ? r : check_slots(g, e);
}

void get_group_close(struct get_group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct member *m = &g->members[i];
		slot_release(&m->slot);
		positions_release(&m->reached);
		group_close(&m->group);
		stream_close(&m->stream);
	}
	if (g->waits && g->fd >= 0)
		files_real.close(&files_real, g->fd);
	free(g->members);
	for (size_t i = 0; i < sizeof g->texts / sizeof *g->texts; i++)
		free(g->texts[i]);
}

/* -- reading -- */

static struct member *member_of(const struct get_group *g, const char *stream)
{
	for (size_t i = 0; i < g->count; i++)
		if (!strcmp(g->members[i].name, stream))
			return &g->members[i];
	return NULL;
}

static int stop_at_gap(const struct get_group *g, const struct member *m, uint32_t shard, uint64_t first,
		       uint64_t behind, struct error *e)
{
	return error_set(e, ERR_FAILED,
			 "%s: @seq %" PRIu64 " to %" PRIu64 " of shard %" PRIu32
			 " are not kept any more, and group %s has not read them; --on-gap skip goes on behind them",
			 m->name, first, behind - 1, shard, g->name);
}

/* Positions must lie in the log: behind its end something was lost that they count as read; before its beginning, we
   would skip what nobody has read. */
int get_group_check(struct get_group *g, struct member *m, struct position *p, struct error *e)
{
	struct bound at = {.kind = BOUND_SEQ, .seq = p->next};
	uint64_t seq;
	bool past;
	int r = position_resolve(&m->stream, p->shard, &at, &seq, &past, e);
	if (r)
		return r;
	if (past)
		return error_set(e, ERR_FAILED,
				 "%s: group %s stands at @seq %" PRIu64 " of shard %" PRIu32 ", which ends at %" PRIu64
				 ": records were lost; set it by `stream-ctl reset %s %s --from TIME`",
				 m->name, g->name, p->next, p->shard, seq, m->name, g->name);
	if (seq == p->next)
		return 0;
	if (g->on_gap == GAP_STOP)
		return stop_at_gap(g, m, p->shard, p->next, seq, e);
	batch_reject_text(g->lost, 0, "", 0,
			  "%s: @seq %" PRIu64 " to %" PRIu64 " of shard %" PRIu32
			  " are not kept any more, and group %s had not read them",
			  m->name, p->next, seq - 1, p->shard, g->name);
	p->next = seq;
	g->dirty = true;
	return 0;
}

int get_group_begin(void *self, const struct stream *s, const struct catalog_shard *shard, uint64_t *seq,
		    struct error *e)
{
	struct get_group *g = self;
	struct member *m = member_of(g, s->name);
	(void)e;
	if (hash128_compare(shard->to, m->slot.from) < 0 || hash128_compare(shard->from, m->slot.to) > 0)
		return BEGIN_NEVER;
	const struct position *p = positions_get(&m->reached, shard->id);
	if (!p)
		return BEGIN_FIRST;
	*seq = p->next;
	return p->finished ? BEGIN_NEVER : BEGIN_AT;
}

void get_group_reached(struct get_group *g, const char *stream, uint32_t shard, uint64_t next)
{
	struct member *m = member_of(g, stream);
	const struct position *p = positions_get(&m->reached, shard);
	if (p && p->next >= next)
		return;
	positions_set(&m->reached, shard, next, false);
	g->dirty = true;
}

static int stopped(const struct get_group *g, struct error *e)
{
	if (g->gap.code)
		*e = g->gap;
	return g->gap.code;
}

bool get_group_takes_all(const struct get_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].group.slots != 1)
			return false;
	return true;
}

int get_group_select(struct get_group *g, struct store_item *item, struct error *e)
{
	struct member *m = member_of(g, item->stream);
	struct batch *b = item->batch;
	struct position *p = positions_get(&m->reached, item->shard);
	uint64_t first = (uint64_t)column_get(&b->meta[META_SEQ], batch_row(b, 0)).i;
	int r = stopped(g, e);
	/* The reader does not tell of what went before it had begun. */
	if (!r && p && p->next < first)
		r = get_group_check(g, m, p, e);
	if (r || m->group.slots == 1)
		return r;
	uint32_t count = 0, *rows = arena_array(&b->arena, batch_count(b), sizeof *rows);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		struct hash128 point = spread_point(&b->meta[META_HASH], row);
		if (hash128_compare(point, m->slot.from) >= 0 && hash128_compare(point, m->slot.to) <= 0)
			rows[count++] = row;
	}
	batch_select(b, rows, count);
	return 0;
}

bool get_group_lost(struct get_group *g, const struct damage *d)
{
	struct member *m = member_of(g, d->stream);
	struct error ignored;
	uint64_t oldest;
	bool gone = !position_oldest(&m->stream, d->shard, d->first, &oldest, &ignored) && oldest > d->first;
	if (gone && g->on_gap == GAP_STOP) {
		if (!g->gap.code)
			stop_at_gap(g, m, d->shard, d->first, d->behind, &g->gap);
		return true;
	}
	get_group_reached(g, d->stream, d->shard, d->behind);
	return false;
}

/* -- committing -- */

static int check(struct get_group *g, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++)
		r = slot_check(&g->members[i].slot, e);
	g->checked = monotonic_now();
	g->idle = false;
	return r;
}

int get_group_secure(struct member *m, struct error *e)
{
	int r = 0;
	for (size_t i = 0; m->stream.catalog.sync == SYNC_NEVER && !r && i < m->reached.count; i++) {
		const struct position *p = &m->reached.items[i], *before;
		before = positions_get(&m->slot.positions, p->shard);
		if (!before || before->next < p->next)
			r = position_secure(&m->stream, p->shard, before ? before->next : 0, p->next, e);
	}
	return r;
}

int get_group_commit(struct get_group *g, struct flow *f, struct error *e)
{
	bool kept;
	if (!g->held || !g->dirty || g->flows)
		return 0;
	int r = check(g, e);
	if (!r)
		r = flow_deliver(f, &kept, e);
	for (size_t i = 0; !r && i < g->count; i++) {
		struct member *m = &g->members[i];
		r = get_group_secure(m, e);
		if (!r)
			r = slot_commit(&m->slot, m->slot.n + 1, &m->reached, e);
	}
	g->dirty = r != 0;
	g->committed = g->checked = monotonic_now();
	return r;
}

static int64_t due(const struct get_group *g)
{
	return g->dirty && !g->flows ? g->committed + g->checkpoint : INT64_MAX;
}

int64_t get_group_idle(struct get_group *g)
{
	g->idle = true;
	/* Though no record comes, it learns that another process has taken its slot. */
	int64_t commit = due(g), again = g->held ? monotonic_now() + SECOND : INT64_MAX;
	return commit < again ? commit : again;
}

int get_group_tick(struct get_group *g, struct flow *f, struct error *e)
{
	int64_t now = monotonic_now();
	int r = stopped(g, e);
	if (r)
		return r;
	if (now >= due(g))
		return get_group_commit(g, f, e);
	/* A process that was stopped is to learn that it is fenced before it passes on more. */
	return g->idle || now - g->checked > SECOND ? check(g, e) : 0;
}
