/* stream-merge: merges inputs by event time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/split.h"
#include "merge.h"

enum { LIMIT = 256 << 20, FILE_AHEAD = 1 << 20, NOBODY = -1 };

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct merge *m = self;
	if (o->count < 1)
		return error_set(e, ERR_USAGE, "INPUT is missing: files, named pipes, or - for standard input");
	int r = event_clock_init(&m->clock, m->time_field, e);
	if (r)
		return r;
	m->count = o->count;
	m->sources = mem_zero((size_t)m->count * sizeof *m->sources);
	for (int i = 0; i < m->count; i++) {
		struct stat st;
		queue_init(&m->sources[i].queue);
		m->sources[i].file = !stat(o->items[i], &st) && S_ISREG(st.st_mode);
		m->sources[i].heard = monotonic_now();
		m->sources[i].told = TIMESTAMP_MIN;
		flow_add_files(f, (const char *const *)&o->items[i], 1);
	}
	o->count = 0;
	watermark_inputs_init(&m->whole, (uint32_t)m->count);
	m->sent = TIMESTAMP_MIN;
	gather_init(&m->gather);
	m->refs = mem_array(BATCH_ROWS, sizeof *m->refs);
	if (m->time_field)
		flow_fields(f, &m->time_field, 1);
	if (m->idle)
		flow_timer(f, m->idle < SECOND ? m->idle : SECOND);
	return 0;
}

/* -- whose turn it is -- */

/* No record of this input can come before `time` any more (at the same time, the first of the inputs goes first). */
static bool is_past(const struct merge *m, int input, int64_t time, int mine)
{
	const struct source *s = &m->sources[input];
	if (s->ended || s->idle)
		return true;
	int64_t from = s->queue.greatest > s->told ? s->queue.greatest : s->told;
	return from > time || (from == time && from != TIMESTAMP_MIN && mine < input);
}

/* The input whose first is next, or NOBODY while another one may still have something before it. *until, *until_input: it may
   go on as long as it comes before these. */
static int next_source(const struct merge *m, int64_t *until, int *until_input)
{
	int next = NOBODY;
	for (int i = 0; i < m->count; i++)
		if (!queue_empty(&m->sources[i].queue) &&
		    (next == NOBODY || queue_time(&m->sources[i].queue) < queue_time(&m->sources[next].queue)))
			next = i;
	if (next == NOBODY)
		return NOBODY;
	int64_t time = queue_time(&m->sources[next].queue);
	*until = TIMESTAMP_MAX;
	*until_input = m->count;
	for (int i = 0; i < m->count; i++) {
		const struct source *s = &m->sources[i];
		if (i == next)
			continue;
		if (queue_empty(&s->queue) && !is_past(m, i, time, next))
			return NOBODY;
		int64_t limit = !queue_empty(&s->queue)       ? queue_time(&s->queue)
				: s->ended || s->idle         ? TIMESTAMP_MAX
				: s->queue.greatest > s->told ? s->queue.greatest
							      : s->told;
		if (limit < *until) {
			*until = limit;
			*until_input = i;
		}
	}
	return next;
}

/* -- out -- */

static int emit(void *self, struct batch *b, struct error *e)
{
	return flow_emit(self, b, e);
}

static int emit_refs(struct merge *m, struct flow *f, struct error *e)
{
	int r = gather_all(&m->gather, m->refs, m->ref_count, emit, f, e);
	m->ref_count = 0;
	for (int i = 0; i < m->count; i++)
		queue_forget(&m->sources[i].queue);
	return r;
}

