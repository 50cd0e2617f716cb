#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow_private.h"
#include "flow/signals.h"

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

static int on_control(struct flow *f, int input, struct batch *body, struct error *e)
{
	const struct frame *frame = input_frame(f->inputs[input].input);
	switch ((int)frame->kind) {
	case FRAME_END:
		f->inputs[input].final &= counts_from_batch(body, &f->upstream);
		return 0;
	case FRAME_HELLO:
	case FRAME_RESTORE:
	case FRAME_BARRIER:
		return error_set(e, ERR_USAGE, "checkpoints are not supported here yet");
	}
	if (f->stage->control)
		return f->stage->control(f->self, f, input, frame, body, e);
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int on_end(struct flow *f, int input, struct error *e)
{
	f->inputs[input].ended = true;
	f->final &= f->inputs[input].final;
	return f->stage->input_end ? f->stage->input_end(f->self, f, input, e) : 0;
}

/* One event of one input. */
static int step(struct flow *f, int input, struct error *e)
{
	struct flow_input *in = &f->inputs[input];
	struct batch *b = NULL;
	int event = input_next(in->input, &b, e);
	in->waits = event == INPUT_WAIT;
	if (input == 0 && f->bounded != input_bounded(in->input) && event != INPUT_WAIT)
		flow_set_bounded(f, input_bounded(in->input));
	switch (event) {
	case INPUT_BATCH:
		return on_batch(f, input, b, e);
	case INPUT_CONTROL:
		return on_control(f, input, b, e);
	case INPUT_WAIT:
		return 0;
	case INPUT_END:
		return on_end(f, input, e);
	case INPUT_CUT:
		return error_set(e, ERR_UPSTREAM, "%s ended without END: the process upstream died",
				 input_name(in->input));
	default:
		return event;
	}
}

/* -- waiting -- */

static int64_t soonest(const struct flow *f)
{
	int64_t at = INT64_MAX;
	if (f->interval && f->next_timer < at)
		at = f->next_timer;
	if (f->next_report && f->next_report < at)
		at = f->next_report;
	return at;
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
	return r || !f->output ? r : output_flush(f->output, false, e);
}

/* Only a stage whose input has told what it is, or a source, may say so: the stream line carries it. */
static bool may_announce(const struct flow *f)
{
	return !f->input_count || input_is_frames(f->inputs[0].input);
}

static int flush(struct flow *f, struct error *e)
{
	int r = f->stage->idle ? f->stage->idle(f->self, f, e) : 0;
	if (!r && f->bad.fd >= 0)
		r = side_flush(&f->bad, e);
	if (!r && f->output)
		r = output_flush(f->output, may_announce(f), e);
	return r;
}

/* Waits for an input, a timer, a signal, or the death of whoever reads what we write. */
static int wait_for_something(struct flow *f, struct error *e)
{
	int r = flush(f, e);
	if (r)
		return r;
	struct pollfd *p = mem_array((size_t)(f->input_count + f->reader_count) + 3, sizeof *p);
	nfds_t n = 0;
	p[n++] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
	p[n++] = (struct pollfd){.fd = f->wait_fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = f->output ? output_fd(f->output) : -1};
	for (int i = 0; i < f->reader_count; i++)
		p[n++] = (struct pollfd){.fd = f->readers[i]};
	nfds_t readers_end = n;
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].ended)
			p[n++] = (struct pollfd){.fd = input_fd(f->inputs[i].input), .events = POLLIN};
	int64_t at = soonest(f), left = at == INT64_MAX ? -1 : at - monotonic_now();
	int timeout = at == INT64_MAX ? -1 : left <= 0 ? 0 : (int)(left / MILLISECOND + 1);
	if (poll(p, n, timeout) < 0)
		r = errno == EINTR ? 0 : error_errno(e, "poll");
	else
		for (nfds_t i = 2; i < readers_end && !r; i++)
			if (p[i].revents & POLLERR)
				r = error_set(e, ERR_GONE, "the reader went away");
	free(p);
	return r;
}

/* -- the loop -- */

static int check_signals(struct flow *f)
{
	if (signals_asked())
		flow_report(f);
	return 0;
}

/* Text has nobody upstream who would send END: its first reader is the source, and ends when it is told to. */
static bool stop_reading(const struct flow *f)
{
	if (!signals_interrupted())
		return false;
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].ended && input_is_frames(f->inputs[i].input))
			return false;
	return true;
}

static int run_inputs(struct flow *f, struct error *e)
{
	for (;;) {
		bool open = false, moved = false;
		for (int i = 0; i < f->input_count; i++) {
			if (f->inputs[i].ended)
				continue;
			int r = step(f, i, e);
			if (r)
				return r;
			open |= !f->inputs[i].ended;
			moved |= !f->inputs[i].waits;
		}
		check_signals(f);
		if (!open || stop_reading(f))
			return 0;
		int r = run_timers(f, e);
		if (!r && !moved)
			r = wait_for_something(f, e);
		if (r)
			return r;
	}
}

static int run_source(struct flow *f, struct error *e)
{
	for (;;) {
		int r = f->stage->produce(f->self, f, e);
		if (r < 0 || r == FLOW_DONE)
			return r < 0 ? r : 0;
		check_signals(f);
		if (signals_interrupted())
			return 0;
		int more = run_timers(f, e);
		if (!more && r == FLOW_WAIT)
			more = wait_for_something(f, e);
		if (more)
			return more;
	}
}

static int send_end(struct flow *f, struct error *e)
{
	flow_end_body(f, false, &f->control);
	return flow_control(f, FRAME_END, 0, &f->control, e);
}

int flow_run(struct flow *f, struct error *e)
{
	int r = f->stage->produce ? run_source(f, e) : run_inputs(f, e);
	if (!r)
		r = flow_watch_end(f, e);
	if (!r && f->stage->end)
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
