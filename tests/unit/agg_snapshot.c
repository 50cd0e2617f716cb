/*
 * Snapshots of tables: what is restored goes on as what was never disturbed. Random records, windows, calls and limits; a table is saved now
 * and then, whole or the changes, and thrown away now and then, and another one goes on from what was saved. A seed can be given.
 */
#include "agg/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "record/batch_rows.h"
#include "test.h"

static uint64_t state = 88172645463325252;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* -- what is done -- */

enum { OPS = 120, SNAPSHOTS_MAX = OPS, LIMIT = 48 << 10 };

enum op_kind { FEED, CLOSE, UPDATE };

struct op {
	enum op_kind kind;
	struct batch b;    /* FEED */
	int64_t watermark; /* CLOSE */
};

struct plan {
	const char *window;
	int64_t lateness;
	const char *by;
	const char *const *calls;
	bool takes_partials, gives_partials, limited, exact;
	uint32_t keys; /* about so many different ones */
};

/* -- values: equal ones are spelled in several ways -- */

static struct value text(enum type type, struct arena *a, const char *s)
{
	return value_text(type, arena_copy(a, s, strlen(s)), strlen(s));
}

static struct value draw_key(struct arena *a, uint32_t keys)
{
	char name[32];
	uint32_t k = (uint32_t)draw(keys);
	switch (draw(24)) {
	case 0: return value_null();
	case 1: return value_absent();
	case 2: return value_int(1);
	case 3: return value_decimal(10, 1);
	case 4: return value_decimal(100, 2);
	case 5: return text(TYPE_STRING, a, "1");
	case 6: return text(TYPE_NUMBER, a, "1e0");
	case 7: return value_bool(true);
	case 8: return value_time(1);
	case 9: return text(TYPE_BYTES, a, "1");
	case 10: return text(TYPE_JSON, a, "[1]");
	case 11: return value_float(0.1);
	default:
		snprintf(name, sizeof name, "key %u of some length", k);
		return draw(2) ? value_int(k) : text(TYPE_STRING, a, name);
	}
}

static struct value draw_number(struct arena *a)
{
	switch (draw(16)) {
	case 0: return value_null();
	case 1: return value_absent();
	case 2: return text(TYPE_NUMBER, a, "123456789012345678901234567890");
	case 3: return text(TYPE_NUMBER, a, "-0");
	case 4: return text(TYPE_NUMBER, a, "1.5e300");
	case 5: return value_float(0.1 * (double)draw(1000));
	case 6: return text(TYPE_STRING, a, "no number");
	case 7: return value_int(INT64_MAX - (int64_t)draw(3));
	case 8: return value_decimal(-(int64_t)draw(100000), 18);
	default: return value_decimal((int64_t)draw(100000) - 50000, (unsigned)draw(4));
	}
}

static void draw_batch(struct op *op, const struct plan *p, int64_t now)
{
	batch_init(&op->b);
	for (uint64_t n = 1 + draw(draw(8) ? 30 : 400); n; n--) {
		struct field row[] = {{"k", draw_key(&op->b.arena, p->keys)},
				      {"s", draw_key(&op->b.arena, 3)},
				      {"x", draw_number(&op->b.arena)}};
		batch_add_row(&op->b, row, 3);
		uint32_t at = op->b.rows - 1;
		batch_meta(&op->b, META_TIME)[at] = value_time(now - (int64_t)draw(40) * MINUTE);
		batch_meta(&op->b, META_SHARD)[at] = value_int((int64_t)draw(2));
		batch_meta(&op->b, META_SEQ)[at] = value_int((int64_t)draw(50));
	}
}

/* -- tables -- */

static struct table *make_table(const struct plan *p, bool takes, bool gives)
{
	struct table *t = NULL;
	struct error e;
	size_t count = 0;
	while (p->calls[count])
		count++;
	CHECK(!table_new(&p->by, p->by != NULL, p->calls, count, p->exact, &t, &e));
	if (takes || gives)
		CHECK(!table_partials(t, takes, gives, &e));
	if (p->limited)
		table_limit(t, LIMIT, "/tmp");
	return t;
}

