#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow_private.h"
#include "flow/signals.h"
#include "flow/split.h"
#include "record/batch_rows.h"

/* -- what came -- */

static int to_stage(struct flow *f, int input, struct batch *b, struct error *e)
{
	if (!batch_count(b))
		return 0;
	flow_watch_batch(f, f->inputs[input].input, b);
	uint32_t seen = b->reject_count;
	int r = f->stage->batch ? f->stage->batch(f->self, f, input, b, e) : flow_emit(f, b, e);
	return r ? r : flow_take_rejects(f, b, seen, e);
}

static int on_batch(struct flow *f, int input, struct batch *b, struct error *e)
{
	int out_of_place = protocol_check(f, input, e);
	if (out_of_place)
		return out_of_place;
	f->protocol.changed = true;
	f->current = b;
	/* Those behind the first bad one were never read, as if each record came in a batch of its own. */
	if (f->options.strict && b->reject_count) {
		b->reject_count = 1;
		flow_select_before(b, b->rejects[0].row);
	}
	uint32_t texts = 0;
	for (uint32_t i = 0; i < b->reject_count; i++)
		texts += b->rejects[i].text != NULL;
	f->own.in += batch_count(b) + texts;
	int r = f->options.strict ? 0 : flow_take_rejects(f, b, 0, e);
	if (!r)
		r = to_stage(f, input, b, e);
	return r || !f->options.strict ? r : flow_take_rejects(f, b, 0, e);
}

/* A splitter says to those behind it that they see a part. */
static void note_part(struct flow *f, const struct batch *body)
{
	struct value key = batch_get(body, 0, "key");
	f->part = true;
	if (key.type != TYPE_STRING)
		return;
	char *text = mem_copy(key.s, key.len);
	for (size_t i = 0; text && i < f->part_key_count; i++)
		if (!strcmp(f->part_keys[i], text)) {
			free(text);
			return;
		}
	f->part_keys = mem_resize(f->part_keys, f->part_key_count + 1, sizeof *f->part_keys);
	f->part_keys[f->part_key_count++] = text;
}

