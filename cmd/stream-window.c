/* stream-window: says how to window: judges what is late, and turns event time into one watermark. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow.h"
#include "flow/side.h"
#include "pattern/eventtime.h"
#include "record/batch_rows.h"
#include "window/spec.h"
#include "window/watermark.h"

enum { NOT_GIVEN = -1, LIVE_DELAY_SECONDS = 5, WATERMARK_ROWS = 16384 };

struct window {
	const char *time_field, *by, *late, *offset, *zone;
	int64_t delay, idle, lateness; /* ns; delay: NOT_GIVEN unless given */

	struct window_spec spec;
	struct event_time time;
	char *by_text;
	const char **by_fields;
	struct arena names; /* of the zone */
	struct watermark watermark;
	struct side side;
	bool announced;
	bool restored;   /* the watermark is that of an earlier run */
	int64_t sent;    /* the watermark that was sent last */
	uint64_t unsent; /* rows since */
};

/* -- operands -- */

/* How many words behind a kind belong to it, so that a FILE may follow. */
static int words_after(const char *kind)
{
	static const struct {
		const char *name;
		int words;
	} kinds[] = {{"tumble", 1}, {"hop", 2}, {"session", 1}, {"cumulate", 2}, {"count", 1}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].name, kind))
			return kinds[i].words;
	return 0;
}

static int parse_spec(struct window *w, struct operands *o, struct error *e)
{
	const char *words[3], *first;
	int r = operand_take(o, "SPEC (such as 1m, or hop 10m 1m)", &first, e);
	if (r)
		return r;
	size_t count = 0;
	words[count++] = first;
	for (int more = words_after(first); more > 0 && o->count; more--) {
		operand_take(o, "SPEC", &words[count], e);
		count++;
	}
	return window_parse(words, count, &w->spec, e);
}

/* Of either sign, for those who come from `offset -8h` for days that begin at midnight in Shanghai. */
static int parse_offset(struct window *w, struct error *e)
{
	const char *text = w->offset;
	if (!text)
		return 0;
	bool minus = *text == '-';
	if (duration_parse(text + minus, strlen(text + minus), &w->spec.offset, e))
		return error_prefix(e, "--offset");
	if (minus)
		w->spec.offset = -w->spec.offset;
	return 0;
}

