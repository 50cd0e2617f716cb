/* stream-uniq: passes the first record of each key, for ever, within a time, or per window; or the last of each window. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "key/encode.h"
#include "uniq.h"

enum { MEMORY_CHECK_ROWS = 65536 };

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct uniq *u = self;
	(void)o;
	panes_init(&u->panes);
	gather_init(&u->gather);
	int r = u->key_text ? key_spec_parse(u->key_text, KEY_PLAIN, &u->key, e) : 0;
	if (!r)
		r = event_clock_init(&u->clock, u->time_field, e);
	if (!r && u->last && u->within)
		r = error_set(e, ERR_USAGE, "--last is known when a window closes; it does not go with --within");
	if (r)
		return r;
	recent_init(&u->recent, u->within);
	if (u->key_text)
		flow_fields(f, u->key.fields, u->key.field_count);
	return 0;
}

void uniq_make_keys(struct uniq *u, struct batch *b)
{
	if (u->key_text)
		key_spec_apply(&u->key, b, &u->keys);
	else
		key_of_records(b, &u->keys);
}

/* -- within a time -- */

static void start_clock(struct uniq *u, struct flow *f)
{
	if (!u->panes.windowed)
		event_clock_start(&u->clock, u->delay, flow_bounded(f) == BOUNDED_YES);
}

static int first_within(struct uniq *u, struct flow *f, struct batch *b, struct error *e)
{
	int r = event_clock_times(&u->clock, b, NULL, e);
	if (r)
		return r;
	start_clock(u, f);
	uniq_make_keys(u, b);
	/* A record whose key can't be had is a reject, and says nothing of time. */
	uint32_t late = u->clock.started ? event_clock_judge(&u->clock, b) : 0;
	if (late) {
		flow_count_late(f, late, false);
		uniq_make_keys(u, b);
	}
	uint32_t count = batch_count(b);
	uint32_t n = 0, *fresh = arena_array(&b->arena, count, sizeof *fresh);
	for (uint32_t i = 0; i < count; i++) {
		int64_t time = column_get(&b->meta[META_TIME], batch_row(b, i)).i;
		if (recent_see(&u->recent, key_bytes(&u->keys, i), key_len(&u->keys, i), time))
			fresh[n++] = batch_row(b, i);
	}
	batch_select(b, fresh, n);
	if (u->clock.started)
		recent_forget(&u->recent, event_clock_at(&u->clock));
	return n ? flow_emit(f, b, e) : 0;
}

/* -- for ever, or per window -- */

static bool is_first(struct held_pane *pane, const char *key, size_t len)
{
	if (!pane->state)
		pane->state = mem_zero(sizeof(struct seen));
	struct key_table *t = &((struct seen *)pane->state)->keys;
	uint32_t before = t->count;
	return key_table_number(t, key, len) == before;
}

static int first_of_pane(struct uniq *u, struct flow *f, struct batch *b, struct error *e)
{
	uniq_make_keys(u, b);
	uint32_t count = batch_count(b), late = 0, kept = 0, *rows = arena_array(&b->arena, count, sizeof *rows);
	uint32_t *fresh = arena_array(&b->arena, count, sizeof *fresh);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = batch_row(b, i);
	for (uint32_t i = 0, n; i < count; i += n) {
		n = count - i;
		struct held_pane *pane = panes_take(&u->panes, b, rows + i, &n, &late);
		for (uint32_t k = i; pane && k < i + n; k++)
			if (is_first(pane, key_bytes(&u->keys, k), key_len(&u->keys, k)))
				fresh[kept++] = rows[k];
	}
	if (late)
		flow_count_late(f, late, false);
	batch_select(b, fresh, kept);
	return kept ? flow_emit(f, b, e) : 0;
}

/* -- the last -- */

void uniq_make_order(struct uniq *u, const struct batch *b, const uint64_t *order)
{
	struct key_list *l = &u->order;
	uint32_t count = batch_count(b);
	if (l->cap < count + 1) {
		l->cap = (uint32_t)mem_grow(l->cap, count + 1);
		l->at = mem_resize(l->at, l->cap, sizeof *l->at);
	}
	buf_clear(&l->bytes);
	l->count = count;
	l->at[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		key_append(column_get(&b->meta[META_TIME], batch_row(b, i)), true, &l->bytes);
		key_append(value_int((int64_t)(order ? order[i] : u->seq + i)), true, &l->bytes);
		l->at[i + 1] = l->bytes.len;
	}
}

