/* stream-agg: groups and aggregates, per window where there is one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agg/call.h"
#include "agg/partial.h"
#include "agg/snapshot.h"
#include "agg/table.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "flow/split.h"
#include "record/batch_rows.h"
#include "window/spec.h"

enum { LIMIT = 512 << 20 };

struct aggregation {
	struct opt_list by;
	int64_t every, limit;
	bool exact, partial, merge;

	struct table *table;
	int64_t watermark; /* --merge: the greatest that was not acted on yet */
	int64_t passed;    /* the watermark that was passed on */
	bool timed;        /* updates are on, or were decided against */
	bool restored;     /* the newest record of our own was loaded */
};

/* A bare `p0` is rather a named pipe than a quantile of nothing. */
static bool is_call(const char *operand)
{
	bool quantile = operand[0] == 'p' && operand[1] >= '0' && operand[1] <= '9';
	return statement_looks_like(operand) || (!quantile && agg_is_function(operand, strlen(operand)));
}

static const char *nearest_aggregate(const char *word, size_t len)
{
	size_t n = 0;
	while (agg_function_names[n])
		n++;
	return agg_is_function(word, len) ? NULL : nearest_word(word, len, agg_function_names, n);
}

/* A word that is no aggregate is a FILE; if that is not there, it may be a mistyped aggregate. */
static int check_file(const char *operand, struct error *e)
{
	const char *near = strpbrk(operand, "./") ? NULL : nearest_aggregate(operand, strlen(operand));
	return near && access(operand, F_OK) ? error_set(e, ERR_USAGE,
							 "there is no aggregate and no file `%s`; did you "
							 "mean `%s`?",
							 operand, near)
					     : 0;
}

/* The expressions know their functions, but not ours: for `x = sume(y)`, the nearest aggregate is worth more than their error. */
static int explain(const struct operands *o, int calls, struct error *e)
{
	for (int i = 0; i < calls; i++) {
		const char *text = o->items[i], *open = strchr(text, '('), *equals = strchr(text, '=');
		const char *word = equals && open && equals < open ? equals + 1 : text;
		word += strspn(word, " ");
		size_t len = strcspn(word, " (");
		const char *near = open ? nearest_aggregate(word, len) : NULL;
		if (near)
			return error_set(e, ERR_USAGE, "%s: there is no aggregate %.*s; did you mean %s?", text,
					 (int)len, word, near);
	}
	return e->code;
}

static void watch_fields(struct aggregation *a, struct flow *f)
{
	const char *const *names;
	size_t count = table_fields(a->table, &names);
	flow_fields(f, names, count);
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct aggregation *a = self;
	int calls = 0;
	while (calls < o->count && is_call(o->items[calls]))
		calls++;
	int r = o->count > calls ? check_file(o->items[calls], e) : 0;
	if (!r)
		r = table_new(a->by.items, a->by.count, (const char *const *)o->items, (size_t)calls, a->exact,
			      &a->table, e);
	if (r)
		return r == ERR_USAGE ? explain(o, calls, e) : r;
	if ((a->merge || a->partial) && table_partials(a->table, a->merge, a->partial, e))
		return e->code;
	o->items += calls;
	o->count -= calls;
	const char *dir = getenv("TMPDIR");
	table_limit(a->table, (size_t)a->limit, dir && *dir ? dir : "/tmp");
	watch_fields(a, f);
	flow_only_fields(f, !a->merge);
	a->watermark = a->passed = TIMESTAMP_MIN;
	return 0;
}

static int emit(void *self, struct batch *b, struct error *e)
{
	return flow_emit(self, b, e);
}

/* Updates follow one another: their order is within each, not among them. */
static int emit_update(void *self, struct batch *b, struct error *e)
{
	b->sorted = 0;
	return flow_emit(self, b, e);
}

/* Updates as asked for; and a person who watches a stream that does not end wants to see something. */
static void start_updates(struct aggregation *a, struct flow *f)
{
	if (a->timed)
		return;
	a->timed = true;
	bool windowed = table_has_window(a->table);
	if (!a->every && !windowed && !a->partial && flow_bounded(f) != BOUNDED_YES && flow_on_terminal(f))
		a->every = SECOND;
	if (a->every && windowed)
		flow_warn(f, "--every is for results without windows; a window's come when it closes");
	else if (a->every)
		flow_timer(f, a->every);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct aggregation *a = self;
	uint32_t late = 0;
	int r = 0;
	if (a->merge)
		r = table_load(a->table, b, &late, e);
	else
		late = table_feed(a->table, (uint32_t)input, b);
	if (r)
		return r;
	start_updates(a, f);
	if (late)
		flow_count_late(f, late, false);
	return table_shrink(a->table, b, emit, f, e);
}

