/* Tables of aggregates: golden results, and the same results whatever the order, the batches, the forms of columns and
 * the parts. */
#include "agg/table.h"

#include <stdlib.h>

#include "agg/agg.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "test.h"

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* -- records in, lines out -- */

enum { FIELDS = 3 };

struct record {
	struct value time, shard, seq;
	struct value field[FIELDS];
};

static const char *const field_names[FIELDS] = {"k", "x", "s"};

static void add_record(struct batch *b, const struct record *r)
{
	uint16_t columns[FIELDS];
	uint32_t count = 0;
	for (int f = 0; f < FIELDS; f++)
		if (r->field[f].type != TYPE_ABSENT)
			columns[count++] = (uint16_t)batch_column(b, field_names[f], 1);
	int shape = batch_shape_of(b, columns, count);
	uint32_t row = batch_begin(b);
	for (int f = 0; f < FIELDS; f++)
		if (r->field[f].type != TYPE_ABSENT)
			b->columns[batch_find(b, field_names[f], 1)].values[row] = r->field[f];
	batch_meta(b, META_TIME)[row] = r->time;
	batch_meta(b, META_SHARD)[row] = r->shard;
	batch_meta(b, META_SEQ)[row] = r->seq;
	batch_end(b, (uint32_t)shape, 0);
}

/* One line per row, `name=text` for each field; rows must be in the order that `sorted` says. */
static int collect(void *self, struct batch *b, struct error *e)
{
	struct buf *out = self;
	(void)e;
	CHECK(b->rows <= BATCH_ROWS);
	for (uint32_t row = 0; row < b->rows; row++) {
		const struct shape *s = batch_shape(b, row);
		int order = -1;
		for (uint32_t i = 0; row && i < b->sorted && order < 0; i++) {
			const struct column *c = &b->columns[s->columns[i]];
			int step = value_compare(column_get(c, row - 1), column_get(c, row));
			CHECK(step <= 0);
			order = step < 0;
			if (step < 0)
				break;
		}
		const char *gap = "";
		for (uint32_t i = 0; i < s->count; i++) {
			const struct column *c = &b->columns[s->columns[i]];
			struct value v = column_get(c, row);
			if (v.type == TYPE_ABSENT)
				continue;
			buf_printf(out, "%s%.*s=", gap, (int)c->name_len, c->name);
			gap = " ";
			if (v.type == TYPE_NULL)
				buf_string_append(out, "null");
			value_plain(v, out);
		}
		buf_byte(out, '\n');
	}
	return OK;
}

static struct table *open_table(const char *by, const char *const *calls, const char *window)
{
	struct table *t = NULL;
	struct error e;
	size_t count = 0;
	while (calls[count])
		count++;
	CHECK(!table_new(&by, by != NULL, calls, count, false, &t, &e));
	if (window) {
		struct window_spec s;
		CHECK(!window_parse(&window, 1, &s, &e));
		static const char *const keys[] = {"k"};
		if (s.kind == WINDOW_SESSION || s.kind == WINDOW_COUNT) {
			s.by = keys;
			s.by_count = 1;
		}
		CHECK(!table_window(t, &s, &e));
	}
	return t;
}

static uint32_t feed(struct table *t, const struct record *r, size_t count, size_t step)
{
	uint32_t rejects = 0;
	struct batch b;
	batch_init(&b);
	for (size_t from = 0; from < count; from += step) {
		for (size_t i = from; i < count && i < from + step; i++)
			add_record(&b, &r[i]);
		CHECK(table_feed(t, 0, &b) == 0);
		rejects += b.reject_count;
		batch_clear(&b);
	}
	batch_release(&b);
	return rejects;
}

static void close_table(struct table *t, int64_t watermark, struct buf *out)
{
	struct error e;
	CHECK(!table_close(t, watermark, collect, out, &e));
	if (watermark == TIMESTAMP_MAX)
		CHECK(!table_result(t, collect, out, &e));
}

static void check_text(struct buf *got, const char *want, int line)
{
	if (strcmp(buf_string(got), want))
		fprintf(stderr, "from line %d:\n", line);
	CHECK_TEXT(got->data, got->len, want);
	buf_clear(got);
}

static struct value number(const char *text)
{
	struct value v;
	number_read(text, text + strlen(text), &v);
	return v;
}

