/* stream-get: reads streams, to where they end now or as they grow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/flow.h"
#include "group.h"
#include "record/batch_rows.h"
#include "store/read/reader.h"

/* What arrived before a time may become durable a little after it. */
static const int64_t GRACE = 1000000000;

struct get {
	const char *from, *to;
	bool follow;
	int64_t count; /* -1: no limit */
	struct opt_list shard_texts;
	struct get_group group;

	const char **names; /* of the streams */
	size_t name_count;
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
	if (g->group.name && get_group_lost(&g->group, d))
		return;
	char bytes[64] = "";
	if (d->to)
		snprintf(bytes, sizeof bytes, ", bytes %lld to %lld", (long long)d->from, (long long)d->to);
	batch_reject_text(&g->lost, 0, "", 0, "%s: shard %u has lost @seq %llu to %llu (%s%s: %s)", d->stream, d->shard,
			  (unsigned long long)d->first, (unsigned long long)d->behind - 1, d->file, bytes, d->reason);
}

static int parse_options(struct get *g, struct error *e)
{
	int r = get_group_options(&g->group, g->shard_texts.count > 0, e);
	if (!r)
		r = parse_shards(g, e);
	if (!r && g->from)
		r = bound_parse(g->from, &g->options.from, e);
	if (!r && g->to)
		r = bound_parse(g->to, &g->options.to, e);
	if (!r && g->to && g->options.to.kind != BOUND_SEQ && g->options.to.kind != BOUND_TIME)
		r = error_set(e, ERR_USAGE, "--to wants a time or a @seq");
	g->options.follow = g->follow;
	g->options.damaged = on_damage;
	g->options.damaged_arg = g;
	if (g->group.name) {
		g->options.from = (struct bound){0};
		g->options.begin = get_group_begin;
		g->options.begin_arg = &g->group;
		g->group.lost = &g->lost;
	}
	return r;
}

/* For news, and where time ends it, for the clock. */
static void wait_in(const struct get *g, struct flow *f)
{
	flow_wait_for(f, store_reader_fd(g->reader));
	if (g->options.to.kind == BOUND_TIME)
		flow_timer(f, GRACE);
}

