/* stream-top: the N greatest records, per group, per window where there is one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "hold/state.h"
#include "key/spec.h"
#include "sort/pane_parts.h"
#include "sort/ranking.h"
#include "window/panes.h"
#include "window/watermark.h"

static const char NAME[] = "stream-top";
enum { N = 10, WINDOW_FIELDS = 2 };

struct top {
	int64_t n, every, limit;
	const char *key_text, *by_text, *rank;
	bool ties;

	struct key_spec key, by;
	struct key_list keys, groups;
	const char **fields;
	struct panes panes; /* whose states are rankings */
	uint64_t seq;       /* records so far */
	bool timed;
	struct gather gather;

	struct state_in in; /* while a snapshot is read */
	struct ranking *loading;
};

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct top *t = self;
	(void)o;
	panes_init(&t->panes);
	gather_init(&t->gather);
	if (!t->key_text)
		return error_set(e, ERR_USAGE, "-k FIELD is missing: the greatest by which field?");
	if (!t->n || t->n > UINT32_MAX / 4)
		return error_set(e, ERR_USAGE, "-n %lld: how many are to be kept?", (long long)t->n);
	int r = key_spec_parse(t->key_text, KEY_DESCENDING, &t->key, e);
	if (!r && t->by_text)
		r = key_spec_parse(t->by_text, KEY_PLAIN, &t->by, e);
	if (r)
		return r;
	size_t count = t->key.field_count + t->by.field_count;
	t->fields = mem_array(count + 1, sizeof *t->fields);
	for (size_t i = 0; i < count; i++)
		t->fields[i] = i < t->key.field_count ? t->key.fields[i] : t->by.fields[i - t->key.field_count];
	flow_fields(f, t->fields, count);
	return 0;
}

/* -- in -- */

/* A record whose key is absent or null has no rank: like min and max, it passes it over. */
static uint32_t with_key(const struct top *t, struct batch *b, uint32_t *rows, uint32_t *which)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < batch_count(b); i++) {
		if (key_is_missing(&t->key, key_bytes(&t->keys, i)))
			continue;
		rows[n] = batch_row(b, i);
		which[n++] = i;
	}
	return n;
}

static int add(struct top *t, struct flow *f, struct batch *b, const uint32_t *rows, const uint32_t *which,
	       uint32_t count, struct error *e)
{
	uint32_t late = 0;
	for (uint32_t i = 0, n; i < count; i += n) {
		n = count - i;
		struct held_pane *pane = panes_take(&t->panes, b, rows + i, &n, &late);
		if (!pane)
			continue;
		if (!pane->state)
			pane->state = ranking_new((uint32_t)t->n, t->ties);
		batch_select(b, rows + i, n);
		int r = ranking_add(pane->state, b, &t->keys, t->by.count ? &t->groups : NULL, which + i, t->seq, e);
		if (r)
			return r;
	}
	if (late)
		flow_count_late(f, late, false);
	return 0;
}

static int check_limit(const struct top *t, struct error *e)
{
	size_t total = 0;
	for (uint32_t i = 0; t->limit && i < t->panes.count; i++)
		total += ranking_memory(t->panes.items[i].state);
	return total <= (size_t)t->limit
		       ? 0
		       : error_set(e, ERR_FAILED,
				   "the records kept need more memory than --limit; use a smaller -n, fewer groups, "
				   "shorter windows or stream-shard");
}

static void start_updates(struct top *t, struct flow *f)
{
	if (t->timed)
		return;
	t->timed = true;
	if (!t->every)
		return;
	flow_fold(f);
	if (t->panes.windowed)
		flow_warn(f, "--every is for results without windows; a window's come when it closes");
	else
		flow_timer(f, t->every);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct top *t = self;
	(void)input;
	start_updates(t, f);
	if (t->by.count)
		key_spec_apply(&t->by, b, &t->groups);
	uint32_t groups = batch_count(b);
	key_spec_apply(&t->key, b, &t->keys);
	/* Some have no key: the groups are then to be those of the rest. */
	if (t->by.count && batch_count(b) < groups)
		key_spec_apply(&t->by, b, &t->groups);
	uint32_t all = batch_count(b), *rows = arena_array(&b->arena, all, sizeof *rows);
	uint32_t *which = arena_array(&b->arena, all, sizeof *which);
	uint32_t count = with_key(t, b, rows, which);
	int r = add(t, f, b, rows, which, count, e);
	t->seq += all;
	return r ? r : check_limit(t, e);
}

