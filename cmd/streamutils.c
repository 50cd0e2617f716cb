/* streamutils: lists the commands, and shows their manual pages. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "flow/command.h"

struct entry {
	const char *name, *summary;
};

/* By what they are for, in the order of a pipeline. tests/manual.bats holds this against what is installed. */
static const struct entry entries[] = {
	{"stream-gen", "makes records, the same for the same seed"},
	{"stream-tail", "follows files as they grow and rotate; each line is a record"},
	{"stream-parse", "turns lines into records, by named patterns, grok or regular expressions"},
	{"stream-put", "appends records to a stream, and ends with 0 when all of them are durable"},
	{"stream-get", "reads streams, to where they end now or as they grow"},
	{"stream-ctl", "makes streams, lists them, shows and changes their shards"},
	{"stream-filter", "keeps the records for which an expression is true"},
	{"stream-map", "computes, renames, drops and keeps fields, in this order"},
	{"stream-window", "says how records are windowed by event time"},
	{"stream-agg", "groups and aggregates, per window where there is one"},
	{"stream-sort", "sorts records by key, per window where there is one"},
	{"stream-top", "the N greatest records, per group, per window where there is one"},
	{"stream-uniq", "passes the first record of each key"},
	{"stream-join", "joins records with a table, or with another stream"},
	{"stream-shard", "splits records by key over copies of a command, or over named pipes"},
	{"stream-merge", "merges inputs by event time"},
	{"stream-tee", "copies records to standard output and to named pipes or files"},
	{"stream-exec", "gives batches of records to a command, and takes back what it prints"},
	{"stream-sink", "delivers records to files, a database or a stream"},
	{"stream-cat", "reads records in any format and writes them in any other"},
};

enum { COUNT = sizeof entries / sizeof *entries };

static void list(struct buf *out)
{
	for (size_t i = 0; i < COUNT; i++)
		buf_printf(out, "%-14s %s\n", entries[i].name, entries[i].summary);
}

/* NAME may be the whole name, or what is behind `stream-`. */
static const char *find(const char *name, struct error *e)
{
	const char *names[COUNT + 4] = {"streamutils", "stream", "stream-expr", "stream-frame"};
	size_t n = 4;
	for (size_t i = 0; i < COUNT; i++)
		names[n++] = entries[i].name;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name) || (!strncmp(names[i], "stream-", 7) && !strcmp(names[i] + 7, name)))
			return names[i];
	const char *nearest = nearest_word(name, strlen(name), names, n);
	/* `aggg` is near to agg, but far from stream-agg. */
	const char *shorts[COUNT + 4];
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		if (!strncmp(names[i], "stream-", 7))
			shorts[count++] = names[i] + 7;
	if (!nearest)
		nearest = nearest_word(name, strlen(name), shorts, count);
	error_set(e, ERR_USAGE, "there is no command `%s`%s%s%s", name, nearest ? "; did you mean `" : "",
		  nearest ? nearest : "", nearest ? "`?" : "");
	return NULL;
}

/* The pages of a build that is not installed are in man/ beside build/. */
static bool local_page(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return false;
	self[n] = 0;
	for (int up = 0; up < 3; up++) {
		char *slash = strrchr(self, '/');
		if (!slash)
			return false;
		*slash = 0;
	}
	for (const char *section = "157"; *section; section++)
		if (snprintf(path, PATH_MAX, "%s/man/%s.%c", self, name, *section) < PATH_MAX && !access(path, R_OK))
			return true;
	return false;
}

static int show(const char *name, struct error *e)
{
	char path[PATH_MAX];
	const char *page = local_page(name, path) ? path : name;
	execlp("man", "man", page, (char *)NULL);
	execlp("mandoc", "mandoc", "-a", page, (char *)NULL);
	return error_set(e, ERR_FAILED, "cannot run man: %s; try `%s --help`", strerror(errno), name);
}

int main(int argc, char **argv)
{
	static const struct command command = {
		.summary = "lists the commands of the suite, and shows their manual pages",
		.operands = "[help NAME]",
		.examples = "  streamutils\n  streamutils help stream-agg\n",
		.traits = COMMAND_SOURCE,
	};
	struct error e = {0};
	struct common_options common = {0};
	struct operands o;
	struct buf text = BUF_INIT;
	const char *name;
	int r = command_parse(&command, argc, argv, &common, NULL, &o, &e);
	if (r)
		return r < 0 ? command_fail(&e) : 0;
	if (!o.count) {
		list(&text);
		r = print_out(&text, &e);
	} else if (strcmp(o.items[0], "help")) {
		r = error_set(&e, ERR_USAGE, "`%s`: write `streamutils help NAME`", o.items[0]);
	} else if (o.count == 1) {
		command_help(&command, &text);
		r = print_out(&text, &e);
	} else {
		name = find(o.items[1], &e);
		r = name ? show(name, &e) : e.code;
	}
	buf_release(&text);
	return r ? command_fail(&e) : 0;
}