/* Behind a splitter, groups that do not tell its key have a part of their records in each copy. */
static int check_split(const struct aggregation *a, struct flow *f, struct error *e)
{
	char *const *keys;
	size_t count = flow_part_keys(f, &keys);
	for (size_t i = 0; i < count; i++) {
		if (!table_windows_tell(a->table, keys[i]) && !a->partial)
			return error_set(e, ERR_USAGE,
					 "stream-shard -k %s has divided the records, and with them the sessions, or "
					 "counts: they need `stream-window -b %s`",
					 keys[i], keys[i]);
		if (!a->partial && !table_groups_tell(a->table, keys[i]))
			return error_set(e, ERR_USAGE,
					 "stream-shard -k %s has divided the records, and each group here would have "
					 "a part of its own: add %s to -b, or say --partial here and stream-agg "
					 "--merge where all of them come together",
					 keys[i], keys[i]);
	}
	return 0;
}

/* Sessions are the only windows whose order their first fields do not have. */
static int tell_order(const struct aggregation *a, struct flow *f, struct error *e)
{
	const char *const *names;
	size_t count = table_keys(a->table, &names);
	struct order_field *order = mem_array(count + 2, sizeof *order);
	order[0] = (struct order_field){"window_end", false};
	order[1] = (struct order_field){"window_start", false};
	for (size_t i = 0; i < count; i++)
		order[i + 2] = (struct order_field){names[i], false};
	int r = flow_order(f, order, count + 2, e);
	free(order);
	return r;
}

static int on_window(struct aggregation *a, struct flow *f, const struct batch *body, struct error *e)
{
	struct window_spec spec;
	struct arena arena = {0};
	if (a->merge)
		return 0; /* partial results say of which windows they are */
	int r = window_read(body, &arena, &spec, e);
	if (!r)
		r = table_window(a->table, &spec, e);
	if (!r)
		watch_fields(a, f);
	if (!r)
		r = check_split(a, f, e);
	if (!r && spec.kind == WINDOW_SESSION && !a->partial)
		r = tell_order(a, f, e);
	arena_release(&arena);
	return r;
}

static int close_windows(struct aggregation *a, struct flow *f, int64_t watermark, struct error *e)
{
	int r = table_close(a->table, watermark, emit, f, e);
	int64_t passed = table_passed(a->table, watermark);
	if (r || passed <= a->passed)
		return r;
	a->passed = passed;
	return flow_watermark(f, passed, e);
}

static int on_watermark(struct aggregation *a, struct flow *f, const struct frame *frame, struct batch *body,
			struct error *e)
{
	struct value time = batch_get(body, 0, "time");
	if (!value_is_missing(batch_get(body, 0, "shard")))
		return 0; /* of a source's shard: says nothing of the new records */
	if (time.type != TYPE_TIME) {
		int r = check_split(a, f, e);
		if (r)
			return r;
		/* Whoever merges partial results has all of them, so for him the key divides nothing. */
		return a->partial && split_is_announced(body)
			       ? split_joined(f, e)
			       : flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
	}
	/* Files of partial results come one behind the other, and each of them from the start of time: all of them are in at the end. */
	if (!a->merge || flow_bounded(f) != BOUNDED_YES)
		return close_windows(a, f, time.i, e);
	a->watermark = time.i > a->watermark ? time.i : a->watermark;
	return 0;
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	(void)input;
	if (frame->kind == FRAME_WINDOW)
		return on_window(self, f, body, e);
	if (frame->kind == FRAME_WATERMARK)
		return on_watermark(self, f, frame, body, e);
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

/* Nothing is waiting: what no watermark brings comes now, corrections of closed windows and counts that are full. */
static int idle(void *self, struct flow *f, struct error *e)
{
	struct aggregation *a = self;
	return table_close(a->table, TIMESTAMP_MIN, emit, f, e);
}

static int timer(void *self, struct flow *f, struct error *e)
{
	struct aggregation *a = self;
	return table_result(a->table, emit_update, f, e);
}

/* Windows were closed by the watermark that comes before a final END, and by nothing else; but text and stores bring partial results
   without one. */
static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct aggregation *a = self;
	if (!final)
		return 0;
	int r = table_result(a->table, emit, f, e);
	/* Of a checkpointed flow, time goes on from there in the next run. */
	if (!r && a->merge)
		r = table_close(a->table, flow_checkpointed(f) ? table_last_end(a->table) : TIMESTAMP_MAX, emit, f, e);
	return r || a->watermark == TIMESTAMP_MIN ? r : flow_watermark(f, a->watermark, e);
}

