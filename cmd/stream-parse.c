/* stream-parse: turns lines into records. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow.h"
#include "pattern/parse.h"

struct parsing {
	const char *time_text, *show;
	bool list;

	struct parse parse;
	struct event_time time;
	struct batch to;
};

static int list_patterns(struct error *e)
{
	struct buf text = BUF_INIT;
	const char *const *names;
	size_t count = pattern_names(&names);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s\n", names[i]);
	int r = print_out(&text, e);
	buf_release(&text);
	return r ? r : 1;
}

static int show_pattern(const char *name, struct error *e)
{
	struct buf text = BUF_INIT;
	int r = pattern_show(name, &text, e);
	if (!r)
		r = print_out(&text, e);
	buf_release(&text);
	return r ? r : 1;
}

/* The first operand is a pattern whatever it looks like; a further one if it can be nothing else. */
static bool is_pattern(const char *operand)
{
	const char *const *names;
	size_t count = pattern_names(&names);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], operand))
			return true;
	return strstr(operand, "%{") || strstr(operand, "(?<") || strstr(operand, "(?P<");
}

static int take_patterns(struct parsing *p, struct operands *o, struct error *e)
{
	struct pattern_options options = {.timeless = p->time_text != NULL};
	do {
		const char *text;
		struct pattern *pattern;
		int r = operand_take(o, "PATTERN (a name of --list, a grok expression or a regex)", &text, e);
		if (!r)
			r = pattern_new(text, &options, &pattern, e);
		if (r)
			return r;
		p->parse.patterns = mem_resize(p->parse.patterns, p->parse.count + 1, sizeof *p->parse.patterns);
		p->parse.patterns[p->parse.count++] = pattern;
	} while (o->count && is_pattern(o->items[0]));
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct parsing *p = self;
	if (p->list)
		return list_patterns(e);
	if (p->show)
		return show_pattern(p->show, e);
	flow_text_is_lines(f);
	batch_init(&p->to);
	if (p->time_text) {
		int r = event_time_parse(p->time_text, &p->time, e);
		if (r)
			return r;
		p->parse.time = &p->time;
	}
	return take_patterns(p, o, e);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct parsing *p = self;
	(void)input;
	for (uint32_t at = 0, count = batch_count(b); at < count;) {
		uint32_t consumed;
		at += parse_batch(&p->parse, b, at, &p->to, &consumed);
		p->to.source = b->source;
		int r = flow_emit(f, &p->to, e);
		if (!r)
			r = flow_reject(f, &p->to, e);
		if (r)
			return r;
	}
	return 0;
}

static void release(void *self, bool failed)
{
	struct parsing *p = self;
	(void)failed;
	for (size_t i = 0; i < p->parse.count; i++)
		pattern_free(p->parse.patterns[i]);
	free(p->parse.patterns);
	if (p->to.store)
		batch_release(&p->to);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{0, "time", OPT_TEXT, offsetof(struct parsing, time_text), "FIELD[=FORMAT]",
		 "event time is in FIELD, as RFC 3339, a number, or by a strptime FORMAT", NULL},
		{0, "list", OPT_FLAG, offsetof(struct parsing, list), NULL, "list the names of patterns", NULL},
		{0, "show", OPT_TEXT, offsetof(struct parsing, show), "NAME", "print the pattern of that name", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "turns lines into records, by named patterns, grok or regular expressions",
		.operands = "PATTERN… [FILE…]",
		.examples = "  stream-parse combined access.log\n"
			    "  stream-parse '%{IPORHOST:client} took %{NUMBER:rt:float}' app.log\n"
			    "  stream-parse '(?<level>\\w+): (?<text>.*)' --bad rejected.json app.log\n",
		.options = options,
	};
	/* Nothing of one record is remembered for the next. */
	static const struct checkpoint_ops checkpoint = {0};
	static const struct stage stage = {.setup = setup, .batch = batch, .close = release, .checkpoint = &checkpoint};
	struct parsing parsing = {0};
	return flow_main(argc, argv, &command, &stage, &parsing);
}
