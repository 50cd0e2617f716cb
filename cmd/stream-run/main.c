/* stream-run: starts a pipeline, and starts it again when it fails; lists those that run. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run.h"
#include "store/catalog/home.h"

enum { RETRIES = 10 };

static const struct opt options[] = {
	{0, "restart", OPT_FLAG, offsetof(struct run, restart), NULL, "when it fails, start it again", NULL},
	{0, "retries", OPT_COUNT, offsetof(struct run, retries), "N",
	 "with --restart: so many times in a row without progress (10)", NULL},
	{0, "name", OPT_TEXT, offsetof(struct run, name), "N", "what it is called (its process id)", NULL},
	{0, "list", OPT_FLAG, offsetof(struct run, list), NULL, "show what runs, or the stages of NAME", NULL},
	{0},
};

static const struct command command = {
	.summary = "runs a pipeline, starts it again when it fails, and shows where it stands",
	.operands = "'PIPELINE'\n       stream-run --list [NAME]",
	.examples = "  stream-run 'stream-gen weblog -n 1000 | stream-filter \"status >= 500\" | stream-put errors'\n"
		    "  stream-run --restart --name web 'stream-tail -g agent access.log | stream-parse combined | "
		    "stream-put web'\n"
		    "  stream-run --list\n",
	.options = options,
	.traits = COMMAND_SOURCE,
};

/* -- --list -- */

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct run *run = self;
	const char *name = NULL;
	char *home = NULL;
	batch_init(&run->records);
	flow_set_bounded(f, BOUNDED_YES);
	int r = o->count ? operand_take(o, "NAME", &name, e) : 0;
	if (!r && o->count)
		r = error_set(e, ERR_USAGE, "`%s`: --list takes one NAME", o->items[0]);
	if (!r)
		r = home_path(&home, e);
	if (!r)
		r = run_list(run, home, name, e);
	free(home);
	return r;
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct run *run = self;
	if (run->given || !run->records.rows)
		return FLOW_DONE;
	run->given = true;
	int r = flow_emit(f, &run->records, e);
	return r ? r : FLOW_MORE;
}

static void release(void *self, bool failed)
{
	struct run *run = self;
	(void)failed;
	batch_release(&run->records);
}

/* -- a pipeline -- */

static int run_pipeline(const struct run *run, const struct common_options *common, struct operands *o, struct error *e)
{
	const char *pipeline;
	char *home;
	int r = operand_take(o, "PIPELINE", &pipeline, e);
	if (!r && o->count)
		r = error_set(e, ERR_USAGE, "`%s`: the PIPELINE is one word; put it in quotes", o->items[0]);
	if (!r)
		r = home_path(&home, e);
	if (r)
		return r;
	r = run_supervise(run, common, home, pipeline, e);
	free(home);
	return r;
}

int main(int argc, char **argv)
{
	static const struct stage list = {.setup = setup, .produce = produce, .close = release};
	struct run run = {.retries = RETRIES}, listing = run;
	struct common_options common = {0};
	struct operands o;
	struct error e = {0};
	/* The parser moves operands; for --list the loop parses once more. */
	char **copy = mem_array((size_t)argc + 1, sizeof *copy);
	memcpy(copy, argv, ((size_t)argc + 1) * sizeof *copy);
	int r = command_parse(&command, argc, copy, &common, &run, &o, &e);
	if (!r && run.list)
		r = flow_main(argc, argv, &command, &list, &listing);
	else if (!r)
		r = run_pipeline(&run, &common, &o, &e);
	else if (r > 0)
		r = 0;
	free(copy);
	return r < 0 ? command_fail(&e) : r;
}