static void parse_by(struct window *w)
{
	if (!w->by)
		return;
	w->by_text = mem_copy(w->by, strlen(w->by));
	for (char *save, *name = strtok_r(w->by_text, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
		w->by_fields = mem_resize(w->by_fields, w->spec.by_count + 1, sizeof *w->by_fields);
		w->by_fields[w->spec.by_count++] = name;
	}
	w->spec.by = w->by_fields;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct window *w = self;
	int r = parse_spec(w, o, e);
	if (!r)
		r = parse_offset(w, e);
	if (!r && w->zone)
		r = window_set_zone(&w->spec, w->zone, &w->names, e);
	if (!r)
		r = event_time_parse(w->time_field ? w->time_field : "@time", &w->time, e);
	if (r)
		return r;
	parse_by(w);
	w->spec.lateness = w->lateness;
	w->sent = TIMESTAMP_MIN;
	side_init(&w->side, w->late);
	flow_keep_side(f, &w->side);
	r = side_check(&w->side, e);
	if (r)
		return r;
	if (w->time_field)
		flow_fields(f, &w->time_field, 1);
	if (w->idle)
		flow_timer(f, w->idle < SECOND ? w->idle : SECOND);
	return 0;
}

/* -- watermarks -- */

/* The first thing that goes out; by now it is known whether the input has an end. */
static int announce(struct window *w, struct flow *f, struct error *e)
{
	if (w->announced)
		return 0;
	w->announced = true;
	w->spec.delay = w->delay != NOT_GIVEN            ? w->delay
			: flow_bounded(f) == BOUNDED_YES ? DELAY_UNLIMITED
							 : LIVE_DELAY_SECONDS * SECOND;
	if (!w->restored)
		watermark_init(&w->watermark, w->spec.delay);
	w->watermark.delay = w->spec.delay;
	struct batch body;
	batch_init(&body);
	window_write(&w->spec, &body);
	int r = flow_control(f, FRAME_WINDOW, FRAME_CRITICAL, &body, e);
	batch_release(&body);
	return r;
}

static int send_time(struct window *w, struct flow *f, int64_t at, struct error *e)
{
	w->unsent = 0;
	if (at <= w->sent)
		return 0;
	w->sent = at;
	return flow_watermark(f, at, e);
}

static int send_watermark(struct window *w, struct flow *f, struct error *e)
{
	return send_time(w, f, watermark_at(&w->watermark), e);
}

static int idle(void *self, struct flow *f, struct error *e)
{
	struct window *w = self;
	if (w->side.fd >= 0) {
		int r = side_flush(&w->side, e);
		if (r)
			return r;
	}
	return w->announced ? send_watermark(w, f, e) : 0;
}

static int timer(void *self, struct flow *f, struct error *e)
{
	struct window *w = self;
	/* Shards that an earlier run knew fall silent also when nothing comes. */
	int r = w->restored ? announce(w, f, e) : 0;
	if (r || !w->announced)
		return r;
	watermark_now(&w->watermark, monotonic_now());
	watermark_idle(&w->watermark, w->idle);
	return send_watermark(w, f, e);
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct window *w = self;
	(void)input;
	if (frame->kind == FRAME_WINDOW)
		return error_set(e, ERR_USAGE, "these records are windowed already; one stream-window is enough");
	if (frame->kind != FRAME_WATERMARK)
		return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
	if (flow_is_part(f))
		return error_set(
			e, ERR_USAGE,
			"stream-window must stand before stream-shard: behind it, it sees a part of the stream");
	int r = announce(w, f, e);
	if (!r)
		r = watermark_frame(&w->watermark, body, !w->time_field, e);
	return r;
}

/* -- records -- */

/* Makes @time a time in all rows that stay selected (the others are rejected), and writes rows and times. */
static uint32_t take_times(struct window *w, struct batch *b, uint32_t *rows, int64_t *times)
{
	const struct column *c = &b->meta[META_TIME];
	if (w->time_field || c->form != COLUMN_INT || c->type != TYPE_TIME || c->marks)
		event_time_apply(&w->time, b, timestamp_now());
	c = &b->meta[META_TIME];
	uint32_t count = batch_count(b);
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = batch_row(b, i);
		times[i] = column_get(c, rows[i]).i;
	}
	return count;
}

static int take_late(struct window *w, struct flow *f, struct batch *b, const uint32_t *late, uint32_t count,
		     struct error *e)
{
	flow_count_late(f, count, w->late != NULL);
	for (uint32_t i = 0; i < count && w->late; i++) {
		int r = side_row(&w->side, b, late[i], e);
		if (r)
			return r;
	}
	return 0;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct window *w = self;
	(void)input;
	const struct column *time = &b->meta[META_TIME];
	if (!w->time_field && time->form == COLUMN_CONST && time->value.type == TYPE_ABSENT)
		return error_set(e, ERR_USAGE, "the records have no @time: say -t FIELD, or let stream-parse set it");
	int r = announce(w, f, e);
	if (r)
		return r;
	uint32_t count = batch_count(b);
	uint32_t *rows = arena_array(&b->arena, count, sizeof *rows),
		 *kept = arena_array(&b->arena, count, sizeof *kept);
	uint32_t *late = arena_array(&b->arena, count, sizeof *late);
	int64_t *times = arena_array(&b->arena, count, sizeof *times);
	count = take_times(w, b, rows, times);
	watermark_now(&w->watermark, monotonic_now());
	uint32_t kept_count = watermark_records(&w->watermark, &w->spec, b, rows, count, times, kept, late);
	batch_select(b, kept, kept_count);
	r = flow_emit(f, b, e);
	if (!r && kept_count < count)
		r = take_late(w, f, b, late, count - kept_count, e);
	w->unsent += kept_count;
	return r || w->unsent < WATERMARK_ROWS ? r : send_watermark(w, f, e);
}

