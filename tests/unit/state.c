/* States as bytes: the bytes of this version, back and forth, and bytes that were tampered with. */
#include <stdlib.h>

#include "agg/partial.h"
#include "agg/state.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "codec/hash.h"
#include "record/batch_rows.h"
#include "test.h"

static uint64_t random_state = 88172645463325252;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

static const char *const calls[] = {"count",     "count(x)", "sum(x)",    "var(x)", "min(s)",
				    "max(x)",    "first(s)", "last(x)",   "p50(x)", "distinct(x)",
				    "top(s, 2)", "rate",     "collect(s)"};

enum { CALLS = sizeof calls / sizeof *calls };

static struct table *open_table(void)
{
	static const char *const by[] = {"k"};
	struct table *t = NULL;
	struct error e;
	CHECK(!table_new(by, 1, calls, CALLS, false, &t, &e));
	return t;
}

static struct value number(const char *text)
{
	struct value v;
	number_read(text, text + strlen(text), &v);
	return v;
}

/* `groups` groups of `count` records, with numbers of all forms. */
static void feed(struct table *t, int count, int groups)
{
	static const char *const numbers[] = {"1",
					      "-2.50",
					      "1e300",
					      "-1e300",
					      "12345678901234567890",
					      "0",
					      "-0.000000000000000001",
					      "9223372036854775807",
					      "1.5e-300"};
	static const char *const texts[] = {"a", "", "\xff\xfe", "longer than a word"};
	struct batch b;
	batch_init(&b);
	for (int i = 0; i < count * groups; i++) {
		struct field fields[] = {
			{"k", i % groups ? value_int(i % groups) : value_time(i % groups)},
			{"x", i < 100 ? number(numbers[i / groups % 9]) : value_decimal((int64_t)draw() >> 20, 3)},
			{"s", value_string(texts[i / groups % 4], strlen(texts[i / groups % 4]))}};
		CHECK(batch_add_row(&b, fields, 3));
		if (b.rows < 1000 && i + 1 < count * groups)
			continue;
		CHECK(!table_feed(t, 0, &b) && !b.reject_count);
		batch_clear(&b);
	}
	batch_release(&b);
}

static int keep(void *self, struct batch *b, struct error *e)
{
	(void)e;
	CHECK(batch_append(self, b, 0) == b->rows);
	return OK;
}

static int print(void *self, struct batch *b, struct error *e)
{
	(void)e;
	for (uint32_t row = 0; row < b->rows; row++)
		for (uint32_t c = 0; c < b->column_count; c++) {
			value_plain(column_get(&b->columns[c], row), self);
			buf_byte(self, ' ');
		}
	return OK;
}

static void results(struct table *t, struct buf *out)
{
	struct error e;
	buf_clear(out);
	CHECK(!table_result(t, print, out, &e));
}

/* Who sees this fail has changed what is written, or value_hash: then STATE_VERSION must rise, and the number here change. */
static void test_version(void)
{
	struct table *t = open_table();
	struct batch saved;
	struct error e;
	struct buf all = BUF_INIT;
	batch_init(&saved);
	feed(t, 9, 2);
	CHECK(!table_save(t, keep, &saved, &e) && saved.rows == 2);
	for (uint32_t row = 0; row < saved.rows; row++) {
		struct value state = batch_get(&saved, row, "state"), about = batch_get(&saved, row, "partial");
		CHECK(state.type == TYPE_BYTES && state.s[0] == STATE_VERSION);
		buf_append(&all, state.s, state.len);
		buf_append(&all, about.s, about.len);
	}
	if (hash64(all.data, all.len) != UINT64_C(0x3ef9b85b1be464b2))
		fprintf(stderr, "version %d: 0x%llx\n", STATE_VERSION, (unsigned long long)hash64(all.data, all.len));
	CHECK(hash64(all.data, all.len) == UINT64_C(0x3ef9b85b1be464b2));
	buf_release(&all);
	batch_release(&saved);
	table_free(t);
}

/* A snapshot into an empty table gives the same results; twice, the same as twice the records. */
static void test_round_trip(void)
{
	for (int count = 1; count <= 20000; count = count * 7 + 3) {
		struct table *t = open_table(), *copy = open_table();
		struct batch saved;
		struct error e = {0};
		struct buf want = BUF_INIT, got = BUF_INIT;
		uint32_t late = 0;
		batch_init(&saved);
		feed(t, count, 3);
		CHECK(!table_save(t, keep, &saved, &e));
		CHECK(!table_load(copy, &saved, &late, &e) && !late && !saved.reject_count);
		results(t, &want);
		results(copy, &got);
		CHECK_TEXT(got.data, got.len, buf_string(&want));
		/* It goes on as if nothing had been. */
		uint64_t at = random_state;
		feed(t, 50, 3);
		random_state = at;
		feed(copy, 50, 3);
		results(t, &want);
		results(copy, &got);
		CHECK_TEXT(got.data, got.len, buf_string(&want));
		buf_release(&want);
		buf_release(&got);
		batch_release(&saved);
		table_free(t);
		table_free(copy);
	}
}

/* -- snapshots of windows -- */

static struct table *open_window(const char *text)
{
	static const char *const by[] = {"k"};
	struct table *t = open_table();
	struct window_spec spec;
	struct error e;
	CHECK(!window_parse(&text, 1, &spec, &e));
	spec.lateness = spec.kind == WINDOW_COUNT ? 0 : 20 * SECOND;
	if (spec.kind >= WINDOW_SESSION) {
		spec.by = by;
		spec.by_count = 1;
	}
	CHECK(!table_window(t, &spec, &e));
	return t;
}