/* -- the bids of Flink's documentation -- */

static struct record bid(int minute, const char *price, const char *item)
{
	return (struct record){.time = value_time(8 * HOUR + minute * MINUTE),
			       .field = {value_string(item, 1), number(price)}};
}

static void run_bids(const char *window, int64_t offset, const char *want, int line)
{
	static const char *const calls[] = {"sum(x)", NULL};
	const struct record bids[] = {bid(5, "4.00", "C"),  bid(7, "2.00", "A"),  bid(9, "5.00", "D"),
				      bid(11, "3.00", "B"), bid(13, "1.00", "E"), bid(17, "6.00", "F")};
	/* All at the end, or each as soon as it can be; in one batch or by record. */
	for (int live = 0; live < 2; live++) {
		struct buf out = BUF_INIT, text = BUF_INIT;
		struct table *t = open_table(NULL, calls, NULL);
		struct window_spec s;
		struct error e;
		CHECK(!window_parse(&window, 1, &s, &e));
		s.offset = offset;
		CHECK(!table_window(t, &s, &e));
		for (size_t i = 0; live && i < 6; i++) {
			feed(t, &bids[i], 1, 1);
			close_table(t, bids[i].time.i, &out);
		}
		if (!live)
			feed(t, bids, 6, 6);
		close_table(t, TIMESTAMP_MAX, &out);
		/* `window_start=1970-01-01T08:00:00Z ...` shortened to `08:00 08:10 11.00` */
		for (const char *p = buf_string(&out), *end; (end = strchr(p, '\n')); p = end + 1)
			buf_printf(&text, "%.5s %.5s %.*s\n", strstr(p, "start=") + 17, strstr(p, "end=") + 15,
				   (int)(end - strstr(p, "sum_x=") - 6), strstr(p, "sum_x=") + 6);
		check_text(&text, want, line);
		buf_release(&text);
		buf_release(&out);
		table_free(t);
	}
}

static void test_golden(void)
{
	run_bids("10m", 0, "08:00 08:10 11.00\n08:10 08:20 10.00\n", __LINE__);
	run_bids("hop 10m 5m", 0, "08:00 08:10 11.00\n08:05 08:15 15.00\n08:10 08:20 10.00\n08:15 08:25 6.00\n",
		 __LINE__);
	run_bids("cumulate 10m 2m", 0,
		 "08:00 08:06 4.00\n08:00 08:08 6.00\n08:00 08:10 11.00\n08:10 08:12 3.00\n08:10 08:14 4.00\n"
		 "08:10 08:16 4.00\n08:10 08:18 10.00\n08:10 08:20 10.00\n",
		 __LINE__);
	run_bids("10m", MINUTE, "08:01 08:11 11.00\n08:11 08:21 10.00\n", __LINE__);
	run_bids("session 2m", 0, "08:05 08:15 15.00\n08:17 08:19 6.00\n", __LINE__);
	run_bids("session 119s", 0,
		 "08:05 08:06 4.00\n08:07 08:08 2.00\n08:09 08:10 5.00\n08:11 08:12 3.00\n08:13 08:14 1.00\n"
		 "08:17 08:18 6.00\n",
		 __LINE__);
	run_bids("count 2", 0, "08:05 08:07 6.00\n08:09 08:11 8.00\n08:13 08:17 7.00\n", __LINE__);
	run_bids("count 4", 0, "08:05 08:11 14.00\n", __LINE__);
}

/* -- each function -- */