/* All that is open closes: for good, or (in a checkpointed flow) so that the next run can go on from there. */
static int close_all(struct window *w, struct flow *f, struct error *e)
{
	return flow_checkpointed(f) ? send_time(w, f, watermark_drain(&w->watermark, &w->spec), e)
				    : flow_watermark(f, TIMESTAMP_MAX, e);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct window *w = self;
	/* What comes behind the last barrier of a run is not for it to say. */
	if (!final && flow_checkpointed(f))
		return side_close(&w->side, e);
	int r = announce(w, f, e);
	if (!r)
		r = final ? close_all(w, f, e) : send_watermark(w, f, e);
	return r ? r : side_close(&w->side, e);
}

/* -- checkpoints: how far time had come, shard by shard -- */

static int save(void *self, struct flow *f, struct snapshot *s, struct error *e)
{
	struct window *w = self;
	struct batch b;
	/* Before the barrier, so that nothing is left to say behind the last one. */
	int r = w->announced ? send_watermark(w, f, e) : 0;
	batch_init(&b);
	struct field head[] = {{"sent", value_int(w->sent)}};
	batch_add_row(&b, head, 1);
	if (!r)
		r = snapshot_add(s, &b, e);
	batch_reset(&b);
	if (w->announced || w->restored)
		watermark_save(&w->watermark, &b);
	if (!r)
		r = snapshot_add(s, &b, e);
	batch_release(&b);
	return r;
}

static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct window *w = self;
	(void)f;
	if (!b)
		return 0;
	if (!w->restored) {
		w->restored = true;
		w->sent = batch_get(b, 0, "sent").i;
		watermark_init(&w->watermark, 0);
		watermark_now(&w->watermark, monotonic_now());
		return 0;
	}
	return watermark_load(&w->watermark, b, e);
}

static void release(void *self, bool failed)
{
	struct window *w = self;
	struct error e;
	if (failed && side_abandon(&w->side, &e))
		message("%s", e.text);
	if (w->announced || w->restored)
		watermark_release(&w->watermark);
	free(w->by_text);
	free(w->by_fields);
	arena_release(&w->names);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'t', "time", OPT_TEXT, offsetof(struct window, time_field), "FIELD",
		 "event time is in FIELD, not in @time", NULL},
		{'b', "by", OPT_TEXT, offsetof(struct window, by), "FIELDS", "sessions and counts per value of these",
		 NULL},
		{0, "delay", OPT_DURATION, offsetof(struct window, delay), "D",
		 "the bound on disorder (default 5s live, none on input that ends)", NULL},
		{0, "idle", OPT_DURATION, offsetof(struct window, idle), "D",
		 "a shard silent for so long holds nothing back", NULL},
		{0, "lateness", OPT_DURATION, offsetof(struct window, lateness), "D",
		 "closed windows take corrections for so long", NULL},
		{0, "late", OPT_TEXT, offsetof(struct window, late), "DEST",
		 "keep late records in a file or stream:NAME", NULL},
		{0, "offset", OPT_TEXT, offsetof(struct window, offset), "[-]D",
		 "windows begin so much later, or earlier", NULL},
		{0, "zone", OPT_TEXT, offsetof(struct window, zone), "NAME", "days begin by the clocks of this zone",
		 NULL},
		{0},
	};
	static const struct command command = {
		.summary = "says how records are windowed by event time",
		.operands = "SPEC [FILE…]",
		.examples = "  stream-parse combined access.log | stream-window 1m | stream-agg -b status count\n"
			    "  stream-window hop 10m 1m -t pickup taxis.csv | stream-agg 'avg(fare)'\n",
		.options = options,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .idle = idle,
					   .timer = timer,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct window window = {.delay = NOT_GIVEN, .idle = 30 * SECOND};
	return flow_main(argc, argv, &command, &stage, &window);
}
