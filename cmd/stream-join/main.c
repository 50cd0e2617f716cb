/* stream-join: adds the fields of a table's records, or of another stream's that are near in time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "join.h"

enum { NOT_GIVEN = -1, WATERMARK_ROWS = 16384, MEMORY_CHECK_ROWS = 65536 };

/* -- options -- */

static void add_text(struct buf *out, const char *p, size_t len)
{
	if (out->len)
		buf_byte(out, ',');
	buf_append(out, p, len);
}

/* `a=b,c`: a and c on the left, b and c on the right. */
static void split_keys(const char *text, struct buf *left, struct buf *right)
{
	for (const char *p = text, *end;; p = end + 1) {
		const char *equals = NULL;
		bool quoted = false;
		for (end = p; *end && (quoted || *end != ','); end++) {
			quoted ^= *end == '`';
			if (!quoted && *end == '=' && !equals)
				equals = end;
		}
		add_text(left, p, (size_t)((equals ? equals : end) - p));
		add_text(right, equals ? equals + 1 : p, (size_t)(end - (equals ? equals + 1 : p)));
		if (!*end)
			return;
	}
}

static int parse_keys(struct join *j, struct error *e)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	if (!j->key_text)
		return error_set(e, ERR_USAGE, "-k FIELD is missing: which field do the records have in common?");
	split_keys(j->key_text, &left, &right);
	int r = key_spec_parse(buf_string(&left), KEY_PLAIN, &j->specs[LEFT], e);
	if (!r)
		r = key_spec_parse(buf_string(&right), KEY_PLAIN, &j->specs[RIGHT], e);
	buf_release(&left);
	buf_release(&right);
	return r;
}

/* -- a table -- */

static int setup_table(struct join *j, struct flow *f, struct operands *o, struct error *e)
{
	int r = lookup_load(j->table, &j->specs[RIGHT], &j->lookup, e);
	if (r)
		return r;
	pairs_init(&j->pairs, j->prefix, j->specs[RIGHT].fields, (uint32_t)j->specs[RIGHT].field_count);
	if (j->lookup->several)
		flow_fold(f);
	flow_fields(f, j->specs[LEFT].fields, j->specs[LEFT].field_count);
	r = flow_add_operands(f, o, e);
	return r < 0 ? r : 0;
}

/* A new version takes the place of the old one if it is whole; else that stays, with one warning. */
static void reload(struct join *j, struct flow *f)
{
	struct lookup_version now = lookup_look(j->table);
	struct lookup *fresh;
	struct error e;
	if (lookup_same(&now, &j->lookup->version) || lookup_same(&now, &j->failed))
		return;
	if (lookup_load(j->table, &j->specs[RIGHT], &fresh, &e)) {
		j->failed = now;
		flow_warn(f, "%s; going on with the table as it was", e.text);
		return;
	}
	lookup_free(j->lookup);
	j->lookup = fresh;
	if (fresh->several)
		flow_fold(f);
}

static int emit_pairs(struct join *j, struct flow *f, struct error *e)
{
	int r = j->pairs.out.rows ? flow_emit(f, &j->pairs.out, e) : 0;
	pairs_clear(&j->pairs);
	return r;
}

static int add_pair(struct join *j, struct flow *f, const struct batch *b, uint32_t row, const struct batch *right,
		    uint32_t right_row, struct error *e)
{
	if (pairs_add(&j->pairs, b, row, right, right_row, NULL))
		return 0;
	int r = emit_pairs(j, f, e);
	if (!r && !pairs_add(&j->pairs, b, row, right, right_row, NULL))
		r = error_set(e, ERR_FAILED, "two joined records have too many fields");
	return r;
}

static int enrich_row(struct join *j, struct flow *f, const struct batch *b, uint32_t i, struct error *e)
{
	const struct lookup *l = j->lookup;
	uint32_t row = batch_row(b, i);
	const struct lookup_entry *entry = key_row_lacks(&j->specs[LEFT], row)
						   ? NULL
						   : lookup_first(l, key_bytes(&j->keys, i), key_len(&j->keys, i));
	int r = 0;
	if (!entry && j->outer)
		return add_pair(j, f, b, row, l->nothing.rows ? &l->nothing : NULL, 0, e);
	for (; entry && !r; entry = lookup_next(l, entry))
		r = add_pair(j, f, b, row, &entry->ref.block->rows, entry->ref.row, e);
	return r;
}

