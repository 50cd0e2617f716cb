#include "flow/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "flow/state_file.h"

/* -- for stages -- */

bool flow_checkpointed(const struct flow *f)
{
	return f->protocol.state != PROTOCOL_OFF;
}

const char *flow_state_directory(const struct flow *f)
{
	return f->protocol.hello.sources[0].directory;
}

void flow_origin_text(const struct flow *f, struct buf *out)
{
	const struct hello *h = &f->protocol.hello;
	for (size_t i = 0; i < h->source_count; i++)
		buf_printf(out, "at %s\n", h->sources[i].directory);
}

const char *flow_shared_by(const struct flow *f)
{
	const struct hello *h = &f->protocol.hello;
	for (size_t i = 0; i < h->source_count; i++)
		if (h->sources[i].shared_by)
			return h->sources[i].shared_by;
	return NULL;
}

void flow_joins_copies(struct flow *f)
{
	f->protocol.joins_copies = true;
}

void flow_keep_side(struct flow *f, struct side *s)
{
	f->protocol.sides[f->protocol.side_count++] = s;
}

/* -- several inputs -- */

bool protocol_aligns(const struct flow *f)
{
	return f->protocol.waiting > 0;
}

/* Whether all inputs that are still there have come to the frame that is awaited. */
static bool all_are_there(const struct flow *f)
{
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].ended && !f->inputs[i].aligned)
			return false;
	return true;
}

static void read_on(struct flow *f)
{
	for (int i = 0; i < f->input_count; i++) {
		f->inputs[i].aligned = false;
		f->inputs[i].waits = false; /* it may have something already */
	}
	f->protocol.waiting = 0;
}

static int stands_apart(const struct flow *f, int input, struct error *e)
{
	return error_set(e, ERR_USAGE,
			 "%s does not take part in the checkpoints of the other inputs; all of them must begin with a "
			 "stream-get -g or stream-tail -g, or none",
			 input_name(f->inputs[input].input));
}

int protocol_check(struct flow *f, int input, struct error *e)
{
	const struct flow_input *in = &f->inputs[input];
	if (f->protocol.state == PROTOCOL_RUNS || (f->protocol.state == PROTOCOL_OFF && !f->protocol.waiting))
		return 0;
	if (f->protocol.state == PROTOCOL_OFF && !in->hello.source_count)
		return stands_apart(f, input, e);
	return error_set(e, ERR_UPSTREAM, "%s: a record came before RESTORE", input_name(in->input));
}

/* -- going on -- */

int protocol_forward(struct flow *f, enum frame_kind kind, const struct batch *body, struct error *e)
{
	const struct checkpoint_ops *ops = f->stage->checkpoint;
	if (ops && ops->forward)
		return ops->forward(f->self, f, (int)kind, body, e);
	if (!f->output)
		return 0;
	int r = output_control(f->output, kind, FRAME_CRITICAL, body, e);
	return r ? r : output_flush(f->output, e);
}

int protocol_announce(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	const struct hello_source *s = &p->hello.sources[0];
	const struct hello_stage *me = &p->hello.stages[p->place];
	struct buf line = BUF_INIT;
	char *path = state_path("%s/run.%" PRIu64, s->directory, s->epoch);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	buf_printf(&line, "%zu%s%s %ld %s%s%s\n", p->place + 1, p->hello.part ? "." : "",
		   p->hello.part ? p->hello.part : "", (long)getpid(), me->command, *me->signature ? " " : "",
		   me->signature);
	int r = fd < 0 || write(fd, line.data, line.len) != (ssize_t)line.len ? error_errno(e, "%s", path) : 0;
	if (fd >= 0)
		close(fd);
	free(path);
	buf_release(&line);
	return r;
}

int protocol_able(struct flow *f, struct error *e)
{
	const struct stage *s = f->stage;
	if (s->checkpoint || s->last)
		return 0;
	return error_set(e, ERR_USAGE, "%s: %s", f->protocol.hello.sources[0].name,
			 s->refusal ? s->refusal
				    : "this command keeps no checkpoints, and can't stand in a pipeline that does");
}

/* -- HELLO -- */