static void test_functions(void)
{
	static const char *const calls[] = {"count",
					    "count(x)",
					    "sum(x)",
					    "avg(x)",
					    "min(x)",
					    "max(x)",
					    "first(s)",
					    "last(s)",
					    "var(x)",
					    "stddev(x)",
					    "median(x)",
					    "p99(x)",
					    "quantile(x, 0.25)",
					    "distinct(x)",
					    "top(s, 2)",
					    "n = rate()",
					    "r = rate(x)",
					    "collect(s)",
					    NULL};
	struct record r[6] = {
		{.time = value_time(4 * SECOND), .field = {value_int(1), number("1.10"), value_string("b", 1)}},
		{.time = value_time(2 * SECOND), .field = {value_int(1), number("2.20"), value_string("a", 1)}},
		{.time = value_time(2 * SECOND),
		 .seq = value_int(1),
		 .field = {value_int(1), number("10"), value_string("c", 1)}},
		{.time = value_time(1 * SECOND), .field = {value_int(1), value_null(), value_null()}},
		{.time = value_time(3 * SECOND), .field = {value_int(1), value_absent(), value_string("a", 1)}},
		{.time = value_time(6 * SECOND), .field = {value_int(2), value_null(), value_null()}},
	};
	struct buf out = BUF_INIT;
	struct table *t = open_table("k", calls, NULL);
	CHECK(feed(t, r, 6, 2) == 0);
	const char *want = "k=1 count=5 count_x=3 sum_x=13.30 avg_x=4.433333333333334 min_x=1.10 max_x=10 first_s=a "
			   "last_s=b "
			   "var_x=23.543333333333333 stddev_x=4.852147",
		   *rest = " median_x=2.20 p99_x=10 quantile_x_0_25=1.10 distinct_x=3 "
			   "top_s_2=[{\"value\":\"a\",\"count\":2},{\"value\":\"b\",\"count\":1}] n=1 r=2.66 "
			   "collect_s=[\"a\",\"c\",\"a\",\"b\"]\n"
			   "k=2 count=1 count_x=0 sum_x=0 avg_x=null min_x=null max_x=null first_s=null last_s=null "
			   "var_x=null "
			   "stddev_x=null median_x=null p99_x=null quantile_x_0_25=null distinct_x=0 top_s_2=null "
			   "n=0.2 r=0 "
			   "collect_s=null\n";
	close_table(t, TIMESTAMP_MAX, &out);
	CHECK_TEXT(out.data, strlen(want), want);
	const char *median = strstr(buf_string(&out), " median_x");
	CHECK(median != NULL);
	if (median)
		CHECK_TEXT(median, strlen(median), rest);
	/* Once more: nothing was used up. */
	struct buf again = BUF_INIT;
	close_table(t, TIMESTAMP_MAX, &again);
	check_text(&again, buf_string(&out), __LINE__);
	buf_release(&again);
	buf_release(&out);
	table_free(t);
}

static void test_nothing(void)
{
	static const char *const calls[] = {"count", "sum(x)", "avg(x)", NULL};
	struct buf out = BUF_INIT;
	struct table *t = open_table(NULL, calls, NULL);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out, "count=0 sum_x=0 avg_x=null\n", __LINE__);
	table_free(t);
	t = open_table("k", calls, NULL);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out, "", __LINE__);
	table_free(t);
	t = open_table(NULL, calls, "1m");
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out, "", __LINE__);
	table_free(t);
	buf_release(&out);
}

/* A median of one 4 is 4; texts of mins and keys are as they came, and equal keys are one. */
static void test_values_survive(void)
{
	static const char *const calls[] = {"median(x)", "min(x)", "max(s)", "sum(x)", NULL};
	const struct record r[] = {
		{.field = {number("1.0"), number("4"), value_string("0870", 4)}},
		{.field = {number("1e0"), value_null(), value_int(870)}},
		{.field = {value_null(), number("9007199254740993")}},
		{.field = {value_absent(), number("1E5")}},
		{.field = {value_null(), number("9223372036854775807")}},
	};
	struct buf out = BUF_INIT;
	struct table *t = open_table("k", calls, NULL);
	CHECK(feed(t, r, 5, 2) == 0);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out,
		   "median_x=1E5 min_x=1E5 max_s=null sum_x=100000\n"
		   "k=null median_x=9007199254740993 min_x=9007199254740993 max_s=null sum_x=9232379236109516800\n"
		   "k=1.0 median_x=4 min_x=4 max_s=0870 sum_x=4\n",
		   __LINE__);
	buf_release(&out);
	table_free(t);
}

