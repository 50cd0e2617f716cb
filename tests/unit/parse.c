#include "pattern/parse.h"

#include "pattern_run.h"

#define SECONDS(n) (INT64_C(n) * 1000000000)

/* -- event time -- */

static int64_t read_as(const char *option, struct value v)
{
	struct event_time t;
	struct error e = {0};
	int64_t ns = 0;
	CHECK(event_time_parse(option, &t, &e) == OK);
	const char *why = event_time_read(&t, v, RUN_NOW, &ns);
	int64_t again = 0;
	CHECK((event_time_read(&t, v, RUN_NOW, &again) == NULL) == !why && (why || again == ns));
	return why ? TIMESTAMP_MIN : ns;
}

static struct value text(const char *s)
{
	return value_string(s, strlen(s));
}

static void test_event_time_read(void)
{
	CHECK(read_as("t", value_time(5)) == 5);
	CHECK(read_as("t", value_int(1700000000)) == SECONDS(1700000000));
	CHECK(read_as("t", value_decimal(17000000001, 1)) == SECONDS(1700000000) + 100000000);
	CHECK(read_as("t", value_int(1700000000123)) == SECONDS(1700000000) + 123000000);
	CHECK(read_as("t", value_int(1700000000123456789)) == 1700000000123456789);
	CHECK(read_as("t", value_float(1.5)) == 1500000000);
	CHECK(read_as("t", value_text(TYPE_NUMBER, "17e8", 4)) == SECONDS(1700000000));
	CHECK(read_as("t", text("2023-11-14T22:13:20Z")) == SECONDS(1700000000));
	CHECK(read_as("t", text("1700000000")) == SECONDS(1700000000));
	CHECK(read_as("t=%Y%m%d", value_int(20231114)) == SECONDS(1699920000));
	CHECK(read_as("t=%d.%m.%Y", text("14.11.2023")) == SECONDS(1699920000));
	CHECK(read_as("t=%b %d", text("Jan 09")) == SECONDS(1767916800));
	CHECK(read_as("t=%s", text("17")) == SECONDS(17));
	CHECK(read_as("t=%d.%m.%Y", value_time(5)) == 5);
	static const char *const bad[] = {"", "-", "yesterday", "2023-11-14T22:13:20Z x", "12 apples"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(read_as("t", text(bad[i])) == TIMESTAMP_MIN);
	CHECK(read_as("t=%d.%m.%Y", text("14.11.2023 ")) == TIMESTAMP_MIN);
	CHECK(read_as("t=%d.%m.%Y", text("1700000000")) == TIMESTAMP_MIN);
	CHECK(read_as("t", value_null()) == TIMESTAMP_MIN);
	CHECK(read_as("t", value_absent()) == TIMESTAMP_MIN);
	CHECK(read_as("t", value_bool(true)) == TIMESTAMP_MIN);
	CHECK(read_as("t", value_int(INT64_C(99999999999))) == TIMESTAMP_MIN);
}

static void test_event_time_option(void)
{
	struct event_time t;
	struct error e = {0};
	CHECK(event_time_parse("ts=%Y=%m", &t, &e) == OK && t.field_len == 2 && !strcmp(t.format, "%Y=%m"));
	CHECK(event_time_parse("", &t, &e) == ERR_USAGE);
	CHECK(event_time_parse("=%Y", &t, &e) == ERR_USAGE);
	CHECK(event_time_parse("ts=", &t, &e) == ERR_USAGE);
	CHECK(event_time_parse("ts=%Q", &t, &e) == ERR_USAGE && strstr(e.text, "%Q"));
}

/* A batch of one column `line`. */
static void fill_lines(struct batch *b, const char *const *lines, size_t count)
{
	batch_clear(b);
	for (size_t i = 0; i < count; i++) {
		uint32_t row = batch_begin(b);
		uint16_t column = (uint16_t)batch_column(b, "line", 4);
		b->columns[column].values[row] = lines[i] ? text(lines[i]) : value_null();
		batch_end(b, (uint32_t)batch_shape_of(b, &column, 1), i + 1);
	}
}

static void check_row(const struct batch *b, uint32_t row, const char *want)
{
	struct buf got = BUF_INIT;
	run_row(b, row, &got);
	CHECK_TEXT(got.len ? got.data : "", got.len, want);
	buf_release(&got);
}

static void test_event_time_batch(void)
{
	static const char *const lines[] = {"2023-11-14", "soon", "2023-11-15", "2023-11-16", NULL};
	struct batch b;
	struct event_time t;
	batch_init(&b);
	fill_lines(&b, lines, 5);
	static const uint32_t sel[] = {0, 1, 3, 4};
	batch_select(&b, sel, 4);
	CHECK(event_time_parse("line", &t, NULL) == OK);
	CHECK(event_time_apply(&t, &b, RUN_NOW) == 2);
	CHECK(batch_count(&b) == 2 && batch_row(&b, 0) == 0 && batch_row(&b, 1) == 3 && b.reject_count == 2);
	check_row(&b, 0, "@2023-11-14T00:00:00Z line='2023-11-14'");
	check_row(&b, 3, "@2023-11-16T00:00:00Z line='2023-11-16'");
	CHECK(b.rejects[0].row == 1 && !strcmp(b.rejects[0].reason, "line `soon` is no time"));
	CHECK(b.rejects[1].row == 4 && !strcmp(b.rejects[1].reason, "line is null"));
	/* A constant column, another field, and a field that there is not. */
	batch_set(&b, "day", 3, column_const(value_int(86400)));
	batch_select(&b, NULL, 0);
	CHECK(event_time_parse("day", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 0);
	CHECK(batch_count(&b) == 5 && column_get(&b.meta[META_TIME], 2).i == SECONDS(86400));
	CHECK(event_time_parse("@time", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 0);
	CHECK(column_get(&b.meta[META_TIME], 2).i == SECONDS(86400));
	CHECK(event_time_parse("doy", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 5);
	CHECK(batch_count(&b) == 0 && !strcmp(b.rejects[6].reason, "doy is not there"));
	batch_release(&b);
}

static void test_event_time_path(void)
{
	static const char *const lines[] = {"x"};
	static const char json[] = "{\"b\":[{\"t\":17},\"1970-01-01T00:00:18Z\"]}";
	struct batch b;
	struct event_time t;
	batch_init(&b);
	fill_lines(&b, lines, 1);
	batch_set(&b, "a", 1, column_const(value_text(TYPE_JSON, json, sizeof json - 1)));
	CHECK(event_time_parse("a.b[0].t", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 0);
	CHECK(column_get(&b.meta[META_TIME], 0).i == SECONDS(17));
	CHECK(event_time_parse("a.b[1]", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 0);
	CHECK(column_get(&b.meta[META_TIME], 0).i == SECONDS(18));
	CHECK(event_time_parse("a.c", &t, NULL) == OK && event_time_apply(&t, &b, RUN_NOW) == 1);
	batch_release(&b);
}

/* -- parsing batches -- */

struct setup {
	struct pattern *patterns[4];
	struct parse parse;
	struct event_time time;
	struct batch from, to;
};

static void setup_open(struct setup *s, const char *first, const char *second, const char *time)
{
	struct pattern_options options = {.timeless = time, .now = RUN_NOW};
	*s = (struct setup){.parse = {.patterns = s->patterns}};
	CHECK(pattern_new(first, &options, &s->patterns[s->parse.count++], NULL) == OK);
	if (second)
		CHECK(pattern_new(second, &options, &s->patterns[s->parse.count++], NULL) == OK);
	if (time) {
		CHECK(event_time_parse(time, &s->time, NULL) == OK);
		s->parse.time = &s->time;
	}
	batch_init(&s->from);
	batch_init(&s->to);
}

static void setup_close(struct setup *s)
{
	for (size_t i = 0; i < s->parse.count; i++)
		pattern_free(s->patterns[i]);
	batch_release(&s->from);
	batch_release(&s->to);
}

static void test_first_match_wins(void)
{
	static const char *const lines[] = {"n=1", "Jan  9 01:02:03 h su: x", "w=y", "???",
					    NULL,  "Jan 32 01:02:03 h su: x"};
	struct setup s;
	uint32_t consumed;
	setup_open(&s, "^(?<k>\\w)=(?<v>.*)", "syslog", NULL);
	fill_lines(&s.from, lines, 6);
	CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 6 && consumed == 0);
	CHECK(s.to.rows == 3 && s.to.lines && s.to.lines[2] == 3);
	check_row(&s.to, 0, "k='n' v='1'");
	check_row(&s.to, 1, "@2026-01-09T01:02:03Z time='Jan  9 01:02:03' host='h' program='su' message='x'");
	check_row(&s.to, 2, "k='w' v='y'");
	CHECK(s.to.reject_count == 3);
	CHECK(s.to.rejects[0].line == 4 && s.to.rejects[0].len == 3 &&
	      !strcmp(s.to.rejects[0].reason, "does not match"));
	CHECK(s.to.rejects[1].line == 5 && strstr(s.to.rejects[1].reason, "but null"));
	CHECK(s.to.rejects[2].line == 6 && strstr(s.to.rejects[2].reason, "is no time"));
	/* From the middle, and a selection. */
	CHECK(parse_batch(&s.parse, &s.from, 2, &s.to, &consumed) == 4 && s.to.rows == 1);
	static const uint32_t sel[] = {0, 2};
	batch_select(&s.from, sel, 2);
	CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 2 && s.to.rows == 2 && !s.to.reject_count);
	setup_close(&s);
}

/* What else the record had comes along; what the line says goes before it. */
static void test_carried(void)
{
	static const char *const lines[] = {"Jan  9 01:02:03 h su: x", "a=1 host=other"};
	struct setup s;
	uint32_t consumed;
	setup_open(&s, "^(?<a>a)=(?<b>\\d) host=(?<host>.*)", "syslog", NULL);
	for (int again = 0; again < 2; again++) {
		fill_lines(&s.from, lines, 2);
		struct value *time = batch_meta(&s.from, META_TIME);
		time[0] = value_time(1);
		time[1] = value_time(2);
		s.from.meta[META_STREAM].value = value_string("web", 3);
		batch_set(&s.from, "file", 4, column_const(value_string("f.log", 5)));
		batch_set(&s.from, "host", 4, column_const(value_string("mine", 4)));
		CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 2 && s.to.rows == 2);
		check_row(
			&s.to, 0,
			"@2026-01-09T01:02:03Z time='Jan  9 01:02:03' host='h' program='su' message='x' file='f.log'");
		check_row(&s.to, 1, "@1970-01-01T00:00:00.000000002Z a='a' b='1' host='other' file='f.log'");
		struct value stream = column_get(&s.to.meta[META_STREAM], 1);
		CHECK_TEXT(stream.s, stream.len, "web");
	}
	setup_close(&s);
}

static void test_time_option(void)
{
	static const char *const lines[] = {"Jan  9 01:02:03 h su: 2023-11-14", "Jan 99 01:02:03 h su: 2023-11-15",
					    "Jan  9 01:02:03 h su: soon"};
	struct setup s;
	uint32_t consumed;
	setup_open(&s, "syslog", NULL, "message");
	fill_lines(&s.from, lines, 3);
	CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 3);
	CHECK(s.to.rows == 3 && batch_count(&s.to) == 2 && s.to.reject_count == 1);
	check_row(&s.to, 0, "@2023-11-14T00:00:00Z time='Jan  9 01:02:03' host='h' program='su' message='2023-11-14'");
	check_row(&s.to, 1, "@2023-11-15T00:00:00Z time='Jan 99 01:02:03' host='h' program='su' message='2023-11-15'");
	setup_close(&s);
}

/* The formats, whose rows are of any shape, beside a pattern with a time; and the header of csv. */
static void test_formats(void)
{
	static const char *const lines[] = {"{\"a\":1,\"@time\":\"2023-11-14T00:00:00Z\"}", "Jan  9 01:02:03 h su: x",
					    "{\"b\":2}", "{\"a\":", "{\"b\":3,\"a\":4}"};
	struct setup s;
	uint32_t consumed;
	setup_open(&s, "json", "syslog", NULL);
	for (int again = 0; again < 3; again++) {
		fill_lines(&s.from, lines, 5);
		CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 5 && consumed == 0);
		CHECK(s.to.rows == 4 && s.to.reject_count == 1 && s.to.rejects[0].line == 4);
		check_row(&s.to, 0, "@2023-11-14T00:00:00Z a=1");
		check_row(&s.to, 1, "@2026-01-09T01:02:03Z time='Jan  9 01:02:03' host='h' program='su' message='x'");
		check_row(&s.to, 2, "b=2");
		check_row(&s.to, 3, "b=3 a=4");
		CHECK(s.to.lines[3] == 5);
	}
	setup_close(&s);
	static const char *const csv[] = {"n,name", "1,x", "2,y,z", "3,z"};
	setup_open(&s, "csv", NULL, NULL);
	fill_lines(&s.from, csv, 4);
	CHECK(parse_batch(&s.parse, &s.from, 0, &s.to, &consumed) == 4 && consumed == 1);
	CHECK(s.to.rows == 2 && s.to.reject_count == 1);
	check_row(&s.to, 1, "n=3 name='z'");
	setup_close(&s);
}

int main(void)
{
	test_event_time_read();
	test_event_time_option();
	test_event_time_batch();
	test_event_time_path();
	test_first_match_wins();
	test_carried();
	test_time_option();
	test_formats();
	return test_done();
}