/* -- out -- */

/* Rows on their way out, and how many of them have gone. */
struct leaving {
	struct top *top;
	struct flow *flow;
	const struct ranked *next;
};

static int emit(void *self, struct batch *b, struct error *e)
{
	struct leaving *l = self;
	const char *name = l->top->rank;
	if (name) {
		struct value *ranks = arena_array(&b->arena, b->rows, sizeof *ranks);
		for (uint32_t i = 0; i < b->rows; i++)
			ranks[i] = value_int(l->next[i].rank);
		struct column c = {.form = COLUMN_VALUES, .values = ranks};
		if (batch_set(b, name, strlen(name), c) < 0)
			return error_set(e, ERR_FAILED, "a record has too many fields for a rank");
	}
	l->next += b->rows;
	/* Windows are in order of their first fields: so a merger of copies keeps it. */
	b->sorted = l->top->gather.lead_count;
	return flow_emit(l->flow, b, e);
}

static int emit_rankings(struct top *t, struct flow *f, struct ranking *const *list, uint32_t count, struct error *e)
{
	size_t total;
	struct ranked *rows = rankings_take(list, count, (uint32_t)t->n, t->ties, &total);
	struct row_ref *refs = mem_array(total + 1, sizeof *refs);
	struct leaving leaving = {t, f, rows};
	for (size_t i = 0; i < total; i++)
		refs[i] = rows[i].ref;
	int r = gather_all(&t->gather, refs, total, emit, &leaving, e);
	free(refs);
	free(rows);
	return r;
}

/* For a merger of copies; by an expression it has that of windows alone. */
static int tell_order(struct top *t, struct flow *f, bool windowed, struct error *e)
{
	struct order_field *order = mem_array(t->by.count + t->key.count + WINDOW_FIELDS, sizeof *order);
	uint32_t n = 0;
	if (windowed) {
		order[n++] = (struct order_field){"window_end", false};
		order[n++] = (struct order_field){"window_start", false};
	}
	bool known = key_spec_order(&t->by, order + n) && key_spec_order(&t->key, order + n + t->by.count);
	int r = known ? flow_order(f, order, n + t->by.count + t->key.count, e) : 0;
	free(order);
	return r;
}

static int emit_window(struct top *t, struct flow *f, struct span w, struct error *e)
{
	const struct field lead[WINDOW_FIELDS] = {{"window_start", value_time(w.start)},
						  {"window_end", value_time(w.end)}};
	uint32_t count;
	struct held_pane *panes = panes_of(&t->panes, w, &count);
	struct ranking **list = mem_array(count, sizeof *list);
	for (uint32_t i = 0; i < count; i++)
		list[i] = panes[i].state;
	t->gather.lead = lead;
	t->gather.lead_count = WINDOW_FIELDS;
	int r = tell_order(t, f, true, e);
	if (!r)
		r = emit_rankings(t, f, list, count, e);
	t->gather.lead = NULL;
	t->gather.lead_count = 0;
	free(list);
	return r;
}

static void free_state(void *state)
{
	ranking_free(state);
}

static int close_windows(struct top *t, struct flow *f, int64_t watermark, struct error *e)
{
	struct span *due;
	uint32_t count = panes_due(&t->panes, watermark, &due);
	int r = 0;
	for (uint32_t i = 0; i < count && !r; i++)
		r = emit_window(t, f, due[i], e);
	free(due);
	panes_advance(&t->panes, watermark, free_state);
	return r;
}