/* A record that can't be added up touches nothing: not the count, not a session. */
static void test_rejects(void)
{
	static const char *const calls[] = {"count", "sum(x)", "max(s)", NULL};
	struct record r[] = {
		{.time = value_time(1), .field = {value_int(1), value_int(5), value_string("a", 1)}},
		{.time = value_time(2), .field = {value_int(1), value_string("5", 1), value_string("z", 1)}},
		{.time = value_time(3), .field = {value_int(2), number("1e400"), value_string("z", 1)}},
		{.time = value_time(4), .field = {value_int(2), value_bool(true), value_string("z", 1)}},
		{.field = {value_int(1), value_int(7), value_string("b", 1)}},
	};
	struct buf out = BUF_INIT;
	for (size_t step = 1; step <= 5; step += 4) {
		struct table *t = open_table("k", calls, NULL);
		CHECK(feed(t, r, 5, step) == 3);
		close_table(t, TIMESTAMP_MAX, &out);
		check_text(&out, "k=1 count=2 sum_x=12 max_s=b\n", __LINE__);
		table_free(t);
		t = open_table("k", calls, "session 10ns");
		CHECK(feed(t, r, 5, step) == 4);
		close_table(t, 10, &out);
		check_text(&out, "", __LINE__);
		close_table(t, 11, &out);
		check_text(&out,
			   "window_start=1970-01-01T00:00:00.000000001Z window_end=1970-01-01T00:00:00.000000011Z k=1 "
			   "count=1 "
			   "sum_x=5 max_s=a\n",
			   __LINE__);
		table_free(t);
	}
	buf_release(&out);
}

static void test_errors(void)
{
	static const char *const bad[] = {"sum",         "sum(x, x)",      "p0(x)",          "p100(x)",
					  "quantile(x)", "quantile(x, 2)", "quantile(x, s)", "top(x, 0)",
					  "top(x, 1.5)", "median()"};
	struct error e;
	struct table *t;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(table_new(NULL, 0, &bad[i], 1, false, &t, &e) == ERR_USAGE);
		CHECK(strlen(e.text) > 10 && !strchr(e.text, '\n'));
	}
	const char *twice[] = {"sum(x)", "sum_x = avg(x)"}, *by[] = {"k,k"}, *empty[] = {"k,"};
	CHECK(table_new(NULL, 0, twice, 2, false, &t, &e) == ERR_USAGE);
	CHECK(table_new(by, 1, NULL, 0, false, &t, &e) == ERR_USAGE);
	CHECK(table_new(empty, 1, NULL, 0, false, &t, &e) == ERR_USAGE);
	const char *names[] = {"p50", "p999", "count", "top"}, *others[] = {"p", "path", "pp9", "counts", ""};
	for (size_t i = 0; i < 4; i++)
		CHECK(agg_is_function(names[i], strlen(names[i])));
	for (size_t i = 0; i < 5; i++)
		CHECK(!agg_is_function(others[i], strlen(others[i])));
}

/* -- the same answer -- */

enum { RECORDS = 4000 };

static const char *const all_calls[] = {"count",    "count(x)",  "sum(x)",     "avg(x)",    "min(x)", "max(s)",
					"first(s)", "last(x)",   "var(x)",     "median(x)", "p99(x)", "distinct(s)",
					"rate(x)",  "top(s, 3)", "collect(x)", NULL};

static void random_records(struct record *r, size_t count, struct arena *a)
{
	for (size_t i = 0; i < count; i++) {
		static const char *const shards[] = {"0", "1", "2"};
		char *text = arena_printf(a, "/%d", (int)(draw() % 50));
		struct value x = draw() % 10 ? value_decimal((int64_t)(draw() % 100000), (unsigned)(draw() % 4))
					     : value_float((double)(draw() % 1000) / 7);
		r[i] = (struct record){
			.time = value_time((int64_t)i * 10 * MILLISECOND - (int64_t)(draw() % (500 * MILLISECOND))),
			.shard = value_string(shards[draw() % 3], 1),
			.seq = value_int((int64_t)i),
			.field = {value_int((int64_t)(draw() % 6)), draw() % 20 ? x : value_null(),
				  value_string(text, strlen(text))},
		};
	}
}

static void shuffle(struct record *r, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = draw() % i;
		struct record swap = r[i - 1];
		r[i - 1] = r[j];
		r[j] = swap;
	}
}

