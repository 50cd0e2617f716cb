/* Windows: the vectors and tables that Flink's documentation gives, late records, watermarks. */
#include "window/watermark.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone.h"
#include "test.h"

static struct window_spec spec_of(const char *words)
{
	struct window_spec s = {0};
	struct error e;
	CHECK(!window_parse(&words, 1, &s, &e));
	return s;
}

static int64_t at(const char *time)
{
	int64_t ns = 0;
	CHECK(timestamp_read(time, strlen(time), &ns) == strlen(time));
	return ns;
}

static void test_floor(void)
{
	static const int64_t vectors[][4] = {
		{0, 10, 0, 0}, {-1, 10, 0, -10}, {-10, 10, 0, -10}, {7, 5, 3, 3}, {-7, 5, 3, -7}};
	for (size_t i = 0; i < 5; i++)
		CHECK(window_floor(vectors[i][0], vectors[i][1], vectors[i][2]) == vectors[i][3]);
	const int64_t t = at("2021-06-30T00:00:04Z");
	static const struct {
		int offsets[3];
		const char *start;
	} table[] = {{{-16, -6, 4}, "2021-06-29T23:54:00Z"},
		     {{-4, 6, 16}, "2021-06-29T23:56:00Z"},
		     {{-10, 0, 10}, "2021-06-30T00:00:00Z"}};
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			CHECK(window_floor(t, 10 * MINUTE, table[i].offsets[k] * MINUTE) == at(table[i].start));
	CHECK(window_floor(INT64_MIN + 3, 10, 0) >= INT64_MIN);
}

/* By the definitions, one window after the other: those of the pane of t are those that t lies in. */
static void check_windows(const struct window_spec *s, int64_t t)
{
	struct span pane = window_pane(s, t), w;
	int64_t step = s->kind == WINDOW_TUMBLE ? s->size : s->slide, last_end = INT64_MIN;
	int count = 0, expected = 0;
	CHECK(pane.start <= t && t < pane.end);
	for (bool more = window_first(s, pane, TIMESTAMP_MIN, &w); more; more = window_next(s, pane, &w)) {
		CHECK(w.start <= t && t < w.end && w.end > last_end);
		CHECK(w.start <= pane.start && pane.end <= w.end);
		last_end = w.end;
		count++;
	}
	int64_t grid = s->kind == WINDOW_CUMULATE ? s->size : step;
	for (int64_t start = window_floor(t, grid, s->offset); start > t - s->size; start -= grid)
		for (int64_t end = start + (s->kind == WINDOW_CUMULATE ? step : s->size); end <= start + s->size;
		     end += step)
			expected += start <= t && t < end;
	CHECK(count == expected);
	CHECK(window_last_end(s, t) == last_end);
	int64_t after = t + s->size / 2;
	for (bool more = window_first(s, pane, after, &w); more; more = window_next(s, pane, &w)) {
		CHECK(w.end > after && w.start <= t && t < w.end);
		count--;
	}
	for (bool more = window_first(s, pane, TIMESTAMP_MIN, &w); more; more = window_next(s, pane, &w))
		count -= w.end <= after;
	CHECK(count == 0);
}

static void test_assignment(void)
{
	static const char *const specs[] = {"7ns",          "hop 10ns 5ns",      "hop 10ns 3ns", "hop 7ns 7ns",
					    "hop 10ns 4ns", "cumulate 12ns 3ns", "hop 11ns 1ns", "cumulate 5ns 5ns"};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		struct window_spec s = spec_of(specs[i]);
		for (s.offset = -13; s.offset < 14; s.offset += 3)
			for (int64_t t = -40; t < 40; t++)
				check_windows(&s, t);
	}
}

/* In a zone, by the definition: edges of the clock, as instants; windows with the same end once. */
static void check_clock_windows(const struct window_spec *s, int64_t t)
{
	struct span pane = window_pane(s, t), w;
	int64_t clock = zone_clock(s->zone, t), grid = s->kind == WINDOW_HOP ? s->slide : s->size;
	int64_t step = s->kind == WINDOW_CUMULATE ? s->slide : s->size, last_end = INT64_MIN, counted = INT64_MIN;
	int count = 0, expected = 0;
	CHECK(pane.start <= t && t < pane.end);
	for (bool more = window_first(s, pane, TIMESTAMP_MIN, &w); more; more = window_next(s, pane, &w)) {
		CHECK(w.start <= pane.start && pane.end <= w.end && w.end > last_end);
		last_end = w.end;
		count++;
	}
	CHECK(window_last_end(s, t) == last_end);
	int64_t start = window_floor(clock, grid, s->offset);
	for (start -= (s->size - 1) / grid * grid; start <= clock; start += grid)
		for (int64_t end = start + step; end <= start + s->size; end += step) {
			int64_t from = zone_instant(s->zone, start), to = zone_instant(s->zone, end);
			expected += from <= t && t < to && to != counted;
			counted = from <= t && t < to ? to : counted;
		}
	if (count != expected)
		fprintf(stderr, "%lld: %d windows, not %d\n", (long long)t, count, expected);
	CHECK(count == expected);
}

