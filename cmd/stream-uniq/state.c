/* stream-uniq in a checkpointed flow: the keys that were seen, those since the last snapshot if that will do; of --last the records. */
#include "base/mem.h"
#include "record/batch_rows.h"
#include "sort/pane_parts.h"
#include "uniq.h"

/* -- saving -- */

static int add(void *self, const struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

/* The keys of a table from *saved on, of all if it is all that is written. */
static int save_keys(const struct state_out *o, const char *part, int64_t start, const struct key_table *keys,
		     const int64_t *times, uint32_t *saved, struct error *e)
{
	const struct field head = {"start", value_int(start)};
	struct batch b;
	int r = 0;
	batch_init(&b);
	for (uint32_t at = o->changes ? *saved : 0; at < keys->count && !r;) {
		batch_clear(&b);
		at += key_table_save(keys, at, times, &b);
		r = state_batch(o, part, &head, 1, &b, e);
	}
	batch_release(&b);
	*saved = keys->count;
	return r;
}

static int save_head(const struct uniq *u, const struct state_out *o, struct error *e)
{
	const struct field head[] = {{"seq", value_int((int64_t)u->seq)},
				     {"windowed", value_bool(u->panes.windowed)},
				     {"slack", value_int(u->slack)},
				     {"forgotten", value_int(u->recent.forgotten)}};
	return state_part(o, "uniq", 0, head, 4, e);
}

static int save_recent(struct uniq *u, const struct state_out *o, struct error *e)
{
	struct batch b;
	batch_init(&b);
	event_clock_save(&u->clock, &b);
	int r = state_batch(o, "clock", NULL, 0, &b, e);
	batch_release(&b);
	for (uint32_t i = 0; i < u->recent.count && !r; i++) {
		struct recent_bucket *k = &u->recent.buckets[i];
		r = save_keys(o, "recent", k->start, &k->keys, k->times, &k->saved, e);
	}
	return r;
}

static int save_panes(struct uniq *u, const struct state_out *o, struct error *e)
{
	int r = pane_parts_save(&u->panes, o, e);
	for (uint32_t i = 0; i < u->panes.count && !r; i++) {
		const struct held_pane *pane = &u->panes.items[i];
		const struct field start = {"start", value_int(pane->span.start)};
		struct seen *seen = pane->state;
		if (seen)
			r = u->last ? ranking_save(pane->state, o, &start, 1, e)
				    : save_keys(o, "keys", start.value.i, &seen->keys, NULL, &seen->saved, e);
	}
	return r;
}

int uniq_save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct uniq *u = self;
	(void)f;
	const struct state_out out = {.add = add, .self = to, .changes = !u->last && snapshot_of_changes(to)};
	int r = save_head(u, &out, e);
	if (r)
		return r;
	return u->within ? save_recent(u, &out, e) : save_panes(u, &out, e);
}

/* -- loading: the newest comes first, and knows how far time had come and which panes are still there -- */

static int load_head(struct uniq *u, const struct batch *b, struct error *e)
{
	int64_t seq;
	int r = 0;
	if (state_is(&u->in, "recent") || state_is(&u->in, "keys") || state_is(&u->in, "order"))
		r = state_int(b, 0, "start", &u->start, e);
	if (!r && state_is(&u->in, "order")) {
		struct held_pane *pane = panes_at(&u->panes, u->start);
		if (!pane)
			return error_set(e, ERR_FAILED, "the snapshot has records of no window");
		pane->state = u->loading = ranking_new(1, false);
	}
	if (r || !state_is(&u->in, "uniq") || u->files++)
		return r;
	r = state_int(b, 0, "seq", &seq, e);
	if (!r)
		r = state_int(b, 0, "slack", &u->slack, e);
	if (!r)
		r = state_int(b, 0, "forgotten", &u->recent.forgotten, e);
	u->seq = (uint64_t)seq;
	u->panes.windowed = batch_get(b, 0, "windowed").i == 1;
	return r;
}

static int load_keys(struct uniq *u, const struct batch *b, struct error *e)
{
	struct held_pane *pane = panes_at(&u->panes, u->start);
	for (uint32_t row = 0; pane && row < b->rows; row++) {
		struct value key;
		int r = key_of_row(b, row, &key, e);
		if (r)
			return r;
		if (!pane->state)
			pane->state = mem_zero(sizeof(struct seen));
		key_table_number(&((struct seen *)pane->state)->keys, key.s, key.len);
	}
	return 0;
}

static int load_ranked(struct uniq *u, struct batch *b, struct error *e)
{
	uint32_t left;
	const uint64_t *order = ranking_order(u->loading, &left);
	if (batch_count(b) > left)
		return error_set(e, ERR_FAILED, "the snapshot has more records than it says");
	uniq_make_keys(u, b);
	uniq_make_order(u, b, order);
	return ranking_load(u->loading, b, &u->order, &u->keys, e);
}

static int load_rows(struct uniq *u, struct batch *b, struct error *e)
{
	if (state_is(&u->in, "recent"))
		return recent_load(&u->recent, u->start, b, e);
	if (state_is(&u->in, "keys"))
		return load_keys(u, b, e);
	if (state_is(&u->in, "order"))
		return ranking_load_order(u->loading, b, e);
	if (state_is(&u->in, "ranked"))
		return load_ranked(u, b, e);
	if (u->files > 1)
		return 0;
	if (state_is(&u->in, "clock"))
		return event_clock_load(&u->clock, b, e);
	int r = pane_parts_load(&u->panes, &u->in, b, UNIQ_NAME, e);
	return r < 0 ? r : 0;
}

int uniq_load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct uniq *u = self;
	(void)f;
	if (!b) {
		recent_forget(&u->recent, u->recent.forgotten);
		return 0;
	}
	int r = state_take(&u->in, b, e);
	return r < 0 ? r : r ? load_head(u, b, e) : load_rows(u, b, e);
}