/* A watermark of event time as a whole is passed on when all inputs have it; those of shards in their place. */
static int pass_control(struct merge *m, struct flow *f, int input, struct error *e)
{
	int r = emit_refs(m, f, e);
	if (r)
		return r;
	const struct queued *frame = queue_take_control(&m->sources[input].queue);
	const struct batch *body = &frame->block->rows;
	int64_t whole = frame->kind == FRAME_WATERMARK ? watermark_whole(body) : TIMESTAMP_MIN;
	if (whole == TIMESTAMP_MIN)
		return flow_control(f, frame->kind, frame->flags, body, e);
	int64_t all = watermark_inputs_advance(&m->whole, (uint32_t)input, whole);
	if (all <= m->sent)
		return 0;
	m->sent = all;
	return flow_watermark(f, all, e);
}

/* Rows of one input, as long as no other one comes before them. */
static int take_rows(struct merge *m, struct flow *f, int input, int64_t until, int until_input, struct error *e)
{
	struct queue *q = &m->sources[input].queue;
	while (!queue_empty(q) && !q->first->kind) {
		int64_t time = queue_time(q);
		if (time > until || (time == until && until_input < input))
			return 0;
		m->refs[m->ref_count++] = queue_take_row(q);
		int r = m->ref_count == BATCH_ROWS ? emit_refs(m, f, e) : 0;
		if (r)
			return r;
	}
	return 0;
}

static const char *waited_for(const struct merge *m, const struct flow *f)
{
	for (int i = 0; i < m->count; i++)
		if (queue_empty(&m->sources[i].queue) && !m->sources[i].ended)
			return flow_input_name(f, i);
	return "another input";
}

/*
 * Inputs that are far ahead are left alone; the one that all wait for has an empty queue, and is always read. But not if one
 * splitter writes them all: it would wait for us, and we for it.
 */
static int hold_back(struct merge *m, struct flow *f, struct error *e)
{
	size_t total = 0;
	for (int i = 0; i < m->count; i++)
		total += m->sources[i].queue.memory;
	for (int i = 0; i < m->count; i++) {
		struct source *s = &m->sources[i];
		bool much = !m->stops && s->queue.memory > (s->file ? FILE_AHEAD : 0) &&
			    (s->file || total > (size_t)m->limit);
		if (much && !s->file && flow_is_part(f))
			return error_set(e, ERR_FAILED,
					 "the shares of one stream-shard are so far apart in time that %zu bytes of "
					 "records wait for %s; raise --limit",
					 total, waited_for(m, f));
		if (much != s->held && !s->ended)
			flow_hold_input(f, i, s->held = much);
	}
	return 0;
}

/* What an input that has ended still has in its queue is not behind a watermark of the others. */
static int leave_ended(struct merge *m, struct flow *f, struct error *e)
{
	int64_t all = TIMESTAMP_MIN;
	for (int i = 0; i < m->count; i++) {
		struct source *s = &m->sources[i];
		if (!s->ended || s->done || !queue_empty(&s->queue))
			continue;
		s->done = true;
		all = watermark_inputs_end(&m->whole, (uint32_t)i);
	}
	if (all <= m->sent || all == TIMESTAMP_MAX)
		return 0;
	m->sent = all;
	return flow_watermark(f, all, e);
}

static int advance(struct merge *m, struct flow *f, struct error *e)
{
	int64_t until;
	int until_input, next;
	while ((next = next_source(m, &until, &until_input)) != NOBODY) {
		int r = m->sources[next].queue.first->kind ? pass_control(m, f, next, e)
							   : take_rows(m, f, next, until, until_input, e);
		if (r)
			return r;
	}
	int r = emit_refs(m, f, e);
	if (!r)
		r = hold_back(m, f, e);
	return r ? r : leave_ended(m, f, e);
}

/* -- in -- */

static void heard(struct merge *m, int input)
{
	m->sources[input].heard = monotonic_now();
	m->sources[input].idle = false;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct merge *m = self;
	int r = event_clock_times(&m->clock, b, flow_input_name(f, input), e);
	if (r)
		return r;
	heard(m, input);
	r = queue_rows(&m->sources[input].queue, b, e);
	return r ? r : advance(m, f, e);
}

