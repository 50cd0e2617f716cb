/* stream-sink: delivers records to a destination, and says when they are there by ending with status 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "flow/gone.h"
#include "flow/program.h"
#include "sink/sink.h"
#include "store/commit/ledger.h"

struct delivery {
	struct sink_options options;
	const char *dead;

	const char *url;
	bool in_flow;      /* what is not committed comes again */
	struct sink *sink; /* one of our own destinations, or */

	struct program program; /* another program's */
	char *const *argv;
	enum format format;
	bool unsent;          /* it has records that are not committed */
	struct ledger ledger; /* its commits, for it keeps none */
};

/* -- our own destinations -- */

/* Commits what is due, and asks to be called when the next commit is. */
static int tick(struct delivery *d, struct flow *f, struct error *e)
{
	int r = sink_tick(d->sink, monotonic_now(), e);
	flow_timer_at(f, sink_due(d->sink));
	return r;
}

static int own_batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct delivery *d = self;
	(void)input;
	uint32_t before = b->reject_count;
	int r = sink_batch(d->sink, b, e);
	if (r || d->in_flow)
		return r;
	flow_count_out(f, batch_count(b) - (b->reject_count - before));
	return tick(d, f, e);
}

static int own_timer(void *self, struct flow *f, struct error *e)
{
	return tick(self, f, e);
}

static int own_end(void *self, struct flow *f, bool final, struct error *e)
{
	struct delivery *d = self;
	(void)f;
	(void) final;
	if (d->in_flow)
		return 0;
	int r = sink_prepare(d->sink, e);
	return r ? r : sink_commit(d->sink, 0, NULL, 0, e);
}

static int own_recover(void *self, struct flow *f, const char *flow, uint64_t epoch, struct flow_commit *last,
		       struct error *e)
{
	struct delivery *d = self;
	struct sink_position p;
	(void)f;
	d->in_flow = true;
	int r = sink_recover(d->sink, flow, epoch, &p, e);
	if (!r)
		*last = (struct flow_commit){p.n, p.epoch, p.state, p.len};
	return r;
}

static int own_prepare(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	int r = sink_prepare(d->sink, e);
	if (!r)
		flow_count_out(f, sink_pending(d->sink));
	return r;
}

static int own_commit(void *self, struct flow *f, uint64_t n, const char *state, size_t len, struct error *e)
{
	(void)f;
	return sink_commit(((struct delivery *)self)->sink, n, state, len, e);
}

static int64_t own_pace(void *self)
{
	return sink_pace(((struct delivery *)self)->sink);
}

static void own_origin(void *arg, struct buf *out)
{
	flow_origin_text(arg, out);
}

static int own_rejected(void *arg, struct batch *b, struct error *e)
{
	return flow_reject(arg, b, e);
}

/* -- stream-put: a stage of its own, which we feed -- */

static int program_start_now(struct delivery *d, struct flow *f, struct error *e)
{
	return d->program.pipe ? 0 : program_start(&d->program, d->url, d->argv, d->format, f, e);
}

static int fed_batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct delivery *d = self;
	(void)input;
	int r = program_start_now(d, f, e);
	d->unsent = true;
	return r ? r : program_batch(&d->program, f, b, e);
}

