/* stream-get: reads streams, to where they end now or as they grow. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "record/batch_rows.h"
#include "store/reader.h"

/* What arrived before a time may become durable a little after it. */
static const int64_t GRACE = 1000000000;

struct get {
	const char *group, *from, *to;
	bool follow;
	int64_t count; /* 0: no limit */
	struct opt_list shard_texts;

	struct store_reader_options options;
	uint32_t *shards;
	struct store_reader *reader;
	struct batch marks, lost; /* of a WATERMARK; rejects */
	bool *told;               /* of the shards that were announced: whether their end was */
	size_t announced;
	uint64_t changes; /* of the reader, up to which all was announced */
	int64_t given;
};

/* -- options -- */

/* A shard that is named twice is read once. */
static void add_shard(struct get *g, uint32_t id)
{
	for (size_t i = 0; i < g->options.shard_count; i++)
		if (g->shards[i] == id)
			return;
	g->shards = mem_resize(g->shards, g->options.shard_count + 1, sizeof *g->shards);
	g->shards[g->options.shard_count++] = id;
}

/* `--shard 0 --shard 3` or `--shard 0,3`. */
static int parse_shards(struct get *g, struct error *e)
{
	for (size_t i = 0; i < g->shard_texts.count; i++)
		for (const char *p = g->shard_texts.items[i];; p++) {
			char *end;
			unsigned long id = strtoul(p, &end, 10);
			if (*p < '0' || *p > '9' || (*end && *end != ',') || id > UINT32_MAX)
				return error_set(e, ERR_USAGE,
						 "`%s` is no shard: they are numbers, as `stream-ctl show` lists them",
						 g->shard_texts.items[i]);
			add_shard(g, (uint32_t)id);
			if (!*(p = end))
				break;
		}
	g->options.shards = g->shards;
	return 0;
}

/* Records that the store has lost stand among the rejects: they are shown, kept and counted like those. */
static void on_damage(void *arg, const struct damage *d)
{
	struct get *g = arg;
	batch_reject_text(&g->lost, 0, "", 0, "%s: shard %u has lost @seq %llu to %llu (%s, bytes %lld to %lld: %s)",
			  d->stream, d->shard, (unsigned long long)d->first, (unsigned long long)d->behind - 1, d->file,
			  (long long)d->from, (long long)d->to, d->reason);
}

static int parse_options(struct get *g, struct error *e)
{
	if (g->group)
		return error_set(e, ERR_USAGE, "-g: groups are not there yet; read without, with --from and --to");
	int r = parse_shards(g, e);
	if (!r && g->from)
		r = bound_parse(g->from, &g->options.from, e);
	if (!r && g->to)
		r = bound_parse(g->to, &g->options.to, e);
	if (!r && g->to && g->options.to.kind != BOUND_SEQ && g->options.to.kind != BOUND_TIME)
		r = error_set(e, ERR_USAGE, "--to wants a time or a @seq");
	g->options.follow = g->follow;
	g->options.damaged = on_damage;
	g->options.damaged_arg = g;
	return r;
}

/* For news, and where time ends it, for the clock. */
static void wait_in(const struct get *g, struct flow *f)
{
	flow_wait_for(f, store_reader_fd(g->reader));
	if (g->options.to.kind == BOUND_TIME)
		flow_timer(f, GRACE);
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct get *g = self;
	const char *name;
	batch_init(&g->marks);
	batch_init(&g->lost);
	files_allow_many();
	int r = parse_options(g, e);
	if (r)
		return r;
	const char **names = mem_array((size_t)o->count + 1, sizeof *names);
	size_t count = 0;
	do {
		r = operand_take(o, "STREAM", &name, e);
		names[count++] = name;
	} while (!r && o->count);
	if (!r)
		r = store_reader_open(&g->reader, &files_real, names, count, &g->options, e);
	free(names);
	if (r)
		return r;
	flow_set_bounded(f, g->follow ? BOUNDED_NO : BOUNDED_YES);
	const char *notice = store_reader_notice(g->reader);
	if (notice)
		flow_warn(f, "%s", notice);
	if (g->follow && store_reader_fd(g->reader) < 0)
		flow_timer(f, WATCH_INTERVAL);
	else if (g->follow)
		wait_in(g, f);
	return 0;
}

/* -- what stages behind us must know about time: which shards there are, and which have come to their end -- */

static void add_mark(struct get *g, const struct store_shard_state *s, bool qualified, const char *state)
{
	struct value shard = value_int(s->shard);
	if (qualified) {
		char *text = arena_printf(&g->marks.arena, "%s/%u", s->name, s->shard);
		shard = value_string(text, strlen(text));
	}
	struct field row[] = {
		{"shard", shard}, {"time", value_absent()}, {"state", value_string(state, strlen(state))}};
	batch_add_row(&g->marks, row, 3);
}

