#include "base/timestamp.h"

#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "base/zone.h"
#include "test.h"

static uint64_t seed = 1;

static uint64_t draw(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return seed ^ seed >> 29;
}

/* The whole text is the time ns. */
static void check_read(const char *text, int64_t want)
{
	int64_t ns = 0;
	size_t used = timestamp_read(text, strlen(text), &ns);
	if (used != strlen(text) || ns != want)
		fprintf(stderr, "%s: used %zu, ns %lld\n", text, used, (long long)ns);
	CHECK(used == strlen(text));
	CHECK(ns == want);
}

/* Only the first `used` bytes are one. */
static void check_prefix(const char *text, size_t want)
{
	int64_t ns;
	size_t used = timestamp_read(text, strlen(text), &ns);
	if (used != want)
		fprintf(stderr, "%s: used %zu\n", text, used);
	CHECK(used == want);
}

static void test_read(void)
{
	check_read("1970-01-01T00:00:00Z", 0);
	check_read("1970-01-01", 0);
	check_read("1970-01-02T00:00Z", DAY);
	check_read("2000-02-29T12:00:00Z", INT64_C(951825600) * SECOND);
	check_read("2026-11-22T19:37:33.123456789Z", INT64_C(1795376253) * SECOND + 123456789);
	check_read("2026-11-22t19:37:33.1z", INT64_C(1795376253) * SECOND + 100 * MILLISECOND);
	check_read("2026-11-22 19:37:33,123", INT64_C(1795376253) * SECOND + 123 * MILLISECOND);
	check_read("2026-11-22T19:37:33.1234567899999", INT64_C(1795376253) * SECOND + 123456789);
	check_read("2026-11-22T19:37:33+01:00", INT64_C(1795372653) * SECOND);
	check_read("2026-11-22T19:37:33+0100", INT64_C(1795372653) * SECOND);
	check_read("2026-11-22T19:37:33+01", INT64_C(1795372653) * SECOND);
	check_read("2026-11-22T19:37:33-00:30", INT64_C(1795378053) * SECOND);
	check_read("2026-11-22T19:37+01:00", INT64_C(1795372620) * SECOND);
	check_read("1969-12-31T23:59:59.5Z", -500 * MILLISECOND);
	check_read("1900-03-01T00:00:00Z", INT64_C(-2203891200) * SECOND);
	check_read("2016-12-31T23:59:60Z", INT64_C(1483228800) * SECOND);
}

static void test_read_range(void)
{
	check_read("1677-09-21T00:12:43.145224193Z", INT64_MIN + 1);
	check_prefix("1677-09-21T00:12:43.145224192Z", 0);
	check_prefix("1677-09-21T00:12:43.145224191Z", 0);
	check_read("2262-04-11T23:47:16.854775806Z", INT64_MAX - 1);
	check_prefix("2262-04-11T23:47:16.854775807Z", 0);
	check_prefix("2262-04-11T23:47:16.854775808Z", 0);
	check_prefix("9999-12-31T23:59:59Z", 0);
	check_prefix("0001-01-01T00:00:00Z", 0);
}