/* In order or shuffled, in batches of any size: one result. */
static void test_same(void)
{
	static const char *const windows[] = {NULL, "5s", "hop 7s 3s", "hop 6s 2s", "cumulate 8s 2s", "session 60ms"};
	static struct record r[RECORDS];
	struct arena a = {0};
	random_records(r, RECORDS, &a);
	for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
		struct buf want = BUF_INIT, got = BUF_INIT;
		const size_t steps[] = {RECORDS, 1, 100, RECORDS, 333};
		for (size_t i = 0; i < 5; i++) {
			struct table *t = open_table("k", all_calls, windows[w]);
			CHECK(feed(t, r, RECORDS, steps[i]) == 0);
			close_table(t, TIMESTAMP_MAX, i ? &got : &want);
			if (i)
				check_text(&got, buf_string(&want), __LINE__);
			table_free(t);
			if (i >= 2)
				shuffle(r, RECORDS);
		}
		CHECK(want.len > 1000);
		buf_release(&want);
		buf_release(&got);
	}
	arena_release(&a);
}

/* Closing windows as time passes gives the same as closing all at the end; nothing is left over. */
static void test_live(void)
{
	static const char *const windows[] = {"5s", "hop 7s 3s", "cumulate 8s 2s", "session 60ms"};
	static struct record r[RECORDS];
	struct arena a = {0};
	random_records(r, RECORDS, &a);
	for (size_t w = 0; w < 4; w++) {
		struct buf want = BUF_INIT, got = BUF_INIT;
		struct table *t = open_table("k", all_calls, windows[w]);
		feed(t, r, RECORDS, RECORDS);
		close_table(t, TIMESTAMP_MAX, &want);
		table_free(t);
		t = open_table("k", all_calls, windows[w]);
		size_t most = 0;
		for (size_t i = 0; i < RECORDS; i += 50) {
			feed(t, r + i, 50, 50);
			close_table(t, (int64_t)(i + 50) * 10 * MILLISECOND - 510 * MILLISECOND, &got);
			most = table_memory(t) > most ? table_memory(t) : most;
		}
		close_table(t, TIMESTAMP_MAX, &got);
		check_text(&got, buf_string(&want), __LINE__);
		CHECK(table_memory(t) < most / 4);
		table_free(t);
		buf_release(&want);
		buf_release(&got);
	}
	arena_release(&a);
}

/* Parts aggregated apart and merged are one. */
static void test_merge(void)
{
	enum { PARTS = 7 };
	struct arena a = {0};
	static struct record r[RECORDS];
	random_records(r, RECORDS, &a);
	for (int s = 0; s < AGG_STATE_COUNT; s++) {
		struct agg *whole = agg_new((enum agg_state)s, false), *merged = agg_new((enum agg_state)s, false);
		for (size_t part = 0; part <= PARTS; part++) {
			struct agg *one = part < PARTS ? agg_new((enum agg_state)s, false) : whole;
			for (size_t i = part % PARTS; i < RECORDS; i += part < PARTS ? PARTS : 1) {
				uint32_t group = (uint32_t)(r[i].field[0].i % 3);
				struct column shard = column_const(r[i].shard), seq = column_const(r[i].seq);
				struct agg_rows rows = {.count = 1,
							.groups = &group,
							.in = {.values = &r[i].field[1]},
							.times = &r[i].time.i,
							.shard = &shard,
							.seq = &seq};
				agg_update(one, &rows, 3);
			}
			if (part == PARTS)
				break;
			const uint32_t map[] = {0, 1, 2};
			agg_merge(merged, one, map, 3, 3);
			agg_free(one);
		}
		static const enum function functions[] = {CALL_COUNT,    CALL_COUNT,    CALL_SUM,   CALL_VAR,
							  CALL_MIN,      CALL_MAX,      CALL_FIRST, CALL_LAST,
							  CALL_QUANTILE, CALL_DISTINCT, CALL_TOP,   CALL_COLLECT};
		struct call c = {.function = functions[s], .has_argument = true, .q = {9, 1}, .n = 5};
		for (uint32_t g = 0; g < 3; g++) {
			struct value x = agg_result(whole, &c, g, SECOND, &a),
				     y = agg_result(merged, &c, g, SECOND, &a);
			CHECK(x.type != TYPE_NULL && value_equal(x, y) && x.scale == y.scale);
		}
		agg_free(whole);
		agg_free(merged);
	}
	arena_release(&a);
}