/* Behind stream-window all inputs must have been told the same. */
static int on_window(struct merge *m, struct flow *f, int input, const struct frame *frame, struct batch *body,
		     struct error *e)
{
	struct window_spec spec;
	struct arena a = {0};
	char text[sizeof m->window] = "";
	int r = window_read(body, &a, &spec, e);
	if (!r) {
		window_text(&spec, text);
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s%s", spec.zone ? " --zone " : "",
			 spec.zone ? spec.zone_name : "");
	}
	arena_release(&a);
	if (r)
		return r;
	if (m->windowed && strcmp(text, m->window))
		return error_set(e, ERR_USAGE,
				 "%s: windows of `%s`, while another input has `%s`; let stream-window stand "
				 "behind stream-merge",
				 flow_input_name(f, input), text, m->window);
	if (m->windowed)
		return 0;
	m->windowed = true;
	memcpy(m->window, text, sizeof text);
	return flow_control(f, FRAME_WINDOW, frame->flags & FRAME_CRITICAL, body, e);
}

static void note_watermark(struct source *s, const struct batch *body)
{
	for (uint32_t row = 0; row < body->rows; row++) {
		struct value time = batch_get(body, row, "time");
		if (body->rows == 1 && time.type == TYPE_TIME && time.i > s->told)
			s->told = time.i;
	}
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct merge *m = self;
	struct source *s = &m->sources[input];
	heard(m, input);
	if (frame->kind == FRAME_WINDOW)
		return on_window(m, f, input, frame, body, e);
	if (frame->kind == FRAME_WATERMARK && split_is_announced(body))
		return split_joined(f, e);
	queue_control(&s->queue, frame->kind, frame->flags & FRAME_CRITICAL, body);
	if (frame->kind == FRAME_WATERMARK)
		note_watermark(s, body);
	return advance(m, f, e);
}

static int input_end(void *self, struct flow *f, int input, struct error *e)
{
	struct merge *m = self;
	/* What it will have in the next run may come before what others have now; and nobody who is held would ever be read. */
	if (flow_checkpointed(f) && !flow_input_final(f, input))
		m->stops = true;
	else
		m->sources[input].ended = true;
	return advance(m, f, e);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct merge *m = self;
	for (int i = 0; i < m->count && final; i++)
		m->sources[i].ended = true;
	return final ? advance(m, f, e) : 0;
}

static int timer(void *self, struct flow *f, struct error *e)
{
	struct merge *m = self;
	int64_t now = monotonic_now();
	for (int i = 0; i < m->count; i++) {
		struct source *s = &m->sources[i];
		s->idle |= queue_empty(&s->queue) && now - s->heard >= m->idle;
	}
	return advance(m, f, e);
}

static void release(void *self, bool failed)
{
	struct merge *m = self;
	(void)failed;
	for (int i = 0; i < m->count; i++)
		queue_release(&m->sources[i].queue);
	free(m->sources);
	watermark_inputs_release(&m->whole);
	if (m->refs)
		gather_release(&m->gather);
	free(m->refs);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'t', "time", OPT_TEXT, offsetof(struct merge, time_field), "FIELD",
		 "event time is in FIELD, not in @time", NULL},
		{0, "idle", OPT_DURATION, offsetof(struct merge, idle), "D",
		 "an input silent for so long holds nothing back (default: it does)", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct merge, limit), "SIZE",
		 "inputs are read ahead of others by so much (default 256M)", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "merges inputs by event time",
		.operands = "INPUT…",
		.examples =
			"  stream-merge -t ts a.json b.json c.json.gz\n"
			"  mkfifo a b; stream-get web >a & stream-get api >b & stream-merge a b | stream-window 1m\n",
		.options = options,
		.traits = 0,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = merging_save, .load = merging_load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .input_end = input_end,
					   .timer = timer,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct merge merge = {.limit = LIMIT};
	return flow_main(argc, argv, &command, &stage, &merge);
}