static int join_hellos(struct flow *f, struct error *e)
{
	struct hello *h = &f->protocol.hello;
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].hello.source_count)
			return error_set(e, ERR_USAGE, "%s ended before its HELLO", input_name(f->inputs[i].input));
	*h = f->inputs[0].hello;
	f->inputs[0].hello = (struct hello){0};
	for (int i = 1; i < f->input_count; i++) {
		size_t before = h->source_count;
		int r = hello_join(h, &f->inputs[i].hello, e);
		if (r)
			return r;
		f->inputs[i].copy = h->source_count == before;
	}
	if (f->protocol.joins_copies)
		hello_leave_part(h);
	return 0;
}

/* Rule 1: our place is our number. */
static void join_flow(struct flow *f)
{
	struct protocol *p = &f->protocol;
	p->place = p->hello.stage_count;
	hello_add_stage(&p->hello, f->own.command, f->signature);
	hello_identity(&p->hello, p->id, &p->epoch);
	char *part = p->hello.part;
	char *directory = state_path("%s/%zu%s%s", p->hello.sources[0].directory, p->place + 1, part ? "." : "",
				     part ? part : "");
	unsigned version = f->stage->checkpoint ? f->stage->checkpoint->version : 0;
	snapshots_init(&p->snapshots, directory, f->own.command, version, p->epoch);
	p->state = PROTOCOL_HELLO;
}

static bool is_text_end(struct flow *f)
{
	return f->output && !(f->stage->checkpoint && f->stage->checkpoint->forward) && !output_is_frames(f->output);
}

static int all_said_hello(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	int r = join_hellos(f, e);
	if (r)
		return r;
	read_on(f);
	join_flow(f);
	r = protocol_able(f, e);
	if (!r)
		r = protocol_announce(f, e);
	if (r)
		return r;
	p->ends = f->stage->last || is_text_end(f);
	if (p->ends)
		return protocol_end_begin(f, e);
	hello_write(&p->hello, &f->control);
	return protocol_forward(f, FRAME_HELLO, &f->control, e);
}

static int on_hello(struct flow *f, int input, const struct batch *body, struct error *e)
{
	struct flow_input *in = &f->inputs[input];
	/* Records of another one were here first. */
	for (int i = 0; f->own.in && i < f->input_count; i++)
		if (i != input && !f->inputs[i].hello.source_count)
			return stands_apart(f, i, e);
	if (f->protocol.state != PROTOCOL_OFF || in->hello.source_count || f->own.in)
		return error_set(e, ERR_UPSTREAM, "%s: a HELLO where none belongs", input_name(in->input));
	int r = hello_read(body, &in->hello, e);
	if (r)
		return r;
	in->aligned = true;
	f->protocol.waiting++;
	return all_are_there(f) ? all_said_hello(f, e) : 0;
}

/* -- RESTORE and BARRIER -- */

/* Adds what this input says. */
static int gather(struct flow *f, int input, const struct batch *body, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct tallies more = {0};
	struct mark m;
	tallies_read(&more, &m, body);
	bool first = !p->waiting;
	if (!first && m.n != p->mark.n) {
		tallies_release(&more);
		return error_set(e, ERR_UPSTREAM, "%s is at checkpoint %" PRIu64 " and another input at %" PRIu64,
				 input_name(f->inputs[input].input), m.n, p->mark.n);
	}
	tallies_unite(&p->tallies, &more);
	tallies_release(&more);
	m.final &= first || p->mark.final;
	/* Each source speaks of its own runs; where they meet the sums count, see hello_identity. */
	if (f->inputs[input].copy)
		m.epoch = m.run = 0;
	if (!first) {
		m.epoch += p->mark.epoch;
		m.run += p->mark.run;
	}
	p->mark = m;
	f->inputs[input].aligned = true;
	f->inputs[input].final = m.final;
	p->waiting++;
	return 0;
}

/* The processes of one command that is a splitter and a fan-in are two places. */
struct tally_key protocol_key(const struct flow *f)
{
	const struct protocol *p = &f->protocol;
	return (struct tally_key){p->id, p->place, p->hello.part, f->own.command};
}

void protocol_restore_counts(struct flow *f, const struct tallies *then)
{
	struct tally_key key = protocol_key(f);
	const struct tally *t = tallies_find(then, &key);
	if (!t)
		return;
	f->own.in = t->in;
	f->own.out = t->out;
	f->own.rejected = t->rejected;
	f->own.late = t->late;
}

