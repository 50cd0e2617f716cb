/* stream-ctl: makes streams, lists them, shows and changes them. */
#include "ctl.h"

#include <stdlib.h>

#include "base/opt.h"

int ctl_no_more(const struct operands *o, struct error *e)
{
	return o->count ? error_set(e, ERR_USAGE, "`%s`: there is one operand too many; see --help", o->items[0]) : 0;
}

int ctl_open(struct operands *o, struct stream *s, struct error *e)
{
	const char *name;
	*s = (struct stream){0};
	int r = operand_take(o, "STREAM", &name, e);
	return r ? r : stream_open(s, &files_real, name, e);
}

/* clang-format off */
static const struct {
	const char *name;
	ctl_verb *run; /* NULL: not there yet */
} verbs[] = {
	{"create", ctl_create},
	{"list", ctl_list},
	{"show", ctl_show},
	{"split", ctl_split},
	{"merge", ctl_merge},
	{"scale", ctl_scale},
	{"retain", ctl_retain},
	{"sync", ctl_sync},
	{"compact", ctl_compact},
	{"delete", ctl_delete},
	{"groups", ctl_groups},
	{"reset", ctl_reset},
	{"replay", NULL},
	{"fsck", ctl_fsck},
};
/* clang-format on */

enum { VERBS = sizeof verbs / sizeof *verbs };

static int find_verb(const char *name, ctl_verb **run, struct error *e)
{
	const char *names[VERBS];
	for (size_t i = 0; i < VERBS; i++) {
		names[i] = verbs[i].name;
		if (!strcmp(names[i], name)) {
			*run = verbs[i].run;
			return *run ? 0 : error_set(e, ERR_USAGE, "%s: this is not there yet", name);
		}
	}
	const char *near = nearest_word(name, strlen(name), names, VERBS);
	return near ? error_set(e, ERR_USAGE, "there is no `%s` here; is it `%s`?", name, near)
		    : error_set(e, ERR_USAGE, "there is no `%s` here; see --help", name);
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct ctl *c = self;
	const char *name;
	ctl_verb *run;
	c->flow = f;
	batch_init(&c->records);
	files_allow_many();
	int r = operand_take(o, "what to do (create, list, show …)", &name, e);
	if (!r)
		r = find_verb(name, &run, e);
	flow_set_bounded(f, BOUNDED_YES);
	return r ? r : run(c, o, e);
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct ctl *c = self;
	if (c->given)
		return FLOW_DONE;
	c->given = true;
	int r = flow_reject(f, &c->records, e);
	if (!r && c->records.rows)
		r = flow_emit(f, &c->records, e);
	return r ? r : FLOW_MORE;
}

static void release(void *self, bool failed)
{
	struct ctl *c = self;
	(void)failed;
	batch_release(&c->records);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{0, "shards", OPT_COUNT, offsetof(struct ctl, shards), "N", "create: so many shards (1)", NULL},
		{'k', "key", OPT_TEXT, offsetof(struct ctl, key), "FIELD|EXPR", "create: the partition key", NULL},
		{0, "hash", OPT_CHOICE, offsetof(struct ctl, hash), "HASH",
		 "create: xxh3, md5 as Kinesis, murmur2 as Kafka", "xxh3 md5 murmur2"},
		{0, "sync", OPT_TEXT, offsetof(struct ctl, sync), "WHEN",
		 "create, sync: always, never, or the longest wait (50ms)", NULL},
		{0, "retention", OPT_DURATION, offsetof(struct ctl, retention), "D",
		 "create, retain: how long records are kept (0: for ever)", NULL},
		{0, "max-size", OPT_SIZE, offsetof(struct ctl, max_size), "SIZE",
		 "create, retain: how many bytes are kept (0: any)", NULL},
		{0, "tier", OPT_TEXT, offsetof(struct ctl, tier), "DIR",
		 "create, retain: where what is not kept goes (none: it is deleted)", NULL},
		{0, "at", OPT_TEXT, offsetof(struct ctl, at), "HASH",
		 "split: the first point of the second part (the middle)", NULL},
		{0, "force", OPT_FLAG, offsetof(struct ctl, force), NULL, "delete: although a group reads it", NULL},
		{0, "repair", OPT_FLAG, offsetof(struct ctl, repair), NULL, "fsck: set aside what is damaged", NULL},
		{0, "from", OPT_TEXT, offsetof(struct ctl, from), "PLACE",
		 "reset: start, end, a time of arrival or a @seq", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "makes streams, lists them, shows and changes their shards",
		.operands = "create|list|show|split|merge|scale|retain|compact|sync|fsck|delete|groups|reset\n"
			    "                  [STREAM] [SHARD…|N|GROUP]",
		.examples = "  stream-ctl create web --shards 4 -k client\n"
			    "  stream-ctl split web 2\n"
			    "  stream-ctl show web\n"
			    "  stream-ctl groups web\n"
			    "  stream-ctl reset web nightly --from now-1d\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct stage stage = {.setup = setup, .produce = produce, .close = release};
	struct ctl ctl = {.shards = 1, .retention = -1, .max_size = -1};
	return flow_main(argc, argv, &command, &stage, &ctl);
}
