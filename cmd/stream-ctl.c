/* stream-ctl: makes streams, lists them and shows their shards. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "record/batch_rows.h"
#include "store/home.h"
#include "store/stream.h"

struct ctl {
	int64_t shards, retention, max_size;
	const char *sync, *key;
	int hash;

	struct batch records;
	bool given;
};

typedef int verb(struct ctl *c, struct operands *o, struct error *e);

static struct value text(const char *s)
{
	return value_string(s, strlen(s));
}

static int no_more(const struct operands *o, struct error *e)
{
	return o->count ? error_set(e, ERR_USAGE, "`%s`: there is one operand too many; see --help", o->items[0]) : 0;
}

/* -- create -- */

static int describe(const struct ctl *c, struct catalog *catalog, struct error *e)
{
	if (c->shards < 1 || c->shards > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "--shards: 1 to %d, not %lld", CATALOG_SHARDS_MAX, (long long)c->shards);
	int r = catalog_init(catalog, (uint32_t)c->shards, (enum hash_kind)c->hash, e);
	if (r)
		return r;
	catalog->retention = c->retention;
	catalog->max_size = c->max_size;
	struct expr *key = NULL;
	if (c->key && (r = expr_parse(c->key, strlen(c->key), &key, e)))
		return r;
	expr_free(key);
	catalog->key = c->key ? mem_copy(c->key, strlen(c->key)) : NULL;
	return c->sync ? sync_parse(c->sync, strlen(c->sync), &catalog->sync, e) : 0;
}

static int create(struct ctl *c, struct operands *o, struct error *e)
{
	struct catalog catalog = {0};
	const char *name;
	int r = operand_take(o, "STREAM", &name, e);
	if (!r)
		r = no_more(o, e);
	if (!r)
		r = describe(c, &catalog, e);
	if (!r) {
		r = stream_create(&files_real, name, &catalog, e);
		if (!r)
			r = error_set(e, ERR_FAILED, "there is a stream %s already", name);
	}
	catalog_release(&catalog);
	return r < 0 ? r : 0;
}

/* -- list: a record per stream -- */

static int list_one(struct ctl *c, const char *name, struct error *e)
{
	struct stream s;
	char sync[32];
	uint64_t bytes = 0;
	int r = stream_open(&s, &files_real, name, e);
	if (r)
		return r;
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++) {
		struct shard_extent extent;
		r = stream_extent(&s, s.catalog.shards[i].id, &extent, e);
		bytes += extent.bytes;
	}
	sync_text(s.catalog.sync, sync);
	struct field row[] = {
		{"stream", text(name)},
		{"shards", value_int((int64_t)s.catalog.shard_count)},
		{"bytes", value_int((int64_t)bytes)},
		{"key", s.catalog.key ? text(s.catalog.key) : value_null()},
		{"hash", text(hash_kind_names[s.catalog.router.kind])},
		{"sync", text(sync)},
	};
	if (!r)
		batch_add_row(&c->records, row, sizeof row / sizeof *row);
	stream_close(&s);
	return r;
}

static int list(struct ctl *c, struct operands *o, struct error *e)
{
	struct name_list names = {0};
	int r = no_more(o, e);
	if (!r)
		r = home_list(&files_real, &names, e);
	/* One that is damaged, or of a newer release, must not hide the others: it is rejected. */
	for (size_t i = 0; !r && i < names.count; i++)
		if (list_one(c, names.items[i], e)) {
			char *name = arena_printf(&c->records.arena, "%s", names.items[i]);
			batch_reject_text(&c->records, 0, name, strlen(name), "%s", e->text);
		}
	name_list_release(&names);
	return r;
}

/* -- show: a record per shard -- */

static int show_shard(struct ctl *c, const struct stream *s, const struct catalog_shard *shard, struct error *e)
{
	struct shard_extent extent;
	struct buf parents = BUF_INIT;
	char sync[32], from[40], to[40];
	int r = stream_extent(s, shard->id, &extent, e);
	if (r)
		return r;
	buf_byte(&parents, '[');
	for (uint32_t i = 0; i < shard->parent_count; i++)
		buf_printf(&parents, "%s%u", i ? "," : "", shard->parents[i]);
	buf_byte(&parents, ']');
	sync_text(s->catalog.sync, sync);
	bool empty = extent.next == extent.first;
	struct field row[] = {
		{"shard", value_int(shard->id)},
		{"state", text(shard->closed ? "closed" : "open")},
		{"parents", value_text(TYPE_JSON, parents.data, parents.len)},
		{"from", value_string(from, hash128_text(shard->from, from))},
		{"to", value_string(to, hash128_text(shard->to, to))},
		{"first", empty ? value_null() : value_int((int64_t)extent.first)},
		{"last", empty ? value_null() : value_int((int64_t)extent.next - 1)},
		{"bytes", value_int((int64_t)extent.bytes)},
		{"sync", text(sync)},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
	buf_release(&parents);
	return 0;
}

static int show(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s = {0};
	const char *name;
	int r = operand_take(o, "STREAM", &name, e);
	if (!r)
		r = no_more(o, e);
	if (!r)
		r = stream_open(&s, &files_real, name, e);
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++)
		r = show_shard(c, &s, &s.catalog.shards[i], e);
	stream_close(&s);
	return r;
}

static int not_yet(struct ctl *c, struct operands *o, struct error *e)
{
	(void)c;
	(void)o;
	return error_set(e, ERR_USAGE, "this is not there yet; there are: create, list, show");
}

/* -- the command -- */

static const char *const verb_names[] = {"create", "list",    "show",   "split",  "merge", "scale",  "retain",
					 "sync",   "compact", "delete", "groups", "reset", "replay", "fsck"};
static verb *const verbs[] = {create, list, show};

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	enum { COUNT = sizeof verb_names / sizeof *verb_names, BUILT = sizeof verbs / sizeof *verbs };
	struct ctl *c = self;
	const char *name;
	size_t i = 0;
	batch_init(&c->records);
	int r = operand_take(o, "what to do (create, list or show)", &name, e);
	if (r)
		return r;
	while (i < COUNT && strcmp(verb_names[i], name))
		i++;
	if (i < COUNT) {
		flow_set_bounded(f, BOUNDED_YES);
		r = (i < BUILT ? verbs[i] : not_yet)(c, o, e);
		if (r && i >= BUILT)
			error_prefix(e, "%s", name);
		return r ? r : verbs[i] == create;
	}
	const char *near = nearest_word(name, strlen(name), verb_names, COUNT);
	return near ? error_set(e, ERR_USAGE, "there is no `%s` here; is it `%s`?", name, near)
		    : error_set(e, ERR_USAGE, "there is no `%s` here; there are: create, list, show", name);
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
		 "create: always, never, or the longest wait (50ms)", NULL},
		{0, "retention", OPT_DURATION, offsetof(struct ctl, retention), "D",
		 "create: how long records are kept", NULL},
		{0, "max-size", OPT_SIZE, offsetof(struct ctl, max_size), "SIZE", "create: how many bytes are kept",
		 NULL},
		{0},
	};
	static const struct command command = {
		.summary = "makes streams, lists them and shows their shards",
		.operands = "create|list|show [STREAM]",
		.examples = "  stream-ctl create web --shards 4 -k client\n"
			    "  stream-ctl list\n"
			    "  stream-ctl show web\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct stage stage = {.setup = setup, .produce = produce, .close = release};
	struct ctl ctl = {.shards = 1};
	return flow_main(argc, argv, &command, &stage, &ctl);
}