static void test_read_rubbish(void)
{
	static const char *const none[] = {"",
					   "2026",
					   "2026-11-2",
					   "2026-1-22",
					   "2026-13-01",
					   "2026-00-10",
					   "2026-11-00",
					   "2026-11-31",
					   "2025-02-29",
					   "1900-02-29",
					   "2100-02-29",
					   "2026/11/22",
					   "x026-11-22",
					   "2026-11-2x",
					   "2026-11-22T24:00:00",
					   "2026-11-22T12:60",
					   " 2026-11-22",
					   "2026-11-22T12:00:61",
					   "2026-11-22T12:00:00+24:00"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		check_prefix(none[i], 0);
	check_prefix("2026-11-22 apples", 10);
	check_prefix("2026-11-22 10 apples", 10);
	check_prefix("2026-11-22T", 10);
	check_prefix("2026-11-22 10:11 apples", 16);
	check_prefix("2026-11-22 10:11:12. Then", 19);
	check_prefix("2026-11-22 10:11:12 +0100", 19);
	check_prefix("2026-11-22 10:11:12-a", 19);
	/* Never a byte behind the end. */
	static const char whole[] = "2026-11-22T19:37:33.123456789+01:00";
	for (size_t len = 0; len < sizeof whole; len++) {
		char *exact = malloc(len ? len : 1);
		int64_t ns;
		memcpy(exact, whole, len);
		CHECK(timestamp_read(exact, len, &ns) <= len);
		free(exact);
	}
}

static void test_civil(void)
{
	int64_t year;
	int month, day;
	CHECK(days_from_civil(1970, 1, 1) == 0);
	CHECK(days_from_civil(2000, 3, 1) == 11017);
	CHECK(days_from_civil(0, 3, 1) == -719468);
	/* Every day of 1200 years follows the one before it. */
	for (int64_t days = days_from_civil(1400, 1, 1), y = 1400, m = 1, d = 1; y < 2600; days++) {
		civil_from_days(days, &year, &month, &day);
		if (year != y || month != m || day != d || days_from_civil(y, (int)m, (int)d) != days) {
			CHECK(!"a day is out of place");
			return;
		}
		static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
		bool leap = (y % 4 == 0 && y % 100) || y % 400 == 0;
		if (++d > lengths[m - 1] + (m == 2 && leap)) {
			d = 1;
			if (++m > 12) {
				m = 1;
				y++;
			}
		}
	}
}

static void test_text(void)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{1500 * MICROSECOND, "1970-01-01T00:00:00.001500Z"},
		{250 * MILLISECOND, "1970-01-01T00:00:00.250Z"},
		{INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
		{INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
	};
	char out[32];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = timestamp_text(cases[i].ns, out);
		CHECK_TEXT(out, len, cases[i].text);
	}
	/* What is written is read again, and libc says the same. */
	for (int i = 0; i < 200000; i++) {
		int64_t ns = (int64_t)(draw() << 1) >> (draw() % 60), back = 0;
		if (ns == INT64_MIN)
			continue;
		size_t len = timestamp_text(ns, out);
		char libc[64];
		time_t seconds = ns / SECOND - (ns % SECOND < 0);
		strftime(libc, sizeof libc, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
		if (timestamp_read(out, len, &back) != len || back != ns || memcmp(libc, out, 19)) {
			fprintf(stderr, "%s %s %lld\n", out, libc, (long long)ns);
			CHECK(!"round trip");
		}
	}
}

static void test_number(void)
{
	int64_t ns;
	CHECK(timestamp_from_number(1700000000, &ns) && ns == 1700000000 * SECOND);
	CHECK(timestamp_from_number(1700000000.123, &ns) && ns == 1700000000 * SECOND + 123 * MILLISECOND);
	CHECK(timestamp_from_number(1700000000123, &ns) && ns == 1700000000 * SECOND + 123 * MILLISECOND);
	CHECK(timestamp_from_number(1700000000123456, &ns) && ns == 1700000000 * SECOND + 123456 * MICROSECOND);
	CHECK(timestamp_from_number(-1.5, &ns) && ns == -1500 * MILLISECOND);
	CHECK(!timestamp_from_number(1e10, &ns));
	CHECK(!timestamp_from_number(1e30, &ns));
	CHECK(!timestamp_from_number(__builtin_nan(""), &ns));
	CHECK(timestamp_from_decimal(1700000000123456789, 0, &ns) && ns == 1700000000123456789);
	CHECK(timestamp_from_decimal(1700000000123456789, 9, &ns) && ns == 1700000000123456789);
	CHECK(timestamp_from_decimal(-15, 1, &ns) && ns == -1500 * MILLISECOND);
	CHECK(!timestamp_from_decimal(99999999999, 0, &ns));
	CHECK(!timestamp_from_decimal(1, 19, &ns));
}

static int64_t parse(const char *text)
{
	int64_t ns = 0;
	struct error e = {0};
	int code = timestamp_parse(text, strlen(text), &ns, &e);
	if (code == OK)
		return ns;
	CHECK(code == ERR_USAGE && e.code == code);
	return TIMESTAMP_MIN;
}

static void test_parse(void)
{
	CHECK(parse("2026-11-22") == INT64_C(1795305600) * SECOND);
	CHECK(parse("1700000000") == 1700000000 * SECOND);
	CHECK(parse("1700000000.123456789") == 1700000000123456789);
	CHECK(parse("-1") == -SECOND);
	int64_t before = timestamp_now(), now = parse("now"), hour_ago = parse("now-1h"), soon = parse("now+5m");
	int64_t after = timestamp_now();
	CHECK(now >= before && now <= after);
	CHECK(hour_ago >= before - HOUR && hour_ago <= after - HOUR);
	CHECK(soon >= before + 5 * MINUTE && soon <= after + 5 * MINUTE);
	static const char *const bad[] = {"",         "yesterday",
					  "now-",     "now-1",
					  "nowhere",  "2026-11-22 apples",
					  "1.",       ".5",
					  "1.2.3",    "-",
					  "12e4",     "99999999999999999999",
					  "now+292y", "2026-11-22T25:00:00"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(parse(bad[i]) == TIMESTAMP_MIN);
	CHECK(monotonic_now() <= monotonic_now());
}

static void test_clf(void)
{
	int64_t ns;
	CHECK(timestamp_read_clf("20/Feb/2016:00:00:45 -0500]", 27, &ns) == 26 && ns == INT64_C(1455944445) * SECOND);
	CHECK(timestamp_read_clf("20/feb/2016:00:00:45 +0000", 26, &ns) == 26 && ns == INT64_C(1455926445) * SECOND);
	static const char *const bad[] = {"20/Feb/2016:00:00:45 -050",  "20/Foo/2016:00:00:45 -0500",
					  "30/Feb/2016:00:00:45 -0500", "20/Feb/2016:24:00:45 -0500",
					  "20/Feb/2016:00:00:45 -05:0", "20/Feb/2016:00:00:45  0500",
					  "2/Feb/2016:00:00:45 -0500x", "20/Feb/2016:00:0a:45 -0500"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!timestamp_read_clf(bad[i], strlen(bad[i]), &ns));
}

static void check_scan(const char *text, const char *format, const char *want)
{
	int64_t base = 0, ns = 0;
	timestamp_read("2026-01-10T12:00:00Z", 20, &base);
	char out[32] = "";
	size_t used = timestamp_scan(text, strlen(text), format, base, &ns);
	if (used)
		timestamp_text(ns, out);
	if (strcmp(out, want))
		fprintf(stderr, "%s as %s\n", text, format);
	CHECK_TEXT(out, strlen(out), want);
}

static void test_scan(void)
{
	check_scan("20/Feb/2016:00:00:45 -0500", "%d/%b/%Y:%H:%M:%S %z", "2016-02-20T05:00:45Z");
	check_scan("2/February/2016:0:0:5 -0500", "%d/%b/%Y:%H:%M:%S %z", "2016-02-02T05:00:05Z");
	check_scan("Sun Dec 04 04:47:44 2005", "%a %b %d %H:%M:%S %Y", "2005-12-04T04:47:44Z");
	check_scan("Sun Dec 04 04:47:44.123456 2005", "%a %b %d %H:%M:%S.%f %Y", "2005-12-04T04:47:44.123456Z");
	check_scan("2005-12-04 04:47:44,5", "%Y-%m-%d %H:%M:%S.%f", "2005-12-04T04:47:44.500Z");
	check_scan("2005-12-04 04:47:44.5", "%F %T,%f", "2005-12-04T04:47:44.500Z");
	check_scan("081109 203615", "%y%m%d %H%M%S", "2008-11-09T20:36:15Z");
	check_scan("12/31/69 11:59 PM", "%D %I:%M %p", "1969-12-31T23:59:00Z");
	check_scan("12:30 am 01/02/68", "%I:%M %p %D", "2068-01-02T00:30:00Z");
	check_scan("1700000000.25", "%s.%f", "2023-11-14T22:13:20.250Z");
	check_scan("2024-366", "%Y-%j", "2024-12-31T00:00:00Z");
	check_scan("2023-366", "%Y-%j", "");
	check_scan("Thursday, 01 Jan 1970 00:00:01 GMT", "%A, %d %b %Y %T %Z", "1970-01-01T00:00:01Z");
	check_scan("10% 1970", "%d%% %Y", "1970-01-10T00:00:00Z");
	check_scan("1970-01-01T00:00Z", "%FT%R%z", "1970-01-01T00:00:00Z");
}

/* Base is 10 January 2026. */
static void test_scan_nearest(void)
{
	check_scan("Jan  9 01:02:03", "%b %e %H:%M:%S", "2026-01-09T01:02:03Z");
	check_scan("Dec 31 23:59:59", "%b %e %H:%M:%S", "2025-12-31T23:59:59Z");
	check_scan("Jun 30 00:00:00", "%b %e %H:%M:%S", "2026-06-30T00:00:00Z");
	check_scan("Jul 30 00:00:00", "%b %e %H:%M:%S", "2025-07-30T00:00:00Z");
	check_scan("Feb 29 00:00:00", "%b %e %H:%M:%S", "2024-02-29T00:00:00Z");
	check_scan("23:00:00", "%T", "2026-01-10T23:00:00Z");
	check_scan("00:30", "%R", "2026-01-10T00:30:00Z");
}

static void test_scan_rubbish(void)
{
	check_scan("", "%Y", "");
	check_scan("2024-02-30", "%F", "");
	check_scan("2024-13-01", "%F", "");
	check_scan("2024-01-01", "%F %T", "");
	check_scan("Foo 1 2024", "%b %d %Y", "");
	check_scan("25:00 1970-01-01", "%R %F", "");
	check_scan("1970", "%Q", "");
	check_scan("99999999999999999999", "%s", "");
	check_scan("9999-01-01", "%F", "");
	check_scan("+99:00", "%z", "");
	int64_t ns;
	CHECK(timestamp_scan("1970-01-01 rest", 15, "%F", 0, &ns) == 10);
	CHECK(timestamp_scan("Jan 1", 5, "%b %d", TIMESTAMP_MIN, &ns) == 5);
	CHECK(timestamp_scan("Jan 1", 5, "%b %d", TIMESTAMP_MAX, &ns) == 5);
	struct error e = {0};
	CHECK(timestamp_format_check("%d/%b/%Y:%T %z %%", &e) == OK);
	CHECK(timestamp_format_check("%Y-%Q", &e) == ERR_USAGE && strstr(e.text, "%Q"));
	CHECK(timestamp_format_check("%Y%", &e) == ERR_USAGE);
}

static void check_format(int64_t ns, const char *format, const char *want)
{
	char out[128];
	size_t len = timestamp_format(ns, format, out, sizeof out);
	CHECK_TEXT(out, len, want);
}

static void test_format(void)
{
	int64_t ns = INT64_C(1455944445) * SECOND + 78 * MILLISECOND;
	check_format(ns, "%Y/%m/%d/%H", "2016/02/20/05");
	check_format(ns, "%d/%b/%Y:%H:%M:%S %z", "20/Feb/2016:05:00:45 +0000");
	check_format(ns, "%A %a %B %e %j %I%p %y", "Saturday Sat February 20 051 05AM 16");
	check_format(ns, "%F %T.%L %f %s %R %D%%%n%t%Z",
		     "2016-02-20 05:00:45.078 078000000 1455944445 05:00 02/20/16%\n\tUTC");
	check_format(-1, "%s %T.%f %a", "-1 23:59:59.999999999 Wed");
	char out[8] = "x";
	CHECK(timestamp_format(ns, "%Q", out, sizeof out) == 0);
	CHECK(timestamp_format(ns, "%Y%", out, sizeof out) == 0);
	CHECK(timestamp_format(ns, "%Y-%m-%d", out, sizeof out) == 0);
	CHECK(timestamp_format(ns, "%Y-%m", out, sizeof out) == 7);
	CHECK(timestamp_format(ns, "%Y", out, 0) == 0);
	/* What is written by a format is read by it. */
	for (int i = 0; i < 20000; i++) {
		int64_t back = 0;
		char text[128];
		ns = (int64_t)(draw() << 1) >> (draw() % 40);
		size_t len = timestamp_format(ns, "%a %Y-%j %I:%M:%S.%f %p %z", text, sizeof text);
		if (ns > INT64_MIN &&
		    (timestamp_scan(text, len, "%a %Y-%j %I:%M:%S.%f %p %z", 0, &back) != len || back != ns))
			CHECK(!"round trip by format");
	}
}

/* In Berlin: offsets and names by the season, the gap, the overlap, and what a text says itself. */
static void test_zone(void)
{
	static const struct {
		const char *text, *format, *want;
	} scans[] = {
		{"2026-07-01 12:00", "%F %R", "2026-07-01T10:00:00Z"},
		{"2026-12-01 12:00", "%F %R", "2026-12-01T11:00:00Z"},
		{"2026-03-29 02:30", "%F %R", "2026-03-29T01:30:00Z"},
		{"2026-10-25 02:30", "%F %R", "2026-10-25T00:30:00Z"},
		{"2026-10-25 02:30 CET", "%F %R %Z", "2026-10-25T01:30:00Z"},
		{"2026-10-25 02:30 CEST", "%F %R %Z", "2026-10-25T00:30:00Z"},
		{"2026-10-25 02:30 UTC", "%F %R %Z", "2026-10-25T02:30:00Z"},
		{"2026-10-25 02:30 +0500", "%F %R %z", "2026-10-24T21:30:00Z"},
		{"2026-10-25 02:30 PST", "%F %R %Z", ""},
		{"1000000000", "%s", "2001-09-09T01:46:40Z"},
		{"00:30", "%R", "2026-01-09T23:30:00Z"},
	};
	struct arena a = {0};
	struct error e;
	const struct zone *z;
	CHECK(!zone_load("Europe/Berlin", 13, &a, &z, &e));
	int64_t base, ns;
	timestamp_read("2026-01-10T00:10:00Z", 20, &base);
	for (size_t i = 0; i < sizeof scans / sizeof *scans; i++) {
		char out[40] = "";
		size_t len = strlen(scans[i].text);
		if (timestamp_scan_in(scans[i].text, len, scans[i].format, base, z, &ns) == len)
			timestamp_text(ns, out);
		CHECK_TEXT(out, strlen(out), scans[i].want);
	}
	char out[64];
	timestamp_read("2026-07-01T22:00:00Z", 20, &ns);
	size_t len = timestamp_format_in(ns, "%F %T %z %Z %a", z, out, sizeof out);
	CHECK_TEXT(out, len, "2026-07-02 00:00:00 +0200 CEST Thu");
	CHECK(!zone_load("America/St_Johns", 16, &a, &z, &e));
	len = timestamp_format_in(ns, "%T %z %Z %s", z, out, sizeof out);
	CHECK_TEXT(out, len, "19:30:00 -0230 NDT 1782943200");
	arena_release(&a);
}

int main(void)
{
	test_zone();
	test_read();
	test_read_range();
	test_read_rubbish();
	test_civil();
	test_text();
	test_number();
	test_parse();
	test_clf();
	test_scan();
	test_scan_nearest();
	test_scan_rubbish();
	test_format();
	return test_done();
}
