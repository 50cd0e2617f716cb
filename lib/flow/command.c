#include "flow/command.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define COMMON(member) offsetof(struct common_options, member)

static const struct opt input_options[] = {
	{'i', "input", OPT_CHOICE, COMMON(input), "FMT", "input format", format_choices_in},
	{0},
};

static const struct opt output_options[] = {
	{'o', "output", OPT_CHOICE, COMMON(output), "FMT", "output format", format_choices_out},
	{0, "meta", OPT_FLAG, COMMON(meta), NULL, "show metadata in text", NULL},
	{0, "color", OPT_CHOICE, COMMON(color), "WHEN", "colour on a terminal", "auto always never"},
	{0},
};

static const struct opt record_options[] = {
	{0, "bad", OPT_TEXT, COMMON(bad), "DEST", "keep rejected records in a file or stream:NAME", NULL},
	{0, "strict", OPT_FLAG, COMMON(strict), NULL, "stop at the first rejected record", NULL},
	{0, "stats", OPT_FLAG, COMMON(stats), NULL, "print the counts at the end, and live on a terminal", NULL},
	{0, "metrics", OPT_TEXT, COMMON(metrics), "FILE", "keep an OpenMetrics text file of the counts", NULL},
	{'q', "quiet", OPT_FLAG, COMMON(quiet), NULL, "no warnings", NULL},
	{'v', "verbose", OPT_FLAG, COMMON(verbose), NULL, "every rejected record, not only the first few", NULL},
	{0},
};

static const struct opt help_options[] = {
	{'h', "help", OPT_FLAG, COMMON(help), NULL, "this text", NULL},
	{0, "version", OPT_FLAG, COMMON(version), NULL, "the version", NULL},
	{0},
};

/* The tables that a command has, in the order of the help text; returns how many. */
static size_t tables(const struct command *c, void *self, struct common_options *common, struct opt_set sets[5])
{
	size_t n = 0;
	if (c->options)
		sets[n++] = (struct opt_set){c->options, self};
	if (!(c->traits & COMMAND_SOURCE))
		sets[n++] = (struct opt_set){input_options, common};
	if (!(c->traits & COMMAND_SINK))
		sets[n++] = (struct opt_set){output_options, common};
	sets[n++] = (struct opt_set){record_options, common};
	sets[n++] = (struct opt_set){help_options, common};
	return n;
}

void command_help(const struct command *c, struct buf *out)
{
	struct opt_set sets[5];
	const char *name = program_invocation_short_name;
	buf_printf(out, "%s %s\n\nUsage: %s [OPTION…] %s\n\n", name, c->summary, name, c->operands);
	size_t n = tables(c, NULL, NULL, sets);
	for (size_t i = 0; i < n; i++)
		opt_help(sets[i].table, out);
	if (c->examples)
		buf_printf(out, "\nExamples:\n%s", c->examples);
	buf_printf(out, "\nThe manual: `streamutils help %s`.\n", name);
}

int print_out(const struct buf *text, struct error *e)
{
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(STDOUT_FILENO, text->data + at, text->len - at);
		if (n < 0 && errno != EINTR)
			return error_errno(e, "standard output");
		at += n > 0 ? (size_t)n : 0;
	}
	return close(STDOUT_FILENO) ? error_errno(e, "standard output") : 0;
}

int command_parse(const struct command *c, int argc, char **argv, struct common_options *common, void *self,
		  struct operands *operands, struct error *e)
{
	struct opt_set sets[5];
	size_t n = tables(c, self, common, sets);
	bool runs = c->traits & COMMAND_RUNS;
	int r = opt_parse(argc, argv, sets, n, runs, &operands->count, &operands->dashed, e);
	operands->items = argv;
	if (r || (!common->help && !common->version))
		return r;
	struct buf text = BUF_INIT;
	if (common->help)
		command_help(c, &text);
	else
		buf_printf(&text, "%s (streamutils) %s\n", program_invocation_short_name, STREAM_VERSION);
	r = print_out(&text, e);
	buf_release(&text);
	return r ? r : 1;
}

int operand_take(struct operands *o, const char *what, const char **item, struct error *e)
{
	if (!o->count)
		return error_set(e, ERR_USAGE, "%s is missing; see %s --help", what, program_invocation_short_name);
	*item = o->items[0];
	o->items++;
	o->count--;
	return 0;
}

int command_fail(const struct error *e)
{
	if (e->code != ERR_GONE && *e->text)
		message("%s", e->text);
	return error_status(e->code);
}