static struct window_spec spec_in(const char *words, const char *zone, struct arena *a)
{
	struct window_spec s = spec_of(words);
	struct error e;
	CHECK(!window_set_zone(&s, zone, a, &e));
	return s;
}

static void check_window(const struct window_spec *s, const char *t, const char *start, const char *end)
{
	struct span w;
	CHECK(window_first(s, window_pane(s, at(t)), TIMESTAMP_MIN, &w));
	CHECK(w.start == at(start) && w.end == at(end));
}

static void test_zone(void)
{
	static const char *const words[] = {"1d", "7d", "4h", "hop 2d 1d", "hop 5h 90m", "cumulate 1d 5m", "40m", "3h"};
	static const char *const names[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"};
	struct arena a = {0};
	struct error e;
	for (size_t z = 0; z < 3; z++)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			struct window_spec s = spec_in(words[i], names[z], &a);
			CHECK(s.by_clock);
			for (s.offset = -HOUR; s.offset <= 4 * DAY; s.offset += 2 * DAY - HOUR)
				for (int64_t t = at("2026-03-07T00:00:00Z"); t < at("2026-11-03T00:00:00Z");
				     t += zone_period(s.zone, t).end - t < 3 * HOUR ? 7 * MINUTE : 3 * HOUR)
					check_clock_windows(&s, t);
		}
	struct window_spec s = spec_in("1d", "Europe/Berlin", &a);
	check_window(&s, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
	check_window(&s, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
	s = spec_in("1d", "America/New_York", &a);
	check_window(&s, "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
	check_window(&s, "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
	s = spec_in("1h", "Europe/Berlin", &a);
	check_window(&s, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z");
	check_window(&s, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z");
	s = spec_in("1h", "Asia/Kolkata", &a);
	check_window(&s, "2026-10-25T00:10:00Z", "2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z");
	/* Weeks begin on Thursdays, as 1970 did; moved by four days, on Mondays. */
	s = spec_in("7d", "Europe/Berlin", &a);
	s.offset = 4 * DAY;
	check_window(&s, "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
	s = spec_in("1d", "UTC", &a);
	CHECK(!s.by_clock && !s.zone);
	CHECK(window_set_zone(&s, "Europe/Wien", &a, &e) == ERR_USAGE);
	arena_release(&a);
}

static void test_parse(void)
{
	static const char *const good[][2] = {{"1m", "tumble 1m"},
					      {"tumble 90s", "tumble 90s"},
					      {" hop  10m 5m ", "hop 10m 5m"},
					      {"session 30s", "session 30s"},
					      {"cumulate 1h 10m", "cumulate 1h 10m"},
					      {"count 100", "count 100"}};
	static const char *const bad[] = {
		"",         "tumble",          "hop 5m 10m",        "hop 10m",   "cumulate 1h 7m", "session 0",
		"count 0",  "count 1.5",       "tumbel 1m",         "1m 5m",     "tumble 1m 2m",   "-1m",
		"sessions", "hop 1m 1m 1m 1m", "session 5 parsecs", "count 1e99"};
	struct window_spec s;
	struct error e;
	char text[WINDOW_TEXT_MAX];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		s = spec_of(good[i][0]);
		window_text(&s, text);
		CHECK_TEXT(text, strlen(text), good[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(window_parse(&bad[i], 1, &s, &e) == ERR_USAGE);
	const char *words[] = {"hop", "10m", "5m"};
	CHECK(!window_parse(words, 3, &s, &e) && s.kind == WINDOW_HOP && s.size == 10 * MINUTE &&
	      s.slide == 5 * MINUTE);
}

static void test_frame(void)
{
	static const char *const specs[] = {"1m", "hop 10m 5m", "session 30s", "cumulate 1h 10m", "count 100"};
	static const char *const by[] = {"user", "a, \"b\""};
	struct batch b;
	struct error e;
	batch_init(&b);
	for (size_t i = 0; i < 5; i++) {
		struct arena a = {0};
		struct window_spec s = spec_of(specs[i]), back;
		s.offset = -3;
		s.lateness = 17;
		s.delay = i % 2 ? DELAY_UNLIMITED : 5 * SECOND;
		s.by = by;
		s.by_count = i % 3;
		s.zone_name = i % 2 ? "America/New_York" : NULL;
		window_write(&s, &b);
		CHECK(!window_read(&b, &a, &back, &e));
		CHECK(back.kind == s.kind && back.size == s.size && back.slide == s.slide && back.gap == s.gap &&
		      back.count == s.count && back.offset == -3 && back.lateness == 17 && back.delay == s.delay);
		CHECK(back.by_count == s.by_count && strcmp(back.zone_name, i % 2 ? s.zone_name : "UTC") == 0);
		CHECK(!back.zone == !(i % 2));
		for (size_t k = 0; k < back.by_count; k++)
			CHECK(!strcmp(back.by[k], by[k]));
		b.columns[batch_find(&b, "kind", 4)].values[0] = value_string("spiral", 6);
		CHECK(window_read(&b, &a, &back, &e) == ERR_FAILED);
		arena_release(&a);
	}
	batch_reset(&b);
	CHECK(window_read(&b, NULL, &(struct window_spec){0}, &e) == ERR_FAILED);
	batch_release(&b);
}

/* -- late records -- */

enum { RECORDS = 6000 };

struct record {
	int64_t time;
	int shard;
};

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* Marks who is late, with the records cut into batches of `step`. */
static void judge(const struct record *r, const struct window_spec *s, uint32_t step, bool *late)
{
	struct watermark w;
	uint32_t kept[RECORDS], out[RECORDS];
	int64_t times[RECORDS];
	watermark_init(&w, s->delay);
	for (uint32_t from = 0; from < RECORDS; from += step) {
		struct batch b;
		uint32_t count = RECORDS - from < step ? RECORDS - from : step;
		batch_init(&b);
		for (uint32_t i = 0; i < count; i++) {
			batch_begin(&b);
			batch_meta(&b, META_SHARD)[i] = value_int(r[from + i].shard);
			times[i] = r[from + i].time;
			batch_end(&b, (uint32_t)batch_shape_of(&b, NULL, 0), 0);
		}
		int64_t before = watermark_at(&w);
		uint32_t n = watermark_records(&w, s, &b, NULL, count, times, kept, out);
		for (uint32_t i = 0; i < n; i++)
			late[from + kept[i]] = false;
		for (uint32_t i = n; i < count; i++)
			late[from + out[i - n]] = true;
		/* What is kept never meets a closed window. */
		for (uint32_t i = 0; i < n; i++)
			CHECK(window_last_end(s, times[kept[i]]) + s->lateness > before);
		batch_release(&b);
	}
	watermark_release(&w);
}

/* By the definition, shard by shard. */
static void judge_simply(const struct record *r, const struct window_spec *s, bool *late)
{
	for (int shard = 0; shard < 3; shard++) {
		int64_t most = INT64_MIN;
		for (int i = 0; i < RECORDS; i++) {
			if (r[i].shard != shard)
				continue;
			late[i] = most != INT64_MIN && window_last_end(s, r[i].time) + s->lateness <= most - s->delay;
			most = r[i].time > most ? r[i].time : most;
		}
	}
}

static void test_late(void)
{
	static const char *const specs[] = {"20ns", "hop 30ns 10ns", "session 15ns", "cumulate 40ns 10ns"};
	static struct record r[RECORDS];
	bool want[RECORDS], got[RECORDS];
	for (size_t k = 0; k < 4; k++) {
		struct window_spec s = spec_of(specs[k]);
		uint32_t late = 0;
		s.delay = 10;
		s.lateness = k == 3 ? 25 : 0;
		for (int i = 0; i < RECORDS; i++)
			r[i] = (struct record){i + (int64_t)(draw() % 50) - (draw() % 20 ? 0 : 80),
					       i < 3 ? i : (int)(draw() % 3)};
		judge_simply(r, &s, want);
		for (int i = 0; i < RECORDS; i++)
			late += want[i];
		CHECK(late > 20 && late < RECORDS / 2);
		const uint32_t steps[] = {1, 7, 100, RECORDS};
		for (size_t i = 0; i < 4; i++) {
			judge(r, &s, steps[i], got);
			CHECK(!memcmp(want, got, sizeof got));
		}
		s.delay = DELAY_UNLIMITED;
		judge(r, &s, 100, got);
		CHECK(!memchr(got, true, sizeof got));
	}
}

static void test_watermark(void)
{
	struct watermark w;
	const struct value a = value_string("a", 1), b = value_string("b", 1), c = value_string("c", 1);
	watermark_init(&w, 5);
	CHECK(watermark_at(&w) == TIMESTAMP_MIN);
	watermark_shard(&w, a, TIMESTAMP_MIN, SHARD_ACTIVE);
	watermark_shard(&w, b, TIMESTAMP_MIN, SHARD_ACTIVE);
	watermark_shard(&w, a, 100, SHARD_ACTIVE);
	CHECK(watermark_at(&w) == TIMESTAMP_MIN);
	watermark_shard(&w, b, 50, SHARD_ACTIVE);
	CHECK(watermark_at(&w) == 45);
	watermark_shard(&w, b, TIMESTAMP_MIN, SHARD_IDLE);
	CHECK(watermark_at(&w) == 95);
	/* Back from idleness, it can't turn time back, and holds it from now on. */
	watermark_shard(&w, b, 60, SHARD_ACTIVE);
	watermark_shard(&w, a, 200, SHARD_ACTIVE);
	CHECK(watermark_at(&w) == 95);
	watermark_shard(&w, b, TIMESTAMP_MIN, SHARD_DRAINED);
	CHECK(watermark_at(&w) == 195);
	watermark_shard(&w, c, TIMESTAMP_MIN, SHARD_ACTIVE);
	watermark_shard(&w, a, 300, SHARD_DRAINED);
	CHECK(watermark_at(&w) == 195);
	watermark_shard(&w, c, TIMESTAMP_MIN, SHARD_DRAINED);
	CHECK(watermark_at(&w) == 295);
	watermark_release(&w);
}

static void test_idle(void)
{
	struct watermark w;
	watermark_init(&w, 0);
	watermark_now(&w, 1000);
	watermark_shard(&w, value_int(1), 10, SHARD_ACTIVE);
	watermark_shard(&w, value_int(2), TIMESTAMP_MIN, SHARD_ACTIVE);
	CHECK(watermark_idle(&w, 30) == 1030 && watermark_at(&w) == TIMESTAMP_MIN);
	watermark_now(&w, 1020);
	watermark_shard(&w, value_int(1), 20, SHARD_ACTIVE);
	watermark_now(&w, 1030);
	CHECK(watermark_idle(&w, 30) == 1050 && watermark_at(&w) == 20);
	watermark_now(&w, 1050);
	CHECK(watermark_idle(&w, 30) == TIMESTAMP_MAX && watermark_at(&w) == 20);
	watermark_release(&w);
}

static void test_inputs(void)
{
	struct watermark_inputs w;
	watermark_inputs_init(&w, 3);
	CHECK(watermark_inputs_advance(&w, 0, 10) == TIMESTAMP_MIN);
	CHECK(watermark_inputs_advance(&w, 1, 7) == TIMESTAMP_MIN);
	CHECK(watermark_inputs_end(&w, 2) == 7);
	CHECK(watermark_inputs_advance(&w, 1, 5) == 7);
	CHECK(watermark_inputs_end(&w, 1) == 10);
	CHECK(watermark_inputs_end(&w, 0) == TIMESTAMP_MAX);
	watermark_inputs_release(&w);
}

static void test_watermark_frame(void)
{
	struct batch b;
	struct error e;
	struct watermark w;
	uint16_t columns[3];
	batch_init(&b);
	columns[0] = (uint16_t)batch_column(&b, "shard", 5);
	columns[1] = (uint16_t)batch_column(&b, "time", 4);
	columns[2] = (uint16_t)batch_column(&b, "state", 5);
	uint32_t shape = (uint32_t)batch_shape_of(&b, columns, 3);
	for (int i = 0; i < 2; i++) {
		uint32_t row = batch_begin(&b);
		b.columns[columns[0]].values[row] = value_string(i ? "1" : "0", 1);
		b.columns[columns[1]].values[row] = value_time(100 + i);
		b.columns[columns[2]].values[row] = i ? value_string("drained", 7) : value_string("active", 6);
		batch_end(&b, shape, 0);
	}
	watermark_init(&w, 0);
	CHECK(!watermark_frame(&w, &b, true, &e) && watermark_at(&w) == 100);
	CHECK(watermark_whole(&b) == TIMESTAMP_MIN);
	b.columns[columns[2]].values[0] = value_string("asleep", 6);
	CHECK(watermark_frame(&w, &b, true, &e) == ERR_FAILED);
	watermark_release(&w);
	b.columns[columns[2]].values[0] = value_absent();
	watermark_init(&w, 0);
	CHECK(!watermark_frame(&w, &b, false, &e) && watermark_at(&w) == TIMESTAMP_MIN && w.count == 2);
	watermark_release(&w);
	b.columns[columns[0]].values[1] = value_null();
	CHECK(watermark_whole(&b) == 101);
	batch_release(&b);
}

int main(void)
{
	test_floor();
	test_assignment();
	test_zone();
	test_parse();
	test_frame();
	test_late();
	test_watermark();
	test_idle();
	test_inputs();
	test_watermark_frame();
	return test_done();
}