static int enrich(struct join *j, struct flow *f, struct batch *b, struct error *e)
{
	reload(j, f);
	key_spec_apply(&j->specs[LEFT], b, &j->keys);
	pairs_begin(&j->pairs);
	int r = 0;
	for (uint32_t i = 0; i < batch_count(b) && !r; i++)
		r = enrich_row(j, f, b, i, e);
	return r ? r : emit_pairs(j, f, e);
}

/* -- another stream -- */

static int emit(void *self, struct batch *b, struct error *e)
{
	return flow_emit(self, b, e);
}

static int setup_streams(struct join *j, struct flow *f, struct operands *o, struct error *e)
{
	int r = event_clock_init(&j->clocks[LEFT], j->time_field, e);
	if (!r)
		r = event_clock_init(&j->clocks[RIGHT], j->time_field, e);
	if (!r)
		r = flow_add_operands(f, o, e);
	if (r < 0)
		return r;
	flow_add_files(f, &j->table, 1);
	flow_fold(f);
	struct interval_options options = {
		.within = j->within,
		.outer = j->outer,
		.prefix = j->prefix,
		.keys = j->specs[RIGHT].fields,
		.key_count = (uint32_t)j->specs[RIGHT].field_count,
		.emit = emit,
		.self = f,
	};
	j->interval = interval_new(&options);
	j->sent = TIMESTAMP_MIN;
	if (j->idle)
		flow_timer(f, j->idle < SECOND ? j->idle : SECOND);
	return 0;
}

/* By now it is known whether that input has an end. */
static void start_clock(struct join *j, struct flow *f, int input)
{
	event_clock_start(&j->clocks[input], j->delay, flow_input_bounded(f, input) == BOUNDED_YES);
}

static int advance(struct join *j, int input, struct error *e)
{
	return interval_advance(j->interval, input, event_clock_at(&j->clocks[input]), e);
}

int join_watermark(struct join *j, struct flow *f, struct error *e)
{
	int64_t at = interval_watermark(j->interval);
	j->unsent = 0;
	if (at <= j->sent || at == TIMESTAMP_MAX)
		return 0;
	j->sent = at;
	return flow_watermark(f, at, e);
}

static int check_limit(struct join *j, uint32_t rows, struct error *e)
{
	j->unchecked += rows;
	if (!j->limit || j->unchecked < MEMORY_CHECK_ROWS)
		return 0;
	j->unchecked = 0;
	return interval_memory(j->interval) <= (size_t)j->limit
		       ? 0
		       : error_set(e, ERR_FAILED,
				   "the records that wait for partners need more memory than --limit; use a shorter "
				   "--within or --delay, or stream-shard");
}

static int match(struct join *j, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct event_clock *clock = &j->clocks[input];
	uint32_t rows = batch_count(b);
	int r = event_clock_times(clock, b, flow_input_name(f, input), e);
	if (r)
		return r;
	start_clock(j, f, input);
	uint32_t late = event_clock_judge(clock, b);
	if (late)
		flow_count_late(f, late, false);
	key_spec_apply(&j->specs[input], b, &j->keys);
	r = interval_add(j->interval, input, b, &j->specs[input], &j->keys, e);
	if (!r)
		r = advance(j, input, e);
	if (!r)
		r = check_limit(j, rows, e);
	j->unsent += rows;
	return r || j->unsent < WATERMARK_ROWS ? r : join_watermark(j, f, e);
}