static void set_window(struct table *t, const struct plan *p)
{
	static const char *const session_keys[] = {"k"};
	struct window_spec s;
	struct error e;
	if (!p->window)
		return;
	CHECK(!window_parse(&p->window, 1, &s, &e));
	s.lateness = p->lateness;
	if (s.kind >= WINDOW_SESSION) {
		s.by = session_keys;
		s.by_count = 1;
	}
	CHECK(!table_window(t, &s, &e));
}

/* A line per row, with types. */
static int note(void *self, struct batch *b, struct error *e)
{
	struct buf *out = self;
	(void)e;
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		const struct shape *s = batch_shape(b, row);
		for (uint32_t c = 0; c < s->count; c++) {
			const struct column *column = &b->columns[s->columns[c]];
			struct value v = column_get(column, row);
			buf_printf(out, " %.*s=%d.%d:", (int)column->name_len, column->name, v.type, v.scale);
			value_plain(v, out);
		}
		buf_byte(out, '\n');
	}
	return OK;
}

static int copy_batch(void *self, struct batch *b, struct error *e)
{
	struct batch *to = self;
	(void)e;
	for (uint32_t row = 0; row < b->rows; row++) {
		struct field fields[16];
		const struct shape *s = batch_shape(b, row);
		for (uint32_t c = 0; c < s->count; c++) {
			const struct column *column = &b->columns[s->columns[c]];
			fields[c] = (struct field){mem_copy(column->name, column->name_len), column_get(column, row)};
		}
		CHECK(batch_add_row(to, fields, s->count));
		batch_meta(to, META_TIME)[to->rows - 1] = column_get(&b->meta[META_TIME], row);
		for (uint32_t c = 0; c < s->count; c++)
			free((char *)fields[c].name);
	}
	return OK;
}

/* What partial results come to: their bytes may differ, as those of a set of hashes do by the order they came in. */
struct merged {
	const struct plan *plan;
	struct buf *out;
};

static int note_merged(void *self, struct batch *b, struct error *e)
{
	const struct merged *m = self;
	struct table *t = make_table(m->plan, true, false);
	uint32_t late = 0;
	buf_printf(m->out, "%u partial results\n", b->rows);
	CHECK(!table_load(t, b, &late, e) && !late && !b->reject_count);
	CHECK(!table_close(t, TIMESTAMP_MAX, note, m->out, e));
	CHECK(!table_result(t, note, m->out, e));
	table_free(t);
	return OK;
}

/* Records become partial results, as a stage before would give them. */
static void to_partials(struct op *op, const struct plan *p)
{
	struct table *t = make_table(p, false, true);
	struct batch out;
	struct error e;
	batch_init(&out);
	set_window(t, p);
	table_feed(t, 0, &op->b);
	CHECK(!table_result(t, copy_batch, &out, &e));
	CHECK(!table_close(t, TIMESTAMP_MAX, copy_batch, &out, &e));
	table_free(t);
	batch_release(&op->b);
	op->b = out;
}

static void run_op(struct table *t, struct op *op, const struct plan *p, struct buf *out)
{
	struct merged merged = {p, out};
	table_emit emit = p->gives_partials ? note_merged : note;
	void *self = p->gives_partials ? (void *)&merged : out;
	struct error e;
	uint32_t late = 0;
	struct batch b;
	switch (op->kind) {
	case FEED:
		batch_init(&b);
		copy_batch(&b, &op->b, &e);
		for (uint32_t row = 0; row < b.rows && !p->takes_partials; row++) {
			batch_meta(&b, META_SHARD)[row] = column_get(&op->b.meta[META_SHARD], row);
			batch_meta(&b, META_SEQ)[row] = column_get(&op->b.meta[META_SEQ], row);
		}
		if (p->takes_partials)
			CHECK(!table_load(t, &b, &late, &e));
		else
			late = table_feed(t, 0, &b);
		buf_printf(out, "late %u rejected %u\n", late, b.reject_count);
		CHECK(!table_shrink(t, &b, emit, self, &e));
		batch_release(&b);
		return;
	case CLOSE: CHECK(!table_close(t, op->watermark, emit, self, &e)); return;
	case UPDATE: CHECK(!table_result(t, emit, self, &e)); return;
	}
}

