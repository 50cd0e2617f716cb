/* stream-sort: sorts records by key, per window where there is one, through disk where memory does not do. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "hold/replay.h"
#include "hold/run.h"
#include "hold/state.h"
#include "key/spec.h"
#include "sort/pane_parts.h"
#include "sort/sorter.h"
#include "window/panes.h"
#include "window/watermark.h"

static const char NAME[] = "stream-sort";
enum { LIMIT = 512 << 20, WINDOW_FIELDS = 2 };

struct sort {
	const char *key_text;
	int64_t limit;

	struct key_spec key;
	struct key_list keys;
	struct panes panes; /* whose states are sorters */
	struct spool *spool;
	struct gather gather;

	struct state_in in; /* while a snapshot is read */
	struct replay replay;
};

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct sort *s = self;
	(void)o;
	panes_init(&s->panes);
	gather_init(&s->gather);
	if (!s->key_text)
		return error_set(e, ERR_USAGE, "-k FIELD is missing: by which field?");
	int r = key_spec_parse(s->key_text, KEY_ASCENDING, &s->key, e);
	if (r)
		return r;
	s->spool = spool_new(spool_directory());
	flow_fields(f, s->key.fields, s->key.field_count);
	return 0;
}

/* -- in -- */

/* The sorter that needs most, and what all need together. */
static struct sorter *largest(const struct sort *s, size_t *total)
{
	struct sorter *found = NULL;
	size_t most = 0;
	*total = 0;
	for (uint32_t i = 0; i < s->panes.count; i++) {
		struct sorter *sorter = s->panes.items[i].state;
		size_t memory = sorter_memory(sorter);
		*total += memory;
		if (memory > most && sorter_can_spill(sorter)) {
			most = memory;
			found = sorter;
		}
	}
	return found;
}

/* When all together need too much, the largest go to disk, until it is half: so runs are few, and no shorter than need be. */
static int keep_limit(struct sort *s, struct error *e)
{
	size_t total;
	struct sorter *next = largest(s, &total);
	if (total <= (size_t)s->limit)
		return 0;
	for (int r; total > (size_t)s->limit / 2 && next; next = largest(s, &total)) {
		r = sorter_spill(next, e);
		if (r)
			return r;
	}
	return 0;
}

/* Rows that stand side by side and are of one pane go in together. */
static int add(struct sort *s, struct flow *f, struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b), late = 0, *rows = arena_array(&b->arena, count, sizeof *rows);
	uint32_t *which = arena_array(&b->arena, count, sizeof *which);
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = batch_row(b, i);
		which[i] = i;
	}
	for (uint32_t i = 0, n; i < count; i += n) {
		n = count - i;
		struct held_pane *pane = panes_take(&s->panes, b, rows + i, &n, &late);
		if (!pane)
			continue;
		if (!pane->state)
			pane->state = sorter_new(&s->key, s->spool);
		batch_select(b, rows + i, n);
		int r = sorter_add(pane->state, b, &s->keys, which + i, e);
		if (r)
			return r;
	}
	if (late)
		flow_count_late(f, late, false);
	return 0;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct sort *s = self;
	(void)input;
	key_spec_apply(&s->key, b, &s->keys);
	int r = add(s, f, b, e);
	return r ? r : keep_limit(s, e);
}

/* -- out -- */

static int emit(void *self, struct batch *b, struct error *e)
{
	return flow_emit(self, b, e);
}

/* In order of their windows, which are their first fields: so a merger of copies keeps it. */
static int emit_windowed(void *self, struct batch *b, struct error *e)
{
	b->sorted = WINDOW_FIELDS;
	return flow_emit(self, b, e);
}

/* For a merger of copies; by an expression it has that of windows alone. */
static int tell_order(struct sort *s, struct flow *f, bool windowed, struct error *e)
{
	struct order_field *order = mem_array(s->key.count + WINDOW_FIELDS, sizeof *order);
	uint32_t n = 0;
	if (windowed) {
		order[n++] = (struct order_field){"window_end", false};
		order[n++] = (struct order_field){"window_start", false};
	}
	int r = key_spec_order(&s->key, order + n) ? flow_order(f, order, n + s->key.count, e) : 0;
	free(order);
	return r;
}

static int emit_window(struct sort *s, struct flow *f, struct span w, struct error *e)
{
	const struct field lead[WINDOW_FIELDS] = {{"window_start", value_time(w.start)},
						  {"window_end", value_time(w.end)}};
	uint32_t count;
	struct held_pane *panes = panes_of(&s->panes, w, &count);
	struct sorter **sorters = mem_array(count, sizeof *sorters);
	for (uint32_t i = 0; i < count; i++)
		sorters[i] = panes[i].state;
	s->gather.lead = lead;
	s->gather.lead_count = WINDOW_FIELDS;
	int r = tell_order(s, f, true, e);
	if (!r)
		r = sorters_emit(sorters, count, &s->gather, emit_windowed, f, e);
	s->gather.lead = NULL;
	s->gather.lead_count = 0;
	free(sorters);
	return r;
}

