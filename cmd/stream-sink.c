/* stream-sink: delivers records to a destination, and says when they are there by ending with status 0. */
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "flow/flow.h"
#include "flow/program.h"
#include "sink/sink.h"

struct delivery {
	struct sink_options options;
	const char *dead;

	const char *url;
	struct sink *sink;      /* one of our own destinations, or */
	struct program program; /* another program's */
};

/* `stream:NAME` is stream-put's, `exec:COMMAND` the shell's, NAME:… that of stream-sink-NAME, if there is one. */
static int start_program(struct delivery *d, struct flow *f, struct error *e)
{
	const char *colon = strchr(d->url, ':');
	char name[96];
	if (!colon || colon == d->url || colon - d->url > 64)
		return error_set(e, ERR_USAGE,
				 "`%s` is no destination; write dir:PATTERN, sqlite:FILE?table=T, "
				 "stream:NAME or exec:COMMAND",
				 d->url);
	snprintf(name, sizeof name, "stream-sink-%.*s", (int)(colon - d->url), d->url);
	const char *put[] = {"stream-put", colon + 1, NULL};
	const char *shell[] = {"sh", "-c", colon + 1, NULL};
	const char *other[] = {name, d->url, NULL};
	bool is_put = !strncmp(d->url, "stream:", 7), is_shell = !strncmp(d->url, "exec:", 5);
	const char **argv = is_put ? put : is_shell ? shell : other;
	int r = program_start(&d->program, d->url, (char *const *)argv, is_shell ? FORMAT_JSON : FORMAT_FRAMES, f, e);
	if (r && argv == other)
		error_set(e, ERR_USAGE, "`%.*s:` is no destination that is known here, and there is no %s on PATH",
			  (int)(colon - d->url), d->url, name);
	return r;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct delivery *d = self;
	int r = operand_take(o, "DEST (dir:PATTERN, sqlite:FILE?table=T, stream:NAME)", &d->url, e);
	if (r)
		return r;
	if (d->dead && !flow_options(f)->bad)
		flow_keep_rejects(f, d->dead);
	return sink_knows(d->url) ? sink_open(d->url, &d->options, &d->sink, e) : start_program(d, f, e);
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct delivery *d = self;
	(void)f;
	(void)input;
	if (!d->program.pipe)
		return 0;
	return program_control(&d->program, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

/* Commits what is due, and asks to be called when the next commit is. */
static int tick(struct delivery *d, struct flow *f, struct error *e)
{
	int r = sink_tick(d->sink, monotonic_now(), e);
	int64_t due = sink_due(d->sink);
	flow_timer_at(f, due);
	return r;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct delivery *d = self;
	(void)input;
	if (d->program.pipe)
		return program_batch(&d->program, f, b, e);
	uint32_t before = b->reject_count;
	int r = sink_batch(d->sink, b, e);
	if (r)
		return r;
	flow_count_out(f, batch_count(b) - (b->reject_count - before));
	return tick(d, f, e);
}

static int timer(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	return d->sink ? tick(d, f, e) : 0;
}

static int idle(void *self, struct flow *f, struct error *e)
{
	struct delivery *d = self;
	(void)f;
	return d->program.pipe ? program_flush(&d->program, e) : 0;
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct delivery *d = self;
	(void) final;
	if (d->program.pipe)
		return program_end(&d->program, f, e);
	int r = sink_prepare(d->sink, e);
	return r ? r : sink_commit(d->sink, 0, NULL, 0, e);
}

static void release(void *self, bool failed)
{
	struct delivery *d = self;
	if (failed && d->sink && sink_pending(d->sink))
		message("%s: %llu records since the last commit are not delivered", d->url,
			(unsigned long long)sink_pending(d->sink));
	sink_close(d->sink);
	program_abandon(&d->program);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{0, "every", OPT_DURATION, offsetof(struct delivery, options.every), "D",
		 "commit at the latest so long after the first record", NULL},
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
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .timer = timer,
					   .idle = idle,
					   .end = end,
					   .close = release};
	struct delivery delivery = {0};
	return flow_main(argc, argv, &command, &stage, &delivery);
}