static int fed_control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		       struct error *e)
{
	struct delivery *d = self;
	(void)f;
	(void)input;
	if (!d->program.pipe)
		return 0;
	return program_control(&d->program, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int fed_idle(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	(void)f;
	return d->program.pipe ? program_flush(&d->program, e) : 0;
}

/* END goes out when all barriers have: `end` would be called at the last of them, before it is passed on. */
static int fed_finish(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	int r = d->in_flow ? 0 : program_start_now(d, f, e);
	if (!r && d->program.pipe)
		r = program_end(&d->program, f, e);
	return r ? r : FLOW_DONE;
}

static int put_forward(void *self, struct flow *f, int kind, const struct batch *body, struct error *e)
{
	struct delivery *d = self;
	(void)f;
	int r = program_control(&d->program, (enum frame_kind)kind, FRAME_CRITICAL, body, e);
	return r ? r : program_flush(&d->program, e);
}

/*
 * -- programs that know no checkpoints: in a flow each commit's records are one run of the program. What was written into a
 * pipe is not delivered yet, its status 0 is. --
 */

static int run_recover(void *self, struct flow *f, const char *flow, uint64_t epoch, struct flow_commit *last,
		       struct error *e)
{
	struct delivery *d = self;
	struct ledger_entry x;
	(void)flow;
	d->in_flow = true;
	ledger_init(&d->ledger, &files_real, flow_state_directory(f), "sink");
	int r = ledger_take(&d->ledger, epoch, &x, e);
	if (!r)
		*last = (struct flow_commit){x.n, x.by, x.state, x.len};
	x.state = r ? x.state : NULL;
	ledger_entry_release(&x);
	return r;
}

static int run_prepare(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	if (!d->unsent)
		return 0;
	d->unsent = false;
	return program_end(&d->program, f, e);
}

static int run_commit(void *self, struct flow *f, uint64_t n, const char *state, size_t len, struct error *e)
{
	(void)f;
	return ledger_commit(&((struct delivery *)self)->ledger, n, state, len, e);
}

static int64_t run_pace(void *self)
{
	return ((struct delivery *)self)->options.every;
}

/* -- what the destination is -- */

static void release(void *self, bool failed)
{
	struct delivery *d = self;
	if (failed && d->sink && !d->in_flow && sink_pending(d->sink))
		message("%s: %llu records since the last commit are not delivered", d->url,
			(unsigned long long)sink_pending(d->sink));
	sink_close(d->sink);
	program_abandon(&d->program);
	if (d->ledger.io)
		ledger_release(&d->ledger);
	for (size_t i = 0; d->argv && d->argv[i]; i++)
		free(d->argv[i]);
	free((void *)d->argv);
}

static char *const *words(const char *a, const char *b, const char *c)
{
	const char *from[] = {a, b, c};
	char **argv = mem_zero(4 * sizeof *argv);
	for (size_t i = 0; i < 3 && from[i]; i++)
		argv[i] = mem_copy(from[i], strlen(from[i]));
	return argv;
}

/* `stream:NAME` is stream-put's, `exec:COMMAND` the shell's, NAME:… that of stream-sink-NAME, if there is one. */
static int open_program(struct delivery *d, struct flow *f, struct error *e)
{
	static const struct checkpoint_ops passes = {.forward = put_forward};
	static const struct end_ops runs = {
		.recover = run_recover, .prepare = run_prepare, .commit = run_commit, .pace = run_pace};
	static const struct stage put = {.batch = fed_batch,
					 .control = fed_control,
					 .idle = fed_idle,
					 .drain = fed_finish,
					 .close = release,
					 .checkpoint = &passes};
	static const struct stage other = {.batch = fed_batch,
					   .control = fed_control,
					   .idle = fed_idle,
					   .drain = fed_finish,
					   .close = release,
					   .last = &runs};
	const char *colon = strchr(d->url, ':');
	if (!colon || colon == d->url || colon - d->url > 64)
		return error_set(e, ERR_USAGE,
				 "`%s` is no destination; write dir:PATTERN, sqlite:FILE?table=T, "
				 "stream:NAME or exec:COMMAND",
				 d->url);
	int scheme = (int)(colon - d->url);
	char name[96];
	snprintf(name, sizeof name, "stream-sink-%.*s", scheme, d->url);
	bool is_put = !strncmp(d->url, "stream:", 7), is_shell = !strncmp(d->url, "exec:", 5);
	d->format = is_shell ? FORMAT_JSON : FORMAT_FRAMES;
	d->argv = is_put     ? words("stream-put", colon + 1, NULL)
		  : is_shell ? words("sh", "-c", colon + 1)
			     : words(name, d->url, NULL);
	flow_become(f, is_put ? &put : &other, false);
	/* A command that had no record to take is not run at all in a flow. */
	int r = is_shell ? 0 : program_start_now(d, f, e);
	if (r && !is_put)
		error_set(e, ERR_USAGE, "`%.*s:` is no destination that is known here, and there is no %s on PATH",
			  scheme, d->url, name);
	return r;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	static const struct end_ops commits = {
		.recover = own_recover, .prepare = own_prepare, .commit = own_commit, .pace = own_pace};
	static const struct stage own = {
		.batch = own_batch, .timer = own_timer, .end = own_end, .close = release, .last = &commits};
	struct delivery *d = self;
	int r = operand_take(o, "DEST (dir:PATTERN, sqlite:FILE?table=T, stream:NAME)", &d->url, e);
	if (r)
		return r;
	if (d->dead && !flow_options(f)->bad)
		flow_keep_rejects(f, d->dead);
	if (!sink_knows(d->url))
		return open_program(d, f, e);
	flow_become(f, &own, false);
	d->options.rejected = own_rejected;
	d->options.rejected_arg = f;
	d->options.origin = own_origin;
	d->options.origin_arg = f;
	d->options.gone = gone_flow;
	return sink_open(d->url, &d->options, &d->sink, e);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{0, "every", OPT_DURATION, offsetof(struct delivery, options.every), "D",
		 "commit so long after the first record; in a flow, at least so far apart", NULL},
		{0, "size", OPT_SIZE, offsetof(struct delivery, options.size), "SIZE",
		 "files of dir: are full at so many bytes (64M)", NULL},
		{0, "dead", OPT_TEXT, offsetof(struct delivery, dead), "DEST",
		 "keep what cannot be delivered in a file or stream:NAME", NULL},
		{0, "with-meta", OPT_FLAG, offsetof(struct delivery, options.meta), NULL, "deliver metadata too", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "delivers records to files, a database or a stream",
		.operands = "DEST [FILE…]",
		.examples = "  stream-get web | stream-sink 'dir:lake/{@time:%Y/%m/%d}?format=json&compress=zstd'\n"
			    "  stream-get web | stream-sink 'sqlite:web.db?table=requests'\n"
			    "  stream-cat orders.csv | stream-sink stream:orders\n",
		.options = options,
		.traits = COMMAND_SINK,
	};
	static const struct stage stage = {.setup = setup, .close = release};
	struct delivery delivery = {0};
	return flow_main(argc, argv, &command, &stage, &delivery);
}