static void free_state(void *state)
{
	sorter_free(state);
}

static int close_windows(struct sort *s, struct flow *f, int64_t watermark, struct error *e)
{
	struct span *due;
	uint32_t count = panes_due(&s->panes, watermark, &due);
	int r = 0;
	for (uint32_t i = 0; i < count && !r; i++)
		r = emit_window(s, f, due[i], e);
	free(due);
	panes_advance(&s->panes, watermark, free_state);
	return r;
}

static int on_window(struct sort *s, struct flow *f, struct batch *body, struct error *e)
{
	int r = panes_window(&s->panes, body, NAME, e);
	/* A record is in several windows, or comes out again corrected. */
	if (s->panes.spec.kind != WINDOW_TUMBLE || s->panes.spec.lateness)
		flow_fold(f);
	return r;
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct sort *s = self;
	(void)input;
	if (frame->kind == FRAME_WINDOW)
		return on_window(s, f, body, e);
	if (frame->kind == FRAME_WATERMARK) {
		int64_t time = watermark_whole(body);
		int r = time > TIMESTAMP_MIN ? close_windows(s, f, time, e) : 0;
		/* Of a source's shard: the records come out in another order. */
		if (r || !value_is_missing(batch_get(body, 0, "shard")))
			return r;
	}
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct sort *s = self;
	if (s->panes.windowed || !final || !s->panes.count)
		return 0;
	struct sorter *sorter = s->panes.items[0].state;
	int r = tell_order(s, f, false, e);
	if (!r)
		r = sorters_emit(&sorter, 1, &s->gather, emit, f, e);
	/* What is out is not for the next run. */
	panes_clear(&s->panes, free_state);
	return r;
}

/* -- checkpoints -- */

static int add_to_snapshot(void *self, const struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

static int save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct sort *s = self;
	(void)f;
	const struct state_out out = {.add = add_to_snapshot, .self = to, .changes = snapshot_of_changes(to)};
	int r = state_part(&out, "sort", 0, NULL, 0, e);
	if (!r)
		r = pane_parts_save(&s->panes, &out, e);
	for (uint32_t i = 0; i < s->panes.count && !r; i++) {
		const struct held_pane *pane = &s->panes.items[i];
		const struct field start = {"start", value_int(pane->span.start)};
		r = pane->state ? sorter_save(pane->state, &out, &start, 1, e) : 0;
	}
	return r;
}

/* Records of an earlier run, in the order in which they came. */
static int take_again(void *self, const struct replay_part *part, struct batch *b, struct error *e)
{
	struct sort *s = self;
	struct held_pane *pane = panes_at(&s->panes, part->id);
	if (!pane)
		return 0;
	key_spec_apply(&s->key, b, &s->keys);
	int r = sorter_add(pane->state, b, &s->keys, NULL, e);
	return r ? r : keep_limit(s, e);
}

static int load_head(struct sort *s, const struct batch *b, struct error *e)
{
	int64_t start;
	if (state_is(&s->in, "sort"))
		replay_file(&s->replay);
	if (!state_is(&s->in, "rows"))
		return 0;
	int r = state_int(b, 0, "start", &start, e);
	return r ? r : replay_part(&s->replay, 0, start, e);
}

/* The newest comes first, and knows which panes are still there. */
static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct sort *s = self;
	if (!b)
		return replay_give(&s->replay, take_again, s, e);
	int r = state_take(&s->in, b, e);
	if (r)
		return r < 0 ? r : load_head(s, b, e);
	if (state_is(&s->in, "rows"))
		return replay_rows(&s->replay, b, e);
	if (s->replay.files > 1)
		return 0;
	if (state_is(&s->in, "window"))
		return on_window(s, f, b, e);
	r = pane_parts_load(&s->panes, &s->in, b, NAME, e);
	for (uint32_t i = 0; i < s->panes.count; i++)
		if (!s->panes.items[i].state)
			s->panes.items[i].state = sorter_new(&s->key, s->spool);
	return r < 0 ? r : 0;
}

static void release(void *self, bool failed)
{
	struct sort *s = self;
	(void)failed;
	panes_release(&s->panes, free_state);
	spool_free(s->spool);
	replay_release(&s->replay);
	if (s->gather.out.store)
		gather_release(&s->gather);
	key_spec_release(&s->key);
	key_list_release(&s->keys);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct sort, key_text), "FIELD[:desc],…",
		 "by these fields, or expressions; :desc turns the order", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct sort, limit), "SIZE",
		 "what needs more memory goes through disk (default 512M)", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "sorts records by key, per window where there is one",
		.operands = "-k FIELD[:desc],… [FILE…]",
		.examples = "  stream-sort -k status,rt:desc access.json\n"
			    "  stream-get web | stream-window 1m | stream-sort -k bytes:desc\n",
		.options = options,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct sort sort = {.limit = LIMIT};
	return flow_main(argc, argv, &command, &stage, &sort);
}