static int on_control(struct flow *f, int input, struct batch *body, struct error *e)
{
	const struct frame *frame = input_frame(f->inputs[input].input);
	if (frame->kind == FRAME_WATERMARK && split_is_announced(body))
		note_part(f, body);
	switch ((int)frame->kind) {
	case FRAME_END: f->inputs[input].final &= counts_from_batch(body, &f->upstream); return 0;
	case FRAME_HELLO:
	case FRAME_RESTORE:
	case FRAME_BARRIER: return protocol_frame(f, input, frame->kind, body, e);
	case FRAME_ORDER:
		if (!(f->command->traits & COMMAND_KEEPS_ORDER))
			return 0;
	}
	int out_of_place = protocol_check(f, input, e);
	if (out_of_place)
		return out_of_place;
	f->protocol.changed = true;
	if (f->stage->control)
		return f->stage->control(f->self, f, input, frame, body, e);
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int on_end(struct flow *f, int input, struct error *e)
{
	f->inputs[input].ended = true;
	f->final &= f->inputs[input].final;
	int r = f->stage->input_end ? f->stage->input_end(f->self, f, input, e) : 0;
	return r ? r : protocol_input_end(f, e);
}

/* One event of one input. */
static int step(struct flow *f, int input, struct error *e)
{
	struct flow_input *in = &f->inputs[input];
	struct batch *b = NULL;
	int event = input_next(in->input, &b, e);
	in->waits = event == INPUT_WAIT;
	if (event != INPUT_WAIT && f->bounded != flow_inputs_bounded(f))
		flow_set_bounded(f, flow_inputs_bounded(f));
	switch (event) {
	case INPUT_BATCH: return on_batch(f, input, b, e);
	case INPUT_CONTROL: return on_control(f, input, b, e);
	case INPUT_WAIT: return 0;
	case INPUT_END: return on_end(f, input, e);
	case INPUT_CUT:
		if (f->stage->input_cut)
			return f->stage->input_cut(f->self, f, input, e);
		return error_set(e, ERR_UPSTREAM, "%s ended without END: the process upstream died",
				 input_name(in->input));
	default: return event;
	}
}

/* -- waiting -- */

/* One that the stage holds is read all the same while others are at a barrier: else it would never come to its own. */
bool flow_reads_input(const struct flow *f, int input)
{
	const struct flow_input *in = &f->inputs[input];
	return !in->ended && !in->aligned && (!in->held || protocol_aligns(f));
}

static int64_t soonest(const struct flow *f)
{
	int64_t at = INT64_MAX;
	if (f->interval && f->next_timer < at)
		at = f->next_timer;
	if (f->next_report && f->next_report < at)
		at = f->next_report;
	return protocol_due(f) < at ? protocol_due(f) : at;
}

static int run_timers(struct flow *f, struct error *e)
{
	if (!f->interval && !f->next_report)
		return 0;
	int64_t now = monotonic_now();
	if (f->next_report && now >= f->next_report) {
		f->next_report = now + SECOND;
		int r = flow_report_live(f, false, e);
		if (r)
			return r;
	}
	if (!f->interval || now < f->next_timer)
		return 0;
	if (f->interval == ONCE)
		f->interval = 0;
	else
		f->next_timer = now - f->next_timer > f->interval ? now + f->interval : f->next_timer + f->interval;
	int r = f->stage->timer ? f->stage->timer(f->self, f, e) : 0;
	/* What is due by the clock is due to be seen, also when the input never lets us wait. */
	return r || !f->output ? r : output_flush(f->output, e);
}

static int flush(struct flow *f, struct error *e)
{
	int r = f->stage->idle ? f->stage->idle(f->self, f, e) : 0;
	if (!r && f->bad.fd >= 0)
		r = side_flush(&f->bad, e);
	if (!r && f->output)
		r = output_flush(f->output, e);
	return r;
}

/* What poll said of the outputs. */
static int check_outputs(struct flow *f, const struct pollfd *p, struct error *e)
{
	if (p->revents & POLLERR)
		return error_set(e, ERR_GONE, "the reader went away");
	for (int i = 0; i < f->watched_count; i++) {
		short revents = p[i + 1].revents;
		const char *keeper = f->watched[i].keeper;
		if (revents & POLLERR)
			return keeper ? error_set(e, ERR_FAILED, "%s: ended before it had all", keeper)
				      : error_set(e, ERR_GONE, "the reader went away");
		int r = revents & POLLOUT ? output_flush(f->watched[i].output, e) : 0;
		if (r)
			return r;
	}
	return 0;
}

int flow_wait(struct flow *f, int fd, struct error *e)
{
	int r = flush(f, e);
	if (r)
		return r;
	struct pollfd *p = mem_array((size_t)(f->input_count + f->watched_count) + 5, sizeof *p);
	nfds_t n = 0;
	p[n++] = (struct pollfd){.fd = f->output ? output_fd(f->output) : -1};
	for (int i = 0; i < f->watched_count; i++) {
		struct output *out = f->watched[i].output;
		p[n++] = (struct pollfd){.fd = output_fd(out), .events = output_pending(out) ? POLLOUT : 0};
	}
	p[n++] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
	p[n++] = (struct pollfd){.fd = f->wait_fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = protocol_wait_fd(f), .events = POLLIN};
	for (int i = 0; i < f->input_count; i++)
		if (flow_reads_input(f, i))
			p[n++] = (struct pollfd){.fd = input_fd(f->inputs[i].input), .events = POLLIN};
	nfds_t own = (nfds_t)f->watched_count + 2;
	int64_t at = soonest(f), left = at == INT64_MAX ? -1 : at - monotonic_now();
	int timeout = at == INT64_MAX ? -1 : left <= 0 ? 0 : (int)(left / MILLISECOND + 1);
	flow_live(f, true);
	int ready = poll(p, n, timeout);
	flow_live(f, false);
	if (ready < 0)
		r = errno == EINTR ? 0 : error_errno(e, "poll");
	else
		r = check_outputs(f, p, e);
	if (!r && f->stage->ready && p[own].revents)
		r = f->stage->ready(f->self, f, e);
	free(p);
	return r;
}

/* -- the loop -- */

static int check_signals(struct flow *f, struct error *e)
{
	if (signals_asked())
		flow_report(f);
	if (!signals_interrupted() || f->told)
		return 0;
	f->told = true;
	return f->stage->interrupted ? f->stage->interrupted(f->self, f, e) : 0;
}

/* Text has nobody upstream who would send END: its first reader is the source, and ends when it is told to. */
static bool stop_reading(const struct flow *f)
{
	if (!signals_interrupted() || f->stage->interrupted)
		return false;
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].ended && input_is_frames(f->inputs[i].input))
			return false;
	return true;
}