void protocol_add_counts(struct flow *f, struct tallies *now)
{
	struct tally_key key = protocol_key(f);
	tallies_add(now, &key, f->own.in, f->own.out, f->own.rejected, f->own.late,
		    snapshots_newest(&f->protocol.snapshots));
}

static int restore(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct mark m = p->mark;
	if (m.run != p->epoch)
		return error_set(e, ERR_UPSTREAM, "a RESTORE of run %" PRIu64 " came to run %" PRIu64, m.run, p->epoch);
	protocol_restore_counts(f, &p->tallies);
	int r = protocol_load(f, &m, &p->tallies, e);
	p->n = m.n;
	p->state = PROTOCOL_RUNS;
	p->changed = false;
	if (!r && !p->ends) {
		tallies_write(&p->tallies, &m, &f->control);
		r = protocol_forward(f, FRAME_RESTORE, &f->control, e);
	}
	tallies_release(&p->tallies);
	read_on(f);
	return r;
}

/* All open inputs are there; those that have ended said so as well. */
static bool is_final(const struct flow *f)
{
	for (int i = 0; i < f->input_count; i++)
		if (!f->inputs[i].final)
			return false;
	return true;
}

/* At a final barrier a stage gives the rest of its results. The `end` of who has outputs of its own, or is the end, comes with END. */
static bool ends_here(const struct flow *f)
{
	const struct stage *s = f->stage;
	return s->end && !s->last && !(s->checkpoint && s->checkpoint->forward);
}

static int pass_barrier(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	struct mark m = p->mark;
	int r = 0;
	m.final = is_final(f);
	if (m.final && ends_here(f) && !p->closed) {
		p->closed = true;
		r = f->stage->end(f->self, f, true, e);
	}
	if (!r)
		r = flow_settle(f, e);
	if (!r && p->ends)
		r = protocol_end_prepare(f, e);
	if (!r)
		r = protocol_save(f, m.n, e);
	protocol_add_counts(f, &p->tallies);
	if (!r && p->ends) {
		r = protocol_end_commit(f, m.n, e);
	} else if (!r) {
		tallies_write(&p->tallies, &m, &f->control);
		r = protocol_forward(f, FRAME_BARRIER, &f->control, e);
	}
	tallies_release(&p->tallies);
	/* Rule 4: that this one came says that the one before it is committed. */
	snapshots_clean(&p->snapshots, m.n - 1);
	p->n = m.n;
	p->changed = false;
	read_on(f);
	return r;
}

static int on_mark(struct flow *f, int input, enum frame_kind kind, const struct batch *body, struct error *e)
{
	struct protocol *p = &f->protocol;
	enum protocol_state wanted = kind == FRAME_RESTORE ? PROTOCOL_HELLO : PROTOCOL_RUNS;
	if (p->state != wanted)
		return error_set(e, ERR_UPSTREAM, "%s: a %s where none belongs", input_name(f->inputs[input].input),
				 kind == FRAME_RESTORE ? "RESTORE" : "BARRIER");
	int r = gather(f, input, body, e);
	if (!r && kind == FRAME_BARRIER && p->mark.n != p->n + 1)
		r = error_set(e, ERR_UPSTREAM, "barrier %" PRIu64 " came after checkpoint %" PRIu64, p->mark.n, p->n);
	if (r || !all_are_there(f))
		return r;
	return kind == FRAME_RESTORE ? restore(f, e) : pass_barrier(f, e);
}

int protocol_frame(struct flow *f, int input, enum frame_kind kind, const struct batch *body, struct error *e)
{
	return kind == FRAME_HELLO ? on_hello(f, input, body, e) : on_mark(f, input, kind, body, e);
}

int protocol_input_end(struct flow *f, struct error *e)
{
	struct protocol *p = &f->protocol;
	if (!p->waiting || !all_are_there(f))
		return 0;
	return p->state == PROTOCOL_OFF     ? all_said_hello(f, e)
	       : p->state == PROTOCOL_HELLO ? restore(f, e)
					    : pass_barrier(f, e);
}

void protocol_release(struct flow *f)
{
	struct protocol *p = &f->protocol;
	for (size_t i = 0; i < p->side_count; i++)
		side_release(p->sides[i]);
	hello_release(&p->hello);
	tallies_release(&p->tallies);
	snapshots_release(&p->snapshots);
	receipt_release(&p->receipt);
	free(p->last.state);
	if (p->origin && p->notify >= 0)
		close(p->notify);
}