/* -- snapshots -- */

struct kept {
	struct batch b;
	bool whole;
	int op;     /* the next one */
	size_t out; /* what had been given */
};

static void save(struct table *t, struct kept *k, bool changes, int op, const struct buf *out)
{
	struct error e;
	*k = (struct kept){.whole = !changes, .op = op, .out = out->len};
	batch_init(&k->b);
	CHECK(!table_snapshot(t, changes, copy_batch, &k->b, &e));
}

static uint64_t restores, restored_runs;

static struct table *restore(const struct plan *p, struct kept *kept, int count)
{
	struct table *t = make_table(p, p->takes_partials, p->gives_partials);
	struct error e;
	bool whole = false;
	for (int i = count; i-- > 0 && !whole;) {
		CHECK(!table_restore(t, &kept[i].b, &e));
		whole = kept[i].whole;
	}
	CHECK(!table_restore(t, NULL, &e));
	if (!p->takes_partials)
		set_window(t, p);
	restores++;
	for (uint32_t i = 0; i < t->pane_count; i++)
		restored_runs += t->panes[i]->run_count;
	return t;
}

/* Goes through all of it with deaths in between. */
static void disturbed(const struct plan *p, struct op *ops, const bool *barrier, struct buf *out)
{
	static struct kept kept[SNAPSHOTS_MAX + 1];
	struct table *t = make_table(p, p->takes_partials, p->gives_partials);
	int count = 0;
	bool first = true;
	if (!p->takes_partials)
		set_window(t, p);
	for (int i = 0; i < OPS; i++) {
		run_op(t, &ops[i], p, out);
		if (barrier[i]) {
			while (count && kept[count - 1].op > i)
				batch_release(&kept[--count].b);
			save(t, &kept[count++], !first && draw(3), i + 1, out);
			first = false;
		}
		if (!count || draw(12))
			continue;
		table_free(t);
		t = restore(p, kept, count);
		first = true;
		i = kept[count - 1].op - 1;
		out->len = kept[count - 1].out;
	}
	while (count)
		batch_release(&kept[--count].b);
	table_free(t);
}

static void undisturbed(const struct plan *p, struct op *ops, struct buf *out)
{
	struct table *t = make_table(p, p->takes_partials, p->gives_partials);
	if (!p->takes_partials)
		set_window(t, p);
	for (int i = 0; i < OPS; i++)
		run_op(t, &ops[i], p, out);
	table_free(t);
}

/* -- plans -- */

static void draw_ops(const struct plan *p, struct op *ops, bool *barrier)
{
	int64_t now = 1000 * HOUR;
	for (int i = 0; i < OPS - 2; i++) {
		ops[i] = (struct op){0};
		barrier[i] = false;
		if (draw(3)) {
			now += (int64_t)draw(10) * MINUTE;
			draw_batch(&ops[i], p, now);
			if (p->takes_partials)
				to_partials(&ops[i], p);
			continue;
		}
		/* A barrier comes directly behind a close: that is how stream-agg has it. */
		ops[i].kind = !p->window && draw(4) == 0 ? UPDATE : CLOSE;
		ops[i].watermark = draw(3) ? now - 20 * MINUTE : TIMESTAMP_MIN;
		barrier[i] = ops[i].kind == CLOSE && draw(2);
	}
	ops[OPS - 2] = (struct op){.kind = CLOSE, .watermark = TIMESTAMP_MAX};
	ops[OPS - 1] = (struct op){.kind = UPDATE};
	barrier[OPS - 2] = barrier[OPS - 1] = false;
}