static bool any_open(const struct flow *f)
{
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].ended)
			return true;
	return false;
}

/* Some input need not be waited for: it had something when it was last asked, or was not asked. */
static bool any_ready(const struct flow *f)
{
	for (int i = 0; i < f->input_count; i++)
		if (flow_reads_input(f, i) && !f->inputs[i].waits)
			return true;
	return false;
}

static int run_inputs(struct flow *f, struct error *e)
{
	for (;;) {
		for (int i = 0; i < f->input_count; i++) {
			int r = flow_reads_input(f, i) ? step(f, i, e) : 0;
			if (r)
				return r;
			flow_live(f, false);
		}
		int r = check_signals(f, e);
		if (r || !any_open(f))
			return r;
		if (stop_reading(f)) {
			f->cut_short = true;
			return 0;
		}
		r = run_timers(f, e);
		if (!r && !any_ready(f))
			r = flow_wait(f, -1, e);
		if (r)
			return r;
	}
}

/* A source that keeps positions is asked when the protocol lets it. */
static int produce(struct flow *f, struct error *e)
{
	int r = f->protocol.origin ? protocol_source_turn(f, e) : FLOW_MORE;
	if (r != FLOW_MORE)
		return r;
	r = f->stage->produce(f->self, f, e);
	if (r < 0 || !f->protocol.origin)
		return r;
	protocol_source_said(f, r);
	return r == FLOW_DONE ? FLOW_MORE : r;
}

static int drain(struct flow *f, struct error *e)
{
	return f->stage->drain(f->self, f, e);
}

/* Calls `turn` until it is done; `ends`: a signal stops it. */
static int run_turns(struct flow *f, int (*turn)(struct flow *, struct error *), bool ends, struct error *e)
{
	for (;;) {
		int r = turn(f, e);
		flow_live(f, false);
		if (r < 0 || r == FLOW_DONE)
			return r < 0 ? r : 0;
		int more = check_signals(f, e);
		if (!more && ends && signals_interrupted() && !f->protocol.origin) {
			f->cut_short = true;
			return 0;
		}
		/* A timer that fires here may be what the source waits for. */
		bool due = r == FLOW_WAIT && soonest(f) <= monotonic_now();
		if (!more)
			more = run_timers(f, e);
		if (!more && r == FLOW_WAIT && !due)
			more = flow_wait(f, -1, e);
		if (more)
			return more;
	}
}

static int settle(struct flow *f, struct error *e)
{
	return f->stage->checkpoint->settle(f->self, f, e);
}

int flow_settle(struct flow *f, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	return ops && ops->settle ? run_turns(f, settle, false, e) : 0;
}

static int send_end(struct flow *f, struct error *e)
{
	flow_end_body(f, false, &f->control);
	return flow_control(f, FRAME_END, 0, &f->control, e);
}

int flow_run(struct flow *f, struct error *e)
{
	/* A reader of ours learns at once that END must come, so that it notices whatever happens to us. */
	int r = f->output ? output_flush(f->output, e) : 0;
	if (!r)
		r = f->stage->produce ? run_turns(f, produce, true, e) : run_inputs(f, e);
	if (!r && f->stage->drain)
		r = run_turns(f, drain, false, e);
	if (!r)
		r = flow_watch_end(f, e);
	if (!r && f->stage->end && !f->protocol.closed)
		r = f->stage->end(f->self, f, f->final, e);
	if (!r)
		r = side_close(&f->bad, e);
	if (!r && f->output) {
		r = send_end(f, e);
		if (!r)
			r = output_finish(f->output, e);
	}
	return r;
}