/* Dense columns and selected rows mean what the same values mean. */
static void test_forms(void)
{
	static const char *const calls[] = {"sum(x)", "median(x)", "min(x)", "avg(x)", "distinct(x)", NULL};
	enum { ROWS = 2000 };
	static int16_t ints[ROWS];
	static uint8_t codes[ROWS];
	static uint32_t sel[ROWS];
	struct value dict[100];
	uint32_t count = 0;
	char texts[100][8];
	for (int i = 0; i < 100; i++)
		dict[i] = value_string(texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "/%d", i));
	struct column k = {
		.form = COLUMN_DICT, .width = 1, .ints = codes, .dict = dict, .dict_size = 100, .dict_id = 1};
	struct column x = {.form = COLUMN_INT, .type = TYPE_INT, .width = 2, .scale = 2, .bias = -9000, .ints = ints};
	struct batch dense, plain;
	struct buf want = BUF_INIT, got = BUF_INIT;
	batch_init(&dense);
	batch_init(&plain);
	for (uint32_t i = 0; i < ROWS; i++) {
		ints[i] = (int16_t)(draw() % 20000);
		codes[i] = (uint8_t)(draw() % 100);
		if (draw() % 4)
			sel[count++] = i;
	}
	for (uint32_t i = 0; i < ROWS; i++)
		batch_end(&dense, (batch_begin(&dense), (uint32_t)batch_shape_of(&dense, NULL, 0)), 0);
	batch_set(&dense, "k", 1, k);
	batch_set(&dense, "x", 1, x);
	batch_select(&dense, sel, count);
	CHECK(batch_append(&plain, &dense, 0) == count);
	struct table *t = open_table("k", calls, NULL), *u = open_table("k", calls, NULL);
	table_feed(t, 0, &dense);
	table_feed(u, 0, &plain);
	close_table(t, TIMESTAMP_MAX, &got);
	close_table(u, TIMESTAMP_MAX, &want);
	check_text(&got, buf_string(&want), __LINE__);
	table_free(t);
	table_free(u);
	batch_release(&dense);
	batch_release(&plain);
	buf_release(&got);
	buf_release(&want);
}

/* With lateness, a closed window takes corrections and comes out again, whole; then it is gone. */
static void test_lateness(void)
{
	const char *calls[] = {"sum(x)"}, *window = "10ns";
	struct window_spec s;
	struct error e;
	struct table *t;
	struct buf out = BUF_INIT;
	struct batch b;
	struct record r = {.time = value_time(5), .field = {value_null(), value_int(1)}};
	CHECK(!window_parse(&window, 1, &s, &e) && !table_new(NULL, 0, calls, 1, false, &t, &e));
	s.lateness = 20;
	CHECK(!table_window(t, &s, &e));
	feed(t, &r, 1, 1);
	close_table(t, 12, &out);
	CHECK(strstr(buf_string(&out), "sum_x=1\n"));
	buf_clear(&out);
	close_table(t, 13, &out);
	check_text(&out, "", __LINE__);
	r.field[1] = value_int(2);
	feed(t, &r, 1, 1);
	close_table(t, 14, &out);
	CHECK(strstr(buf_string(&out), "sum_x=3\n"));
	buf_clear(&out);
	close_table(t, 30, &out);
	check_text(&out, "", __LINE__);
	batch_init(&b);
	add_record(&b, &r);
	CHECK(table_feed(t, 0, &b) == 1);
	batch_release(&b);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out, "", __LINE__);
	buf_release(&out);
	table_free(t);
}

/* A session that came out already grows while lateness lasts, and comes out again when it is over again. */
static void test_late_session(void)
{
	const char *calls[] = {"sum(x)"}, *window = "session 10ns", *keys[] = {"k"};
	struct window_spec s;
	struct error e;
	struct table *t;
	struct buf out = BUF_INIT;
	struct record r = {.time = value_time(5), .field = {value_int(1), value_int(1)}};
	CHECK(!window_parse(&window, 1, &s, &e) && !table_new(NULL, 0, calls, 1, false, &t, &e));
	s.lateness = 20;
	s.by = keys;
	s.by_count = 1;
	CHECK(!table_window(t, &s, &e));
	feed(t, &r, 1, 1);
	close_table(t, 16, &out);
	CHECK(strstr(buf_string(&out), "sum_x=1\n"));
	buf_clear(&out);
	r = (struct record){.time = value_time(12), .field = {value_int(1), value_int(2)}};
	feed(t, &r, 1, 1);
	close_table(t, 21, &out);
	check_text(&out, "", __LINE__);
	close_table(t, 22, &out);
	check_text(&out,
		   "window_start=1970-01-01T00:00:00.000000005Z window_end=1970-01-01T00:00:00.000000022Z sum_x=3\n",
		   __LINE__);
	size_t open = table_memory(t);
	close_table(t, 42, &out);
	CHECK(table_memory(t) < open);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out, "", __LINE__);
	buf_release(&out);
	table_free(t);
}