/* -- the loop -- */

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct join *j = self;
	int r = parse_keys(j, e);
	if (!r)
		r = operand_take(o, j->within != NOT_GIVEN ? "OTHER (a named pipe or file)" : "TABLE", &j->table, e);
	if (r)
		return r;
	return j->within != NOT_GIVEN ? setup_streams(j, f, o, e) : setup_table(j, f, o, e);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct join *j = self;
	return j->interval ? match(j, f, input, b, e) : enrich(j, f, b, e);
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct join *j = self;
	if (!j->interval)
		return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
	if (frame->kind == FRAME_WINDOW)
		return error_set(e, ERR_USAGE,
				 "%s: stream-join --within goes by time itself: let stream-window stand behind it",
				 flow_input_name(f, input));
	if (frame->kind != FRAME_WATERMARK)
		return frame->kind == FRAME_IDLE ? 0
						 : flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
	start_clock(j, f, input);
	int r = event_clock_frame(&j->clocks[input], body, e);
	return r ? r : advance(j, input, e);
}

static int idle(void *self, struct flow *f, struct error *e)
{
	struct join *j = self;
	return j->interval ? join_watermark(j, f, e) : 0;
}

static int timer(void *self, struct flow *f, struct error *e)
{
	struct join *j = self;
	int r = 0;
	for (int input = LEFT; input <= RIGHT && !r; input++) {
		if (!j->clocks[input].started)
			continue;
		event_clock_idle(&j->clocks[input], j->idle);
		r = advance(j, input, e);
	}
	return r ? r : join_watermark(j, f, e);
}

static int input_end(void *self, struct flow *f, int input, struct error *e)
{
	struct join *j = self;
	/* With more to come in another run it is not past. */
	return j->interval && flow_input_final(f, input) ? interval_advance(j->interval, input, TIMESTAMP_MAX, e) : 0;
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct join *j = self;
	(void)f;
	int r = 0;
	for (int input = LEFT; input <= RIGHT && j->interval && final && !r; input++)
		r = interval_advance(j->interval, input, TIMESTAMP_MAX, e);
	return r;
}

static void release(void *self, bool failed)
{
	struct join *j = self;
	(void)failed;
	if (j->pairs.out.store)
		pairs_release(&j->pairs);
	lookup_free(j->lookup);
	interval_free(j->interval);
	for (int input = LEFT; input <= RIGHT; input++) {
		event_clock_release(&j->clocks[input]);
		key_spec_release(&j->specs[input]);
	}
	key_list_release(&j->keys);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct join, key_text), "FIELD[=FIELD],…",
		 "what the records have in common; behind = its name in TABLE or OTHER", NULL},
		{0, "left", OPT_FLAG, offsetof(struct join, outer), NULL, "records without a match come out too", NULL},
		{0, "prefix", OPT_TEXT, offsetof(struct join, prefix), "TEXT", "put before the names of added fields",
		 NULL},
		{0, "within", OPT_DURATION, offsetof(struct join, within), "D",
		 "join a stream: records at most D apart in event time", NULL},
		{'t', "time", OPT_TEXT, offsetof(struct join, time_field), "FIELD",
		 "event time is in FIELD, not in @time", NULL},
		{0, "delay", OPT_DURATION, offsetof(struct join, delay), "D",
		 "the bound on disorder (default 5s live, none on input that ends)", NULL},
		{0, "idle", OPT_DURATION, offsetof(struct join, idle), "D",
		 "a shard silent for so long holds nothing back", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct join, limit), "SIZE",
		 "stop when waiting records need more memory", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "joins records with a table, or with another stream",
		.operands = "-k FIELD[=FIELD],… TABLE|OTHER [FILE…]",
		.examples = "  stream-get web | stream-join --left -k ip=address hosts.csv\n"
			    "  stream-get web | stream-join -k user 'sqlite:crm.db?table=users' --prefix user_\n"
			    "  mkfifo pays; stream-get pays >pays & stream-get orders | stream-join -k order --within "
			    "5m pays\n",
		.options = options,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .save = join_save, .load = join_load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .idle = idle,
					   .timer = timer,
					   .input_end = input_end,
					   .end = end,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct join join = {.within = NOT_GIVEN, .delay = EVENT_DELAY_AUTO, .idle = 30 * SECOND};
	return flow_main(argc, argv, &command, &stage, &join);
}