/* New shards come first: a stage that hears of an end knows of those that go on. */
static int mark_shards(struct get *g, struct flow *f, struct error *e)
{
	size_t count = store_reader_shards(g->reader), known = g->announced;
	bool qualified = store_reader_streams(g->reader) > 1;
	if (g->changes == store_reader_changes(g->reader))
		return 0;
	g->changes = store_reader_changes(g->reader);
	g->told = mem_resize(g->told, count, sizeof *g->told);
	g->announced = count;
	batch_reset(&g->marks);
	for (size_t i = known; i < count; i++) {
		struct store_shard_state s = store_reader_shard(g->reader, i);
		g->told[i] = s.ended;
		add_mark(g, &s, qualified, s.ended ? "drained" : "active");
	}
	for (size_t i = 0; i < known; i++) {
		struct store_shard_state s = store_reader_shard(g->reader, i);
		if (s.ended && !g->told[i])
			add_mark(g, &s, qualified, "drained");
		g->told[i] = s.ended;
	}
	return g->marks.rows ? flow_control(f, FRAME_WATERMARK, 0, &g->marks, e) : 0;
}

/* -- records -- */

static int report_lost(struct get *g, struct flow *f, struct error *e)
{
	int r = g->lost.reject_count ? flow_reject(f, &g->lost, e) : 0;
	batch_clear(&g->lost);
	return r;
}

/* Selects no more than are still wanted. */
static void take_first(struct batch *b, int64_t wanted)
{
	uint32_t count = batch_count(b);
	if (wanted >= count)
		return;
	uint32_t *rows = arena_array(&b->arena, (size_t)wanted, sizeof *rows);
	for (uint32_t i = 0; i < (uint32_t)wanted; i++)
		rows[i] = batch_row(b, i);
	batch_select(b, rows, (uint32_t)wanted);
}

/* Following to a time ends when it has come, also if no record comes to say so. */
static void look_at_clock(struct get *g)
{
	if (g->options.to.kind == BOUND_TIME && timestamp_now() - GRACE >= g->options.to.time)
		g->options.follow = false;
}

/* Where frames go out anyway, those of the store do as they are. */
static void pass_frames(struct get *g, struct flow *f)
{
	uint32_t from, to;
	if (!flow_passes_frames(f, &from, &to))
		return;
	g->options.raw_from = from;
	g->options.raw_to = to;
}

static int emit(struct get *g, struct flow *f, const struct store_item *item, struct error *e)
{
	if (item->frame)
		return flow_emit_frame(f, item->frame, item->batch->rows, item->label, e);
	if (g->count)
		take_first(item->batch, g->count - g->given);
	g->given += batch_count(item->batch);
	return flow_emit(f, item->batch, e);
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct get *g = self;
	struct store_item item;
	look_at_clock(g);
	if (!g->count)
		pass_frames(g, f);
	int r = mark_shards(g, f, e);
	if (r || (g->count && g->given >= g->count))
		return r ? r : FLOW_DONE;
	int got = store_reader_next(g->reader, &item, e);
	if (got < 0 || (r = report_lost(g, f, e)) || (r = mark_shards(g, f, e)))
		return got < 0 ? got : r;
	if (got) {
		r = emit(g, f, &item, e);
		return r ? r : FLOW_MORE;
	}
	return store_reader_done(g->reader) ? FLOW_DONE : FLOW_WAIT;
}

static void release(void *self, bool failed)
{
	struct get *g = self;
	(void)failed;
	store_reader_close(g->reader);
	batch_release(&g->marks);
	batch_release(&g->lost);
	opt_list_release(&g->shard_texts);
	free(g->shards);
	free(g->told);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'f', "follow", OPT_FLAG, offsetof(struct get, follow), NULL, "go on as the streams grow", NULL},
		{'g', "group", OPT_TEXT, offsetof(struct get, group), "GROUP", "from where the group stands", NULL},
		{0, "from", OPT_TEXT, offsetof(struct get, from), "PLACE",
		 "start, end, a time of arrival or a @seq (start)", NULL},
		{0, "to", OPT_TEXT, offsetof(struct get, to), "PLACE", "stop before this time of arrival or @seq",
		 NULL},
		{'n', "count", OPT_COUNT, offsetof(struct get, count), "COUNT", "stop after so many records", NULL},
		{0, "shard", OPT_LIST, offsetof(struct get, shard_texts), "ID", "only these shards", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "reads streams, to where they end now or as they grow",
		.operands = "STREAM…",
		.examples = "  stream-get web | stream-agg -b status count\n"
			    "  stream-get -f --from now-1h web | stream-filter 'status >= 500'\n"
			    "  stream-get --from 2026-11-22 --to 2026-11-23 -n 10 web\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct stage stage = {.setup = setup, .produce = produce, .close = release};
	struct get get = {0};
	return flow_main(argc, argv, &command, &stage, &get);
}