/* Keys and arguments that are computed, of rows that are selected; a row that can't be computed touches nothing. */
static void test_expressions(void)
{
	const char *by[] = {"h = x // 10, s", "odd = x % 2 == 1"};
	const char *calls[] = {"n = count", "twice = sum(x * 2)", "max(x / (x - 13))"};
	struct table *t;
	struct error e;
	struct batch b;
	struct buf out = BUF_INIT;
	const char *const *fields;
	uint32_t sel[10], count = 0;
	CHECK(!table_new(by, 2, calls, 3, false, &t, &e));
	CHECK(table_fields(t, &fields) == 2 && !strcmp(fields[0], "x") && !strcmp(fields[1], "s"));
	batch_init(&b);
	for (int i = 0; i < 10; i++) {
		struct record r = {.field = {[1] = value_int(i + 8), [2] = value_string("a,b", 3)}};
		add_record(&b, &r);
		if (i % 4)
			sel[count++] = (uint32_t)i;
	}
	batch_select(&b, sel, count);
	CHECK(table_feed(t, 0, &b) == 0);
	/* 9 10 11 13 14 15 17 were selected, and 13 divides by nothing. */
	CHECK(b.reject_count == 1 && b.rejects[0].row == 5);
	close_table(t, TIMESTAMP_MAX, &out);
	check_text(&out,
		   "h=0 s=a,b odd=true n=1 twice=18 max_x_x_13=-2.25\n"
		   "h=1 s=a,b odd=false n=2 twice=48 max_x_x_13=14\n"
		   "h=1 s=a,b odd=true n=3 twice=86 max_x_x_13=7.5\n",
		   __LINE__);
	batch_release(&b);
	buf_release(&out);
	table_free(t);
}

/* More groups than a batch holds rows. */
static void test_many_groups(void)
{
	enum { GROUPS = 40000 };
	const char *by[] = {"s,k"}, *calls[] = {"count"};
	struct table *t;
	struct error e;
	struct buf out = BUF_INIT;
	struct record *r = mem_zero(GROUPS * sizeof *r);
	for (int i = 0; i < GROUPS; i++)
		r[i].field[0] = value_int(GROUPS - i);
	CHECK(!table_new(by, 1, calls, 1, false, &t, &e));
	feed(t, r, GROUPS, 5000);
	feed(t, r, GROUPS, 9999);
	close_table(t, TIMESTAMP_MAX, &out);
	size_t lines = 0;
	for (const char *p = buf_string(&out); (p = strchr(p, '\n')); p++)
		lines++;
	CHECK(lines == GROUPS);
	CHECK(!strncmp(out.data, "k=1 count=2\nk=2 count=2\n", 24));
	free(r);
	buf_release(&out);
	table_free(t);
}

/* Keys of sessions that are over are forgotten. */
static void test_session_keys(void)
{
	static const char *const calls[] = {"count", NULL};
	struct table *t = open_table("k", calls, "session 10ns");
	struct buf out = BUF_INIT;
	size_t early = 0;
	for (int round = 0; round < 60; round++) {
		struct record r[1000];
		for (int i = 0; i < 1000; i++)
			r[i] = (struct record){.time = value_time(round * 1000 + i),
					       .field = {value_int(round * 1000 + i)}};
		feed(t, r, 1000, 1000);
		buf_clear(&out);
		close_table(t, (round + 1) * 1000, &out);
		if (round == 20)
			early = table_memory(t);
	}
	CHECK(table_memory(t) < 2 * early);
	buf_release(&out);
	table_free(t);
}

int main(void)
{
	test_golden();
	test_functions();
	test_nothing();
	test_values_survive();
	test_rejects();
	test_errors();
	test_same();
	test_live();
	test_merge();
	test_forms();
	test_lateness();
	test_late_session();
	test_expressions();
	test_many_groups();
	test_session_keys();
	return test_done();
}