/* Records of some seconds around `at`. */
static void feed_around(struct table *t, int64_t at, int count)
{
	struct batch b;
	batch_init(&b);
	for (int i = 0; i < count; i++) {
		struct field fields[] = {{"k", value_int((int64_t)(draw() % 5))},
					 {"x", value_int((int64_t)(draw() % 100))}};
		CHECK(batch_add_row(&b, fields, 2));
		batch_meta(&b, META_TIME)[b.rows - 1] = value_time(at + (int64_t)(draw() % 30) * SECOND);
	}
	table_feed(t, 0, &b);
	batch_release(&b);
}

static void close_at(struct table *t, int64_t watermark, struct buf *out)
{
	struct error e;
	CHECK(!table_close(t, watermark, print, out, &e));
	buf_byte(out, '\n');
}

/* What is emitted after a snapshot was taken is what is emitted after it was loaded: no window twice, none less. */
static void test_windows(void)
{
	static const char *const specs[] = {"10s", "hop 20s 5s", "cumulate 30s 10s", "session 2s", "count 7"};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		struct table *t = open_window(specs[i]), *copy = open_table();
		struct batch saved;
		struct error e = {0};
		struct buf want = BUF_INIT, got = BUF_INIT;
		uint32_t late = 0;
		batch_init(&saved);
		for (int64_t at = 0; at < 5; at++) {
			feed_around(t, at * 10 * SECOND, 200);
			close_at(t, at * 10 * SECOND, &want);
		}
		feed_around(t, 50 * SECOND, 100);
		close_at(t, TIMESTAMP_MIN, &want);
		CHECK(!table_save(t, keep, &saved, &e) && saved.rows > 4);
		close_at(copy, 40 * SECOND, &got);
		CHECK(!table_load(copy, &saved, &late, &e) && !late && !saved.reject_count);
		buf_clear(&want);
		buf_clear(&got);
		for (int64_t at = 4; at < 9; at++) {
			uint64_t from = random_state;
			feed_around(t, at * 10 * SECOND, 100);
			close_at(t, at * 10 * SECOND, &want);
			random_state = from;
			feed_around(copy, at * 10 * SECOND, 100);
			close_at(copy, at * 10 * SECOND, &got);
		}
		close_at(t, TIMESTAMP_MAX, &want);
		close_at(copy, TIMESTAMP_MAX, &got);
		CHECK(want.len > 1000);
		CHECK_TEXT(got.data, got.len, buf_string(&want));
		buf_release(&want);
		buf_release(&got);
		batch_release(&saved);
		table_free(t);
		table_free(copy);
	}
}

/* Any change of bytes is noticed; with a checksum to match it may be read, and then does no harm. */
static void test_damage(void)
{
	struct table *t = open_table();
	struct batch saved;
	struct error e;
	batch_init(&saved);
	feed(t, 300, 1);
	CHECK(!table_save(t, keep, &saved, &e));
	int column = batch_find(&saved, "state", 5);
	struct value whole = saved.columns[column].values[0];
	char *bytes = malloc(whole.len);
	int count = test_repeat(20000);
	for (int i = 0; i < count; i++) {
		memcpy(bytes, whole.s, whole.len);
		size_t len = i % 3 ? whole.len : draw() % whole.len;
		for (uint64_t n = draw() % 3 + (len == whole.len); n && len; n--)
			bytes[draw() % len] = (char)(draw() % 5 ? draw() : 255);
		bool fix = i % 2 && len > STATE_SUM_SIZE + 2;
		uint64_t sum = fix ? hash64(bytes, len - STATE_SUM_SIZE) : 0;
		for (int k = 0; fix && k < STATE_SUM_SIZE; k++)
			bytes[len - STATE_SUM_SIZE + (size_t)k] = (char)(sum >> 8 * k);
		bool same = len == whole.len && !memcmp(bytes, whole.s, len);
		/* What was allocated once is as long as it says: a reader that goes too far is seen by the sanitizers. */
		char *exact = malloc(len + 1);
		memcpy(exact, bytes, len);
		saved.columns[column].values[0] = value_text(TYPE_BYTES, exact, len);
		struct table *copy = open_table();
		struct buf out = BUF_INIT;
		uint32_t late = 0;
		CHECK(!table_partials(copy, true, false, &e));
		int code = table_load(copy, &saved, &late, &e);
		CHECK(fix || same || (!code && saved.reject_count));
		if (!code)
			results(copy, &out);
		saved.reject_count = 0;
		buf_release(&out);
		table_free(copy);
		free(exact);
	}
	free(bytes);
	batch_release(&saved);
	table_free(t);
}

static void test_numbers(void)
{
	struct buf b = BUF_INIT;
	for (int i = 0; i < 10000; i++) {
		__int128 wide = (__int128)(((unsigned __int128)draw() << 64 | draw()) >> draw() % 128);
		wide = draw() % 2 ? -wide : wide;
		buf_clear(&b);
		state_put_zigzag(&b, wide);
		state_put_varint(&b, (uint64_t)wide);
		state_put_zigzag(&b, (int64_t)wide);
		struct state_reader r = {b.data, b.data + b.len, false};
		CHECK(state_wide_zigzag(&r) == wide);
		CHECK(state_varint(&r) == (uint64_t)wide);
		CHECK(state_zigzag(&r) == (int64_t)wide);
		CHECK(!r.bad && r.p == r.end);
		r = (struct state_reader){b.data, b.data + b.len - 1, false};
		state_wide_zigzag(&r);
		state_varint(&r);
		CHECK(!state_zigzag(&r) && r.bad);
	}
	buf_release(&b);
}

int main(void)
{
	test_numbers();
	test_version();
	test_round_trip();
	test_windows();
	test_damage();
	return test_done();
}
