/* stream-tail: follows files as they grow, rotate, appear and vanish; each line is a record. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "group.h"

static const int64_t LINES = 10; /* of each file, before what comes */

struct tail {
	const char *from, *multiline;
	int64_t lines; /* -1: not given */
	bool origin, once, follow, retry;
	struct tail_group group;

	const char **names;
	size_t count;
	struct tailer_options options;
	struct tailer *tailer;
	bool idle; /* we waited: meanwhile much may have happened */
};

/* -- options -- */

static int parse_from(struct tail *t, struct error *e)
{
	struct chain_options *o = &t->options.chain;
	if (t->from && t->lines >= 0)
		return error_set(e, ERR_USAGE, "-n and --from both say where to begin; give one of them");
	o->predecessors = t->group.name != NULL;
	o->first = t->from || t->group.name ? FIRST_START : FIRST_LINES;
	o->lines = t->lines < 0 ? LINES : t->lines;
	if (t->lines >= 0)
		o->first = FIRST_LINES;
	if (!t->from || !strcmp(t->from, "start"))
		return 0;
	o->first = FIRST_END;
	if (!strcmp(t->from, "end"))
		return 0;
	o->first = FIRST_TIME;
	o->predecessors = true;
	return timestamp_parse(t->from, strlen(t->from), &o->time, e);
}

static int parse_options(struct tail *t, struct error *e)
{
	int r = tail_group_options(&t->group, e);
	if (!r)
		r = parse_from(t, e);
	if (!r && t->multiline)
		r = regex_new(t->multiline, strlen(t->multiline), "", &t->options.lines.first, e);
	t->options.lines.origin = t->origin;
	t->options.once = t->once;
	t->options.keeps = t->group.name != NULL;
	return r;
}

static void warn(void *arg, const char *text)
{
	flow_warn(arg, "%s", text);
}

static int open_tailer(struct tail *t, struct flow *f, struct error *e)
{
	if (t->group.name)
		t->options.resume = &t->group.book.places;
	flow_batch_limits(f, &t->options.rows, &t->options.read_max);
	int r = tailer_open(&t->tailer, t->names, t->count, &t->options, e);
	const char *notice = r ? NULL : tailer_notice(t->tailer);
	if (notice)
		flow_warn(f, "%s", notice);
	return r;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct tail *t = self;
	files_allow_many();
	t->options.chain.warn = warn;
	t->options.chain.warn_arg = f;
	int r = parse_options(t, e);
	if (r)
		return r;
	t->names = mem_array((size_t)o->count + 1, sizeof *t->names);
	do
		r = operand_take(o, "FILE", &t->names[t->count++], e);
	while (!r && o->count);
	/* What a group has read of a file is not all there will be. */
	flow_set_bounded(f, t->once && !t->group.name ? BOUNDED_YES : BOUNDED_NO);
	return r || !t->group.name ? r : tail_group_open(&t->group, e);
}

/* -- records -- */

/* Ends with the group in hand and its places known: FLOW_MORE, or FLOW_WAIT. */
static int begin(struct tail *t, struct flow *f, struct error *e)
{
	struct tail_group *g = &t->group;
	int r = g->name && !g->held ? tail_group_take(g, f, e) : 0;
	if (r < 0)
		return r;
	/* In a flow the end of the pipeline says first where we stand. */
	if (g->name && !g->held)
		return FLOW_WAIT;
	r = open_tailer(t, f, e);
	return r ? r : FLOW_MORE;
}

static int restore(void *self, struct flow *f, uint64_t n, uint64_t epoch, struct error *e)
{
	struct tail *t = self;
	(void)f;
	return tail_group_restore(&t->group, n, epoch, e);
}

static int checkpoint(void *self, struct flow *f, uint64_t n, uint64_t committed, struct error *e)
{
	struct tail *t = self;
	(void)f;
	return tail_group_checkpoint(&t->group, t->tailer, n, committed, e);
}

static int wait_for_more(struct tail *t, struct flow *f)
{
	int64_t due = t->group.name ? tail_group_due(&t->group) : INT64_MAX, again = tailer_due(t->tailer);
	t->idle = true;
	flow_wait_for(f, tailer_fd(t->tailer));
	flow_timer_at(f, due < again ? due : again);
	return FLOW_WAIT;
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct tail *t = self;
	struct batch *b;
	if (!t->tailer)
		return begin(t, f, e);
	int r = t->group.name ? tail_group_tick(&t->group, t->tailer, f, t->idle, e) : 0;
	if (r)
		return r;
	t->idle = false;
	int got = tailer_next(t->tailer, &b, e);
	if (got < 0)
		return got;
	if (!got)
		return tailer_done(t->tailer) ? FLOW_DONE : wait_for_more(t, f);
	t->group.dirty = true;
	r = b->reject_count ? flow_reject(f, b, e) : 0;
	if (!r && batch_count(b))
		r = flow_emit(f, b, e);
	return r ? r : FLOW_MORE;
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct tail *t = self;
	(void) final;
	return t->group.name && t->tailer ? tail_group_commit(&t->group, t->tailer, f, e) : 0;
}

static void release(void *self, bool failed)
{
	struct tail *t = self;
	(void)failed;
	tailer_close(t->tailer);
	tail_group_close(&t->group);
	regex_free(t->options.lines.first);
	free(t->names);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'g', "group", OPT_TEXT, offsetof(struct tail, group.name), "GROUP", "from where the group stands",
		 NULL},
		{0, "steal", OPT_FLAG, offsetof(struct tail, group.steal), NULL,
		 "take the group from a process that is stopped", NULL},
		{0, "checkpoint", OPT_DURATION, offsetof(struct tail, group.checkpoint), "D",
		 "how often the group's places are kept (1s)", NULL},
		{'w', "wait", OPT_DURATION, offsetof(struct tail, group.wait), "D",
		 "how long to wait for the group (for ever)", NULL},
		{0, "from", OPT_TEXT, offsetof(struct tail, from), "PLACE",
		 "begin at the start, at the end, or with files written since a time", NULL},
		{'n', "lines", OPT_COUNT, offsetof(struct tail, lines), "LINES",
		 "begin with the last LINES lines of each file (10)", NULL},
		{0, "multiline", OPT_TEXT, offsetof(struct tail, multiline), "REGEX",
		 "a line that matches begins a record, others go on with it", NULL},
		{0, "origin", OPT_FLAG, offsetof(struct tail, origin), NULL, "fields `file` and `offset` too", NULL},
		{0, "once", OPT_FLAG, offsetof(struct tail, once), NULL, "stop where the files end now", NULL},
		{'f', "follow", OPT_FLAG, offsetof(struct tail, follow), NULL, "taken for habit's sake: it follows",
		 NULL},
		{'F', "retry", OPT_FLAG, offsetof(struct tail, retry), NULL, "the same", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "follows files as they grow and rotate; each line is a record",
		.operands = "FILE|GLOB…",
		.examples = "  stream-tail /var/log/nginx/access.log | stream-parse combined\n"
			    "  stream-tail -g agent '/var/log/nginx/*.log' | stream-parse combined | stream-put web\n"
			    "  stream-tail --multiline '^[0-9]{4}-' --origin app.log\n"
			    "  stream-tail --once --from start app.log\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct source_ops source = {restore, checkpoint};
	static const struct stage stage = {
		.setup = setup, .produce = produce, .end = end, .close = release, .source = &source};
	struct tail tail = {.lines = -1, .group = {.checkpoint = -1, .wait = -1}};
	return flow_main(argc, argv, &command, &stage, &tail);
}