static int open_reader(struct get *g, struct flow *f, struct error *e)
{
	int r = store_reader_open(&g->reader, &files_real, g->names, g->name_count, &g->options, e);
	if (r)
		return r;
	const char *notice = store_reader_notice(g->reader);
	if (notice)
		flow_warn(f, "%s", notice);
	if (g->follow && store_reader_fd(g->reader) < 0)
		flow_timer(f, WATCH_INTERVAL);
	else if (g->follow)
		wait_in(g, f);
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct get *g = self;
	batch_init(&g->marks);
	batch_init(&g->lost);
	files_allow_many();
	int r = parse_options(g, e);
	if (r)
		return r;
	g->names = mem_array((size_t)o->count + 1, sizeof *g->names);
	do
		r = operand_take(o, "STREAM", &g->names[g->name_count++], e);
	while (!r && o->count);
	flow_set_bounded(f, g->follow ? BOUNDED_NO : BOUNDED_YES);
	if (!r && g->group.name)
		return get_group_open(&g->group, f, g->names, g->name_count, g->from, e);
	return r ? r : open_reader(g, f, e);
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

/* To a flow of many runs a shard that has come to its end for now will have more. */
static bool is_drained(const struct get *g, const struct store_shard_state *s)
{
	return g->group.flows ? s->closed : s->ended;
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
		g->told[i] = is_drained(g, &s);
		add_mark(g, &s, qualified, g->told[i] ? "drained" : "active");
	}
	for (size_t i = 0; i < known; i++) {
		struct store_shard_state s = store_reader_shard(g->reader, i);
		bool drained = is_drained(g, &s);
		if (drained && !g->told[i])
			add_mark(g, &s, qualified, "drained");
		g->told[i] = drained;
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

static void take_first(struct batch *b, int64_t wanted)
{
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
	if (g->count >= 0 || (g->group.name && !get_group_takes_all(&g->group)) || !flow_passes_frames(f, &from, &to))
		return;
	g->options.raw_from = from;
	g->options.raw_to = to;
}

/* Ends with the slot of a group in hand and the reader open: FLOW_MORE, or FLOW_WAIT. */
static int begin_group(struct get *g, struct flow *f, struct error *e)
{
	int r = g->group.held ? 0 : get_group_refuse(&g->group, f, e);
	if (!r && !g->group.held)
		r = get_group_take(&g->group, f, e);
	if (r < 0)
		return r;
	/* In a flow the end of the pipeline says first where we stand. */
	if (!g->group.held)
		return FLOW_WAIT;
	flow_wait_for(f, -1);
	r = open_reader(g, f, e);
	return r ? r : FLOW_MORE;
}

static int restore(void *self, struct flow *f, uint64_t n, uint64_t epoch, struct error *e)
{
	struct get *g = self;
	(void)f;
	return get_flow_restore(&g->group, n, epoch, e);
}

static int checkpoint(void *self, struct flow *f, uint64_t n, uint64_t committed, struct error *e)
{
	struct get *g = self;
	(void)f;
	return get_flow_checkpoint(&g->group, n, committed, e);
}

/* In a group, what was given is committed by the clock. */
static int wait_for_more(struct get *g, struct flow *f)
{
	int64_t due = get_group_idle(&g->group);
	int64_t step = g->follow && store_reader_fd(g->reader) < 0 ? WATCH_INTERVAL
		       : g->options.to.kind == BOUND_TIME          ? GRACE
								   : 0;
	int64_t again = step ? monotonic_now() + step : INT64_MAX;
	if (g->group.name)
		flow_timer_at(f, due < again ? due : again);
	return FLOW_WAIT;
}

static int give(struct get *g, struct flow *f, struct store_item *item, struct error *e)
{
	struct batch *b = item->batch;
	uint64_t next = item->next;
	int r = g->group.name ? get_group_select(&g->group, item, e) : 0;
	if (!r)
		r = report_lost(g, f, e);
	if (r)
		return r;
	if (g->count >= 0 && (int64_t)batch_count(b) > g->count - g->given) {
		take_first(b, g->count - g->given);
		next = (uint64_t)column_get(&b->meta[META_SEQ], batch_row(b, batch_count(b) - 1)).i + 1;
	}
	g->given += batch_count(b);
	if (item->frame)
		r = flow_emit_frame(f, item->frame, b->rows, item->label, e);
	else
		r = batch_count(b) ? flow_emit(f, b, e) : 0;
	if (!r && g->group.name)
		get_group_reached(&g->group, item->stream, item->shard, next);
	return r ? r : FLOW_MORE;
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct get *g = self;
	struct store_item item;
	look_at_clock(g);
	if (!g->reader)
		return begin_group(g, f, e);
	pass_frames(g, f);
	int r = mark_shards(g, f, e);
	if (!r && g->group.name)
		r = get_group_tick(&g->group, f, e);
	if (r || (g->count >= 0 && g->given >= g->count))
		return r ? r : FLOW_DONE;
	int got = store_reader_next(g->reader, &item, e);
	if (got < 0 || (r = report_lost(g, f, e)) || (r = mark_shards(g, f, e)))
		return got < 0 ? got : r;
	if (got)
		return give(g, f, &item, e);
	return store_reader_done(g->reader) ? FLOW_DONE : wait_for_more(g, f);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct get *g = self;
	(void) final;
	return g->group.name ? get_group_commit(&g->group, f, e) : 0;
}

static void release(void *self, bool failed)
{
	struct get *g = self;
	(void)failed;
	store_reader_close(g->reader);
	get_group_close(&g->group);
	free(g->names);
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
		{'g', "group", OPT_TEXT, offsetof(struct get, group.name), "GROUP", "from where the group stands",
		 NULL},
		{0, "slots", OPT_COUNT, offsetof(struct get, group.slots), "N", "a new group: so many share it (1)",
		 NULL},
		{0, "steal", OPT_FLAG, offsetof(struct get, group.steal), NULL,
		 "take a slot from a process that is stopped", NULL},
		{0, "checkpoint", OPT_DURATION, offsetof(struct get, group.checkpoint), "D",
		 "how often the group's positions are kept (1s)", NULL},
		{0, "on-gap", OPT_CHOICE, offsetof(struct get, group.on_gap), "HOW",
		 "when records are gone that the group has not read", "stop skip"},
		{0, "drain", OPT_FLAG, offsetof(struct get, group.drain), NULL,
		 "at the end close all windows of the pipeline", NULL},
		{'w', "wait", OPT_DURATION, offsetof(struct get, group.wait), "D",
		 "how long to wait for a free slot (for ever)", NULL},
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
			    "  stream-get --from 2026-11-22 --to 2026-11-23 -n 10 web\n"
			    "  stream-get -g nightly web >>archive.json\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct source_ops source = {.restore = restore, .checkpoint = checkpoint};
	static const struct stage stage = {
		.setup = setup, .produce = produce, .end = end, .close = release, .source = &source};
	struct get get = {.count = -1, .group = {.checkpoint = -1, .wait = -1}};
	return flow_main(argc, argv, &command, &stage, &get);
}