static int on_window(struct top *t, struct flow *f, const struct batch *body, struct error *e)
{
	int r = panes_window(&t->panes, body, NAME, e);
	if (t->panes.spec.kind != WINDOW_TUMBLE || t->panes.spec.lateness)
		flow_fold(f);
	return r;
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct top *t = self;
	(void)input;
	if (frame->kind == FRAME_WINDOW)
		return on_window(t, f, body, e);
	if (frame->kind == FRAME_WATERMARK) {
		int64_t time = watermark_whole(body);
		int r = time > TIMESTAMP_MIN ? close_windows(t, f, time, e) : 0;
		if (r || !value_is_missing(batch_get(body, 0, "shard")))
			return r;
	}
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int emit_all(struct top *t, struct flow *f, struct error *e)
{
	if (t->panes.windowed || !t->panes.count)
		return 0;
	struct ranking *ranking = t->panes.items[0].state;
	return emit_rankings(t, f, &ranking, 1, e);
}

static int timer(void *self, struct flow *f, struct error *e)
{
	return emit_all(self, f, e);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct top *t = self;
	int r = final && !t->panes.windowed ? tell_order(t, f, false, e) : 0;
	if (!r && final)
		r = emit_all(t, f, e);
	/* What is out is not for the next run. */
	if (final)
		panes_clear(&t->panes, free_state);
	return r;
}

/* -- checkpoints -- */

static int add_to_snapshot(void *self, const struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

static int save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct top *t = self;
	(void)f;
	const struct state_out out = {.add = add_to_snapshot, .self = to};
	const struct field seq = {"seq", value_int((int64_t)t->seq)};
	int r = state_part(&out, "top", 0, &seq, 1, e);
	if (!r)
		r = pane_parts_save(&t->panes, &out, e);
	for (uint32_t i = 0; i < t->panes.count && !r; i++) {
		const struct field start = {"start", value_int(t->panes.items[i].span.start)};
		r = ranking_save(t->panes.items[i].state, &out, &start, 1, e);
	}
	return r;
}

static int load_head(struct top *t, const struct batch *b, struct error *e)
{
	int64_t n;
	int r = 0;
	if (state_is(&t->in, "top")) {
		r = state_int(b, 0, "seq", &n, e);
		t->seq = r ? 0 : (uint64_t)n;
	} else if (state_is(&t->in, "order")) {
		r = state_int(b, 0, "start", &n, e);
		struct held_pane *pane = r ? NULL : panes_at(&t->panes, n);
		if (!r && !pane)
			return error_set(e, ERR_FAILED, "the snapshot has records of no window");
		if (!r)
			pane->state = t->loading = ranking_new((uint32_t)t->n, t->ties);
	}
	return r;
}

static int load_ranked(struct top *t, struct batch *b, struct error *e)
{
	if (t->by.count)
		key_spec_apply(&t->by, b, &t->groups);
	key_spec_apply(&t->key, b, &t->keys);
	return ranking_load(t->loading, b, &t->keys, t->by.count ? &t->groups : NULL, e);
}

static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct top *t = self;
	int r = b ? state_take(&t->in, b, e) : 0;
	if (!b || r)
		return r > 0 ? load_head(t, b, e) : r;
	if (state_is(&t->in, "order"))
		return ranking_load_order(t->loading, b, e);
	if (state_is(&t->in, "ranked"))
		return load_ranked(t, b, e);
	if (state_is(&t->in, "window"))
		return on_window(t, f, b, e);
	r = pane_parts_load(&t->panes, &t->in, b, NAME, e);
	return r < 0 ? r : 0;
}

static void release(void *self, bool failed)
{
	struct top *t = self;
	(void)failed;
	panes_release(&t->panes, free_state);
	key_spec_release(&t->key);
	key_spec_release(&t->by);
	key_list_release(&t->keys);
	key_list_release(&t->groups);
	if (t->gather.out.store)
		gather_release(&t->gather);
	free(t->fields);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'n', "count", OPT_COUNT, offsetof(struct top, n), "N", "so many records (default 10)", NULL},
		{'k', "key", OPT_TEXT, offsetof(struct top, key_text), "FIELD[:asc],…",
		 "the greatest by these; :asc turns it: the least", NULL},
		{'b', "by", OPT_TEXT, offsetof(struct top, by_text), "FIELDS", "so many for each value of these", NULL},
		{0, "ties", OPT_FLAG, offsetof(struct top, ties), NULL, "and all that tie with the last of them", NULL},
		{0, "rank", OPT_TEXT, offsetof(struct top, rank), "NAME", "add the rank, from 1, as a field", NULL},
		{0, "every", OPT_DURATION, offsetof(struct top, every), "D", "results so far, every D", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct top, limit), "SIZE",
		 "stop when the records kept need more memory", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "the N greatest records, per group, per window where there is one",
		.operands = "-k FIELD[:asc],… [FILE…]",
		.examples = "  stream-top -n 5 -k bytes access.json\n"
			    "  stream-get web | stream-window 1m | stream-top -n 3 -k rt -b path --rank place\n",
		.options = options,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .timer = timer,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct top top = {.n = N};
	return flow_main(argc, argv, &command, &stage, &top);
}