static void compare(const struct buf *got, const struct buf *want, const struct plan *p)
{
	if (got->len == want->len && !memcmp(got->data, want->data, got->len))
		return;
	size_t at = 0;
	while (at < got->len && at < want->len && got->data[at] == want->data[at])
		at++;
	while (at && want->data[at - 1] != '\n')
		at--;
	printf("window %s lateness %d by %s partials %d %d limited %d call %s\n got: %.300s\nwant: %.300s\n",
	       p->window ? p->window : "none", (int)(p->lateness / MINUTE), p->by, p->takes_partials, p->gives_partials,
	       p->limited, p->calls[0], got->data + at, want->data + at);
	CHECK(!"what was restored differs");
}

static void try_plan(const struct plan *p)
{
	struct op ops[OPS];
	bool barrier[OPS];
	struct buf got = BUF_INIT, want = BUF_INIT;
	draw_ops(p, ops, barrier);
	undisturbed(p, ops, &want);
	disturbed(p, ops, barrier, &got);
	buf_byte(&got, 0);
	buf_byte(&want, 0);
	compare(&got, &want, p);
	for (int i = 0; i < OPS; i++)
		if (ops[i].kind == FEED)
			batch_release(&ops[i].b);
	buf_release(&got);
	buf_release(&want);
}

static const char *const windows[] = {NULL, "10m", "hop 30m 7m", "cumulate 1h 10m", "session 3m", "count 7"};
static const char *const keys[] = {NULL, "k", "k,s", "k,s,y = x + 1"};
static const char *const numbers[] = {"count", "sum(x)", "avg(x)", "var(x)", "rate(x)", NULL};
static const char *const places[] = {"first(x)", "last(s)", "min(x)", "max(k)", "collect(s)", "count(x)", NULL};
static const char *const sets[] = {"median(x)", "distinct(s)", "top(k, 3)", "p99 = quantile(x, 0.99)", NULL};
static const char *const *const calls[] = {numbers, places, sets};

static void test_random(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct plan p = {.window = windows[draw(6)],
				 .by = keys[draw(4)],
				 .calls = calls[draw(3)],
				 .exact = draw(2),
				 .keys = draw(2) ? 8 : 2000};
		bool keyed = p.window && (!strncmp(p.window, "session", 7) || !strncmp(p.window, "count", 5));
		p.lateness = p.window && draw(2) ? 15 * MINUTE : 0;
		p.takes_partials = !draw(4);
		p.gives_partials = !draw(4);
		p.limited = !keyed && !p.gives_partials && draw(2);
		try_plan(&p);
	}
}

/* -- what is written -- */

static const struct plan plain = {.by = "k", .calls = numbers};

static void feed_keys(struct table *t, int from, int to)
{
	struct batch b;
	batch_init(&b);
	for (int i = from; i < to; i++) {
		struct field row[] = {{"k", value_int(i)}, {"x", value_int(i)}};
		batch_add_row(&b, row, 2);
		batch_meta(&b, META_TIME)[b.rows - 1] = value_time(i * MINUTE);
	}
	CHECK(!table_feed(t, 0, &b) && !b.reject_count);
	batch_release(&b);
}

/* What a snapshot has of panes and groups. */
static size_t snapshot_bytes(struct table *t, bool changes)
{
	struct kept k;
	struct buf nothing = BUF_INIT;
	size_t bytes = 0;
	save(t, &k, changes, 0, &nothing);
	for (uint32_t row = 0; row < k.b.rows; row++)
		bytes += batch_get(&k.b, row, "state").len;
	batch_release(&k.b);
	return bytes;
}

