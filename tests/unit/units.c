#include "base/units.h"

#include "test.h"

static int64_t duration(const char *text)
{
	int64_t ns = -1;
	struct error e = {0};
	if (duration_parse(text, strlen(text), &ns, &e) == OK)
		return ns;
	CHECK(e.code == ERR_USAGE);
	CHECK(strstr(e.text, text));
	return -1;
}

static int64_t size(const char *text)
{
	int64_t bytes = -1;
	struct error e = {0};
	if (size_parse(text, strlen(text), &bytes, &e) == OK)
		return bytes;
	CHECK(e.code == ERR_USAGE);
	CHECK(strstr(e.text, text));
	return -1;
}

static void test_duration_parse(void)
{
	CHECK(duration("0") == 0);
	CHECK(duration("0s") == 0);
	CHECK(duration("0.0") == 0);
	CHECK(duration("1ns") == 1);
	CHECK(duration("250ms") == 250 * MILLISECOND);
	CHECK(duration("7us") == 7 * MICROSECOND);
	CHECK(duration("90s") == 90 * SECOND);
	CHECK(duration("1.5h") == 90 * MINUTE);
	CHECK(duration("7d") == 7 * DAY);
	CHECK(duration("2w") == 14 * DAY);
	CHECK(duration("0.1s") == 100 * MILLISECOND);
	CHECK(duration("0.000000001s") == 1);
	CHECK(duration("0.3333333333333333333333333333s") == 333333333);
	CHECK(duration("9223372036854775807ns") == INT64_MAX);
	CHECK(duration("9223372036.854775807s") == INT64_MAX);
}

static void test_duration_rubbish(void)
{
	static const char *const bad[] = {"",    "5",    "s",   "-5s", "5 s", "5S",   "5min", ".5s",   "1.s",
					  "1.5", "1e3s", "5ss", "5s ", "+5s", "0x5s", "5mss", "1h30m", "inf"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(duration(bad[i]) == -1);
	CHECK(duration("9223372036854775808ns") == -1);
	CHECK(duration("106752d") == -1);
	CHECK(duration("99999999999999999999999999s") == -1);
	int64_t ns;
	CHECK(duration_parse("5sec", 2, &ns, NULL) == OK && ns == 5 * SECOND);
}

static void test_size_parse(void)
{
	CHECK(size("0") == 0);
	CHECK(size("17") == 17);
	CHECK(size("64K") == 65536);
	CHECK(size("64k") == 65536);
	CHECK(size("1.5G") == INT64_C(1610612736));
	CHECK(size("2T") == INT64_C(2) << 40);
	CHECK(size("1.3K") == 1331);
	CHECK(size("9223372036854775807") == INT64_MAX);
	CHECK(size("9223372036854775808") == -1);
	CHECK(size("8388608T") == -1);
	CHECK(size("") == -1);
	CHECK(size("K") == -1);
	CHECK(size("5KB") == -1);
	CHECK(size("5P") == -1);
	CHECK(size("-1") == -1);
	CHECK(size("1 K") == -1);
}

static void check_duration_text(int64_t ns, const char *want)
{
	char out[32];
	duration_text(ns, out);
	CHECK_TEXT(out, strlen(out), want);
	if (ns >= 0)
		CHECK(duration(out) == ns);
}

static void test_duration_text(void)
{
	check_duration_text(0, "0");
	check_duration_text(90 * SECOND, "90s");
	check_duration_text(MINUTE, "1m");
	check_duration_text(250 * MILLISECOND, "250ms");
	check_duration_text(1500 * MILLISECOND, "1.5s");
	check_duration_text(7 * DAY, "7d");
	check_duration_text(14 * DAY, "2w");
	check_duration_text(DAY, "1d");
	check_duration_text(1, "1ns");
	check_duration_text(1234567891, "1234567891ns");
	check_duration_text(-5 * SECOND, "-5s");
	check_duration_text(INT64_MAX, "9223372036854775807ns");
	char out[32];
	duration_text(INT64_MIN, out);
	CHECK_TEXT(out, strlen(out), "-9223372036854775808ns");
	uint64_t x = 1;
	for (int i = 0; i < 10000; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		int64_t ns = (int64_t)(x >> (1 + i % 60));
		duration_text(ns, out);
		CHECK(duration(out) == ns);
	}
}

static void check_size_text(int64_t bytes, const char *want)
{
	char out[32];
	size_text(bytes, out);
	CHECK_TEXT(out, strlen(out), want);
}

static void test_size_text(void)
{
	check_size_text(0, "0");
	check_size_text(999, "999");
	check_size_text(1000, "1K");
	check_size_text(1024, "1K");
	check_size_text(1300, "1.3K");
	check_size_text(65536, "64K");
	check_size_text(999 * 1024, "999K");
	check_size_text(1023 * 1024, "1M");
	check_size_text(INT64_C(1288490189), "1.2G");
	check_size_text(INT64_MAX, "8E");
	check_size_text(-2048, "-2K");
}

int main(void)
{
	test_duration_parse();
	test_duration_rubbish();
	test_size_parse();
	test_duration_text();
	test_size_text();
	return test_done();
}