static int last_of_pane(struct uniq *u, struct flow *f, struct batch *b, struct error *e)
{
	uniq_make_keys(u, b);
	uniq_make_order(u, b, NULL);
	uint32_t count = batch_count(b), late = 0, *rows = arena_array(&b->arena, count, sizeof *rows);
	uint32_t *which = arena_array(&b->arena, count, sizeof *which);
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = batch_row(b, i);
		which[i] = i;
	}
	for (uint32_t i = 0, n; i < count; i += n) {
		n = count - i;
		struct held_pane *pane = panes_take(&u->panes, b, rows + i, &n, &late);
		if (!pane)
			continue;
		if (!pane->state)
			pane->state = ranking_new(1, false);
		batch_select(b, rows + i, n);
		int r = ranking_add(pane->state, b, &u->order, &u->keys, which + i, u->seq, e);
		if (r)
			return r;
	}
	if (late)
		flow_count_late(f, late, false);
	u->seq += count;
	return 0;
}

static int emit(void *self, struct batch *b, struct error *e)
{
	return flow_emit(self, b, e);
}

/*
 * For a merger of copies, which is to have them in order of their keys. The records do not say of which window they are, so that
 * event time has to come as far as each of them, one by one.
 */
static int tell_order(struct uniq *u, struct flow *f, struct error *e)
{
	struct order_field *order = mem_array(u->key.count + 1, sizeof *order);
	int r = u->key_text && key_spec_order(&u->key, order) ? flow_order(f, order, u->key.count, e) : 0;
	free(order);
	return r;
}

static int emit_last(struct uniq *u, struct flow *f, struct ranking *ranking, struct error *e)
{
	size_t total;
	struct ranked *rows = rankings_take(&ranking, 1, 1, false, &total);
	struct row_ref *refs = mem_array(total + 1, sizeof *refs);
	for (size_t i = 0; i < total; i++)
		refs[i] = rows[i].ref;
	int r = tell_order(u, f, e);
	if (!r)
		r = gather_all(&u->gather, refs, total, emit, f, e);
	free(rows);
	free(refs);
	return r;
}

/* -- the loop -- */

static int check_limit(struct uniq *u, uint32_t rows, struct error *e)
{
	u->unchecked += rows;
	if (!u->limit || u->unchecked < MEMORY_CHECK_ROWS)
		return 0;
	u->unchecked = 0;
	size_t total = recent_memory(&u->recent);
	for (uint32_t i = 0; i < u->panes.count; i++) {
		const void *state = u->panes.items[i].state;
		total += !state    ? 0
			 : u->last ? ranking_memory(state)
				   : key_table_memory(&((const struct seen *)state)->keys);
	}
	return total <= (size_t)u->limit
		       ? 0
		       : error_set(e, ERR_FAILED,
				   "the keys seen need more memory than --limit; use a shorter --within, shorter "
				   "windows or stream-shard");
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct uniq *u = self;
	uint32_t rows = batch_count(b);
	(void)input;
	int r = u->within ? first_within(u, f, b, e) : u->last ? last_of_pane(u, f, b, e) : first_of_pane(u, f, b, e);
	return r ? r : check_limit(u, rows, e);
}

static void free_keys(void *state)
{
	key_table_release(&((struct seen *)state)->keys);
	free(state);
}

static void free_ranking(void *state)
{
	ranking_free(state);
}

static int on_window(struct uniq *u, struct flow *f, const struct frame *frame, struct batch *body, struct error *e)
{
	struct arena a = {0};
	struct window_spec spec;
	int r = window_read(body, &a, &spec, e);
	bool zoned = !r && spec.zone;
	arena_release(&a);
	if (r)
		return r;
	int64_t length = spec.kind == WINDOW_SESSION ? spec.gap : spec.size;
	/* Clocks have been put back by a whole day. */
	u->slack = spec.kind == WINDOW_COUNT ? INT64_MAX : time_add(time_add(length, spec.lateness), zoned ? DAY : 0);
	u->panes.windowed = true;
	if (!u->within)
		r = panes_window(&u->panes, body, UNIQ_NAME, e);
	if (!r && !u->within && spec.kind != WINDOW_TUMBLE)
		r = error_set(
			e, ERR_USAGE,
			"stream-uniq works in windows that do not overlap (tumble), or within a time: --within D");
	return r ? r : flow_control(f, FRAME_WINDOW, frame->flags & FRAME_CRITICAL, body, e);
}

