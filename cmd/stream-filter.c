/* stream-filter: keeps the records for which an expression is true. */
#include <string.h>

#include "expr/expr.h"
#include "flow/flow.h"

struct filter {
	struct expr *keep;
};

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct filter *filter = self;
	const char *text, *const *names;
	int r = operand_take(o, "EXPR", &text, e);
	if (!r)
		r = expr_parse(text, strlen(text), &filter->keep, e);
	if (r)
		return r;
	size_t count = expr_fields(filter->keep, &names);
	flow_fields(f, names, count);
	return 0;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct filter *filter = self;
	(void)input;
	uint32_t *kept = arena_array(&b->arena, batch_count(b), sizeof *kept);
	uint32_t count = expr_filter(filter->keep, b, kept);
	for (const char *warning; (warning = expr_warning(filter->keep));)
		flow_warn(f, "%s", warning);
	batch_select(b, kept, count);
	return flow_emit(f, b, e);
}

static void release(void *self, bool failed)
{
	struct filter *filter = self;
	(void)failed;
	expr_free(filter->keep);
}

int main(int argc, char **argv)
{
	static const struct command command = {
		.summary = "keeps the records for which an expression is true",
		.operands = "EXPR [FILE…]",
		.examples =
			"  stream-filter 'status >= 500' access.json\n"
			"  stream-filter 'path =~ /^\\/api/ && method == \"POST\"' access.json | stream-agg count\n",
		.traits = COMMAND_KEEPS_ORDER,
	};
	/* Nothing of one record is remembered for the next. */
	static const struct checkpoint_ops checkpoint = {0};
	static const struct stage stage = {.setup = setup, .batch = batch, .close = release, .checkpoint = &checkpoint};
	struct filter filter = {0};
	return flow_main(argc, argv, &command, &stage, &filter);
}