static void test_size(void)
{
	struct table *t = make_table(&plain, false, false);
	feed_keys(t, 0, 10000);
	size_t whole = snapshot_bytes(t, true); /* the first one is */
	CHECK(whole > 10000 * 10);
	CHECK(snapshot_bytes(t, true) == 0);
	feed_keys(t, 500, 501);
	feed_keys(t, 900, 902);
	feed_keys(t, 10000, 10001);
	size_t four = snapshot_bytes(t, true);
	CHECK(four > 4 * 10 && four < 4 * whole / 10000 + 100);
	CHECK(snapshot_bytes(t, true) == 0);
	CHECK(snapshot_bytes(t, false) > whole);
	table_free(t);

	/* Of sessions, those that records came to; those that are over are a few bytes. */
	struct plan sessions = {.window = "session 1m", .by = "k", .calls = numbers};
	struct buf out = BUF_INIT;
	struct error e;
	t = make_table(&sessions, false, false);
	set_window(t, &sessions);
	feed_keys(t, 0, 10000);
	whole = snapshot_bytes(t, false);
	CHECK(!table_close(t, 100 * MINUTE, note, &out, &e));
	feed_keys(t, 5000, 5001);
	size_t changes = snapshot_bytes(t, true);
	CHECK(changes >= 100 * 2 && changes < 100 * 4 + 2 * whole / 10000);
	buf_release(&out);
	table_free(t);
}

/* A window that is said again leaves what is open as it is. */
static void test_said_again(void)
{
	struct plan sessions = {.window = "session 2m", .by = "k", .calls = numbers};
	struct table *t[2];
	struct buf out[2] = {BUF_INIT, BUF_INIT};
	struct error e;
	for (int i = 0; i < 2; i++) {
		t[i] = make_table(&sessions, false, false);
		set_window(t[i], &sessions);
		feed_keys(t[i], 0, 40);
		if (i)
			set_window(t[i], &sessions);
		feed_keys(t[i], 39, 80);
		CHECK(!table_close(t[i], TIMESTAMP_MAX, note, &out[i], &e));
		table_free(t[i]);
	}
	CHECK(out[0].len == out[1].len && !memcmp(out[0].data, out[1].data, out[0].len));
	buf_release(&out[0]);
	buf_release(&out[1]);
}

/* -- what is refused -- */

static void test_refused(void)
{
	struct plan window = {.window = "10m", .by = "k", .calls = numbers};
	struct plan other = {.by = "k", .calls = sets};
	struct plan hop = {.window = "hop 10m 5m"};
	struct table *t = make_table(&window, false, false), *into;
	struct kept k;
	struct buf nothing = BUF_INIT;
	struct error e;
	set_window(t, &window);
	feed_keys(t, 0, 30);
	save(t, &k, false, 0, &nothing);
	set_window(t, &window); /* said again */
	struct window_spec spec;
	CHECK(!window_parse(&hop.window, 1, &spec, &e));
	CHECK(table_window(t, &spec, &e) == ERR_USAGE && strstr(e.text, "those of `tumble 10m` are still open"));
	table_free(t);

	into = make_table(&other, false, false);
	CHECK(table_restore(into, &k.b, &e) == ERR_USAGE);
	table_free(into);

	/* Damage of any kind is an error, or goes unseen, and never more than that. */
	struct value whole = batch_get(&k.b, 1, "state");
	for (uint32_t len = 0; len < whole.len; len++) {
		struct batch b;
		char *bytes = mem_copy(whole.s, whole.len);
		bytes[draw(whole.len)] ^= (char)(1 << draw(8));
		struct field row = {"state", value_text(TYPE_BYTES, bytes, draw(2) ? len : whole.len)};
		into = make_table(&window, false, false);
		batch_init(&b);
		batch_add_row(&b, &row, 1);
		CHECK(table_restore(into, &b, &e) == ERR_FAILED); /* without its head */
		batch_release(&b);
		batch_init(&b);
		copy_batch(&b, &k.b, &e);
		b.columns[batch_find(&b, "state", 5)].values[1] = row.value;
		int code = table_restore(into, &b, &e);
		CHECK(!code || code == ERR_FAILED);
		if (!code)
			CHECK(!table_restore(into, NULL, &e));
		batch_release(&b);
		table_free(into);
		free(bytes);
	}
	batch_release(&k.b);
}

int main(int argc, char **argv)
{
	test_size();
	test_said_again();
	test_refused();
	if (argc > 1)
		state = strtoull(argv[1], NULL, 10) * 2 + 1;
	test_random(argc > 2 ? atoi(argv[2]) : test_repeat(100));
	CHECK(restores > 100 && restored_runs > 100);
	return test_done();
}