/* -- checkpoints: a record of our own, then the table's -- */

static int add_to_snapshot(void *self, struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

static int save_head(const struct aggregation *a, struct snapshot *s, struct error *e)
{
	struct batch b;
	struct field row[] = {{"passed", value_int(a->passed)}, {"watermark", value_int(a->watermark)}};
	batch_init(&b);
	batch_add_row(&b, row, 2);
	int r = snapshot_add(s, &b, e);
	batch_release(&b);
	return r;
}

static int save(void *self, struct flow *f, struct snapshot *s, struct error *e)
{
	struct aggregation *a = self;
	/* Count windows that are full, and corrections, are on their way out: behind the last barrier of a run would be too late. */
	int r = table_close(a->table, TIMESTAMP_MIN, emit, f, e);
	bool changes = snapshot_of_changes(s);
	if (!r)
		r = save_head(a, s, e);
	return r ? r : table_snapshot(a->table, changes, add_to_snapshot, s, e);
}

/* The first one is the newest: those behind it are of snapshots that it builds upon. */
/* The slots of a group share the records by key: groups of another key would be whole in none of them. */
static int check_slots(const struct aggregation *a, const struct flow *f, struct error *e)
{
	const char *key = flow_shared_by(f);
	if (!key || a->partial)
		return 0;
	if (!*key)
		return error_set(e, ERR_USAGE,
				 "the group has several slots, and its stream no key, so that each slot has some "
				 "records of every "
				 "group here: say --partial, and stream-agg --merge where all of them come together");
	if (table_groups_tell(a->table, key) && table_windows_tell(a->table, key))
		return 0;
	return error_set(
		e, ERR_USAGE,
		"the slots of the group share the records by %s, and each group here would have a part of its own in "
		"each of them: add %s to -b%s, or say --partial here and stream-agg --merge where all of them come "
		"together",
		key, key, table_windows_tell(a->table, key) ? "" : ", and to that of stream-window");
}

static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct aggregation *a = self;
	int refused = b ? 0 : check_slots(a, f, e);
	if (refused)
		return refused;
	if (!b || batch_find(b, "passed", 6) < 0)
		return table_restore(a->table, b, e);
	if (!a->restored) {
		a->watermark = batch_get(b, 0, "watermark").i;
		a->passed = batch_get(b, 0, "passed").i;
	}
	a->restored = true;
	return 0;
}

static void release(void *self, bool failed)
{
	struct aggregation *a = self;
	(void)failed;
	table_free(a->table);
	opt_list_release(&a->by);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'b', "by", OPT_LIST, offsetof(struct aggregation, by), "NAME|NAME = EXPR,…",
		 "a result for each value of these", NULL},
		{0, "every", OPT_DURATION, offsetof(struct aggregation, every), "D",
		 "results so far, every D (on a terminal: 1s)", NULL},
		{0, "exact", OPT_FLAG, offsetof(struct aggregation, exact), NULL,
		 "quantiles without error, of all values", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct aggregation, limit), "SIZE",
		 "memory for groups; what is beyond goes to disk (512M)", NULL},
		{0, "merge", OPT_FLAG, offsetof(struct aggregation, merge), NULL,
		 "records are partial results of the same aggregates", NULL},
		{0, "partial", OPT_FLAG, offsetof(struct aggregation, partial), NULL,
		 "partial results, for a stream-agg --merge to come", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "groups and aggregates, per window where there is one",
		.operands = "['NAME = FUNC(EXPR)'…] [FILE…]",
		.examples =
			"  stream-agg -b status count access.json\n"
			"  stream-agg -b path 'errors = count()' 'p99 = quantile(rt, 0.99)' access.json\n"
			"  stream-parse combined access.log | stream-window 1h | stream-agg -b client 'sum(bytes)'\n",
		.options = options,
		.traits = COMMAND_FOLDS,
	};
	static const struct checkpoint_ops checkpoint = {.version = TABLE_SNAPSHOT_VERSION, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .idle = idle,
					   .timer = timer,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct aggregation aggregation = {.limit = LIMIT};
	return flow_main(argc, argv, &command, &stage, &aggregation);
}