static int close_windows(struct uniq *u, struct flow *f, int64_t watermark, struct error *e)
{
	struct span *due;
	uint32_t count = u->last ? panes_due(&u->panes, watermark, &due) : 0, panes;
	int r = 0;
	char *const *keys;
	bool part = flow_part_keys(f, &keys) > 0;
	for (uint32_t i = 0; i < count && !r; i++) {
		r = emit_last(u, f, panes_of(&u->panes, due[i], &panes)->state, e);
		if (!r && part && due[i].end < watermark)
			r = flow_watermark(f, due[i].end, e);
	}
	if (u->last)
		free(due);
	panes_advance(&u->panes, watermark, u->last ? free_ranking : free_keys);
	return r;
}

static int on_watermark(struct uniq *u, struct flow *f, struct batch *body, struct error *e)
{
	int64_t whole = watermark_whole(body);
	if (u->within && !u->panes.windowed) {
		start_clock(u, f);
		int r = event_clock_frame(&u->clock, body, e);
		recent_forget(&u->recent, event_clock_at(&u->clock));
		return r;
	}
	if (whole == TIMESTAMP_MIN)
		return 0;
	if (u->within) {
		recent_forget(&u->recent, time_subtract(whole, u->slack));
		return 0;
	}
	return close_windows(u, f, whole, e);
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct uniq *u = self;
	(void)input;
	if (frame->kind == FRAME_WINDOW)
		return on_window(u, f, frame, body, e);
	int r = frame->kind == FRAME_WATERMARK ? on_watermark(u, f, body, e) : 0;
	return r ? r : flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct uniq *u = self;
	if (!final || !u->last || u->panes.windowed || !u->panes.count)
		return 0;
	int r = emit_last(u, f, u->panes.items[0].state, e);
	/* What is out is not for the next run. */
	panes_clear(&u->panes, free_ranking);
	return r;
}

static void release(void *self, bool failed)
{
	struct uniq *u = self;
	(void)failed;
	panes_release(&u->panes, u->last ? free_ranking : free_keys);
	recent_release(&u->recent);
	event_clock_release(&u->clock);
	key_spec_release(&u->key);
	key_list_release(&u->keys);
	key_list_release(&u->order);
	if (u->gather.out.store)
		gather_release(&u->gather);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct uniq, key_text), "FIELD,…",
		 "records with the same values are the same (default: all fields)", NULL},
		{0, "within", OPT_DURATION, offsetof(struct uniq, within), "D",
		 "only if they are less than D apart in event time", NULL},
		{'t', "time", OPT_TEXT, offsetof(struct uniq, time_field), "FIELD",
		 "event time is in FIELD, not in @time", NULL},
		{0, "delay", OPT_DURATION, offsetof(struct uniq, delay), "D",
		 "the bound on disorder (default 5s live, none on input that ends)", NULL},
		{0, "last", OPT_FLAG, offsetof(struct uniq, last), NULL,
		 "the last of each window, or of all, when that is known", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct uniq, limit), "SIZE", "stop when the keys seen need more memory",
		 NULL},
		{0},
	};
	static const struct command command = {
		.summary = "passes the first record of each key",
		.operands = "[-k FIELD,…] [FILE…]",
		.examples = "  stream-uniq -k ip access.json\n"
			    "  stream-get -f orders | stream-uniq -k order --within 1h\n"
			    "  stream-get web | stream-window 1m | stream-uniq -k client | stream-agg count\n",
		.options = options,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = uniq_save, .load = uniq_load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct uniq uniq = {.delay = EVENT_DELAY_AUTO};
	return flow_main(argc, argv, &command, &stage, &uniq);
}
