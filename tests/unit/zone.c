/* Time zones: what libc says of the same instants, the changes of 2026, gaps and overlaps, names, damaged files. */
#include "base/zone.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone_private.h"
#include "test.h"

static struct arena arena;
static uint64_t seed = 1;

static uint64_t draw(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return seed ^ seed >> 29;
}

static const struct zone *load(const char *name)
{
	const struct zone *z = NULL;
	struct error e = {0};
	int code = zone_load(name, strlen(name), &arena, &z, &e);
	if (code)
		fprintf(stderr, "%s\n", e.text);
	CHECK(!code);
	return z;
}

static int64_t at(const char *time)
{
	int64_t ns = 0;
	CHECK(timestamp_read(time, strlen(time), &ns) == strlen(time));
	return ns;
}

#define SAME_TIME(got, want)                                                                                           \
	do {                                                                                                           \
		char text_[32];                                                                                        \
		size_t len_ = timestamp_text(got, text_);                                                              \
		CHECK_TEXT(text_, len_, want);                                                                         \
	} while (0)

/* Random instants of three centuries, those around each change among them. */
static void check_libc(const char *name)
{
	const struct zone *z = load(name);
	setenv("TZ", name, 1);
	tzset();
	int64_t t = 0;
	for (int i = 0; i < 4000; i++) {
		struct zone_period p = zone_period(z, t);
		t = i % 3 && p.end != TIMESTAMP_MAX ? p.end - (i % 3 - 1) * SECOND
						    : ((int64_t)(draw() % UINT64_C(16000000000)) - 7500000000) * SECOND;
		time_t seconds = t / SECOND;
		struct tm tm;
		localtime_r(&seconds, &tm);
		p = zone_period(z, t);
		CHECK(p.begin <= t && t < p.end);
		if (p.offset != tm.tm_gmtoff * SECOND || strcmp(p.name, tm.tm_zone)) {
			fprintf(stderr, "%s %lld: %lld %s, libc %ld %s\n", name, (long long)seconds,
				(long long)(p.offset / SECOND), p.name, tm.tm_gmtoff, tm.tm_zone);
			CHECK(!"another offset than libc");
			break;
		}
	}
}

static void test_libc(void)
{
	static const char *const names[] = {
		"Europe/Berlin",       "America/New_York", "America/Santiago",  "America/St_Johns", "Asia/Kolkata",
		"Australia/Lord_Howe", "Pacific/Apia",     "Africa/Casablanca", "America/Havana",   "Europe/Dublin",
		"Antarctica/Troll",    "Asia/Tehran",      "Asia/Gaza",         "America/Nuuk",     "Etc/GMT+12",
		"Pacific/Kiritimati",  "EST5EDT",          "Africa/Cairo"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_libc(names[i]);
	unsetenv("TZ");
}

static void test_changes(void)
{
	const struct zone *berlin = load("Europe/Berlin"), *york = load("America/New_York");
	struct zone_period p = zone_period(berlin, at("2026-03-29T01:00:00Z"));
	SAME_TIME(p.begin, "2026-03-29T01:00:00Z");
	SAME_TIME(p.end, "2026-10-25T01:00:00Z");
	CHECK(p.offset == 2 * HOUR && p.before == HOUR && !strcmp(p.name, "CEST"));
	p = zone_period(york, at("2026-03-08T06:59:59Z"));
	SAME_TIME(p.end, "2026-03-08T07:00:00Z");
	CHECK(p.offset == -5 * HOUR && !strcmp(p.name, "EST"));
	/* By the rule, long after the file's last change. */
	SAME_TIME(zone_local(berlin, at("2200-07-01T00:00:00Z")), "2200-07-01T02:00:00Z");
	SAME_TIME(zone_local(berlin, at("2200-12-01T00:00:00Z")), "2200-12-01T01:00:00Z");
	/* Local to UTC: plain, in the gap, in the overlap. */
	SAME_TIME(zone_utc(berlin, at("2026-07-01T12:00:00Z")), "2026-07-01T10:00:00Z");
	SAME_TIME(zone_utc(berlin, at("2026-03-29T02:30:00Z")), "2026-03-29T01:30:00Z");
	SAME_TIME(zone_utc(berlin, at("2026-03-29T03:00:00Z")), "2026-03-29T01:00:00Z");
	SAME_TIME(zone_utc(berlin, at("2026-10-25T02:30:00Z")), "2026-10-25T00:30:00Z");
	SAME_TIME(zone_utc(berlin, at("2026-10-25T03:00:00Z")), "2026-10-25T02:00:00Z");
	SAME_TIME(zone_utc(york, at("2026-11-01T01:30:00Z")), "2026-11-01T05:30:00Z");
	SAME_TIME(zone_utc(NULL, at("2026-11-01T01:30:00Z")), "2026-11-01T01:30:00Z");
	SAME_TIME(zone_utc(load("+05:30"), at("2026-11-01T01:30:00Z")), "2026-10-31T20:00:00Z");
	CHECK(zone_local(berlin, TIMESTAMP_MAX) == TIMESTAMP_MAX && zone_local(york, TIMESTAMP_MIN) == TIMESTAMP_MIN);
	int64_t offset = 0;
	CHECK(zone_abbreviation(berlin, "CEST 2026", 9, &offset) == 4 && offset == 2 * HOUR);
	CHECK(zone_abbreviation(berlin, "PST", 3, &offset) == 0);
}

static void test_floor(void)
{
	const struct zone *berlin = load("Europe/Berlin"), *york = load("America/New_York");
	/* Days of 23 and of 25 hours. */
	SAME_TIME(zone_floor(berlin, at("2026-03-29T21:59:59Z"), DAY), "2026-03-28T23:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-03-29T22:00:00Z"), DAY), "2026-03-29T22:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-10-25T22:59:59Z"), DAY), "2026-10-24T22:00:00Z");
	SAME_TIME(zone_floor(york, at("2026-11-02T04:59:59Z"), DAY), "2026-11-01T04:00:00Z");
	/* Hours are hours; four of the clock are three or five. */
	SAME_TIME(zone_floor(berlin, at("2026-10-25T00:59:59Z"), HOUR), "2026-10-25T00:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-10-25T01:30:00Z"), HOUR), "2026-10-25T01:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-10-25T02:59:59Z"), 4 * HOUR), "2026-10-24T22:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-10-25T03:00:00Z"), 4 * HOUR), "2026-10-25T03:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-03-29T02:00:00Z"), 4 * HOUR), "2026-03-29T02:00:00Z");
	SAME_TIME(zone_floor(berlin, at("2026-03-29T01:59:59Z"), 4 * HOUR), "2026-03-28T23:00:00Z");
	SAME_TIME(zone_floor(load("Asia/Kolkata"), at("2026-01-01T00:10:00Z"), HOUR), "2025-12-31T23:30:00Z");
	/* Midnight skipped, midnight twice, the day before once more after midnight, a day left out. */
	SAME_TIME(zone_floor(load("America/Santiago"), at("2026-09-06T12:00:00Z"), DAY), "2026-09-06T04:00:00Z");
	SAME_TIME(zone_floor(load("America/Santiago"), at("2026-04-05T03:30:00Z"), DAY), "2026-04-04T03:00:00Z");
	SAME_TIME(zone_floor(load("America/Havana"), at("2026-11-01T05:30:00Z"), DAY), "2026-11-01T04:00:00Z");
	SAME_TIME(zone_floor(load("America/St_Johns"), at("2010-11-07T03:00:00Z"), DAY), "2010-11-07T02:30:00Z");
	SAME_TIME(zone_floor(load("Pacific/Apia"), at("2011-12-30T12:00:00Z"), DAY), "2011-12-30T10:00:00Z");
	SAME_TIME(zone_floor(NULL, at("2026-01-01T12:34:56Z"), DAY), "2026-01-01T00:00:00Z");
}

/* The clock never falls; an instant of it is where it first shows that, or more. */
static void test_clock(void)
{
	static const char *const names[] = {"Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns",
					    "America/Santiago"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct zone *z = load(names[i]);
		int64_t last = TIMESTAMP_MIN;
		for (int64_t t = at("2009-01-01T00:00:00Z"); t < at("2012-06-01T00:00:00Z"); t += 17 * MINUTE + 13) {
			int64_t clock = zone_clock(z, t), first = zone_instant(z, clock);
			if (clock < last || first > t || zone_clock(z, first) < clock ||
			    zone_clock(z, first - 1) >= clock) {
				fprintf(stderr, "%s %lld\n", names[i], (long long)t);
				CHECK(!"the clock");
				break;
			}
			last = clock;
			/* What lies in one stretch has one start, and that is its own. */
			for (int64_t size = 10 * MINUTE; size <= 7 * DAY; size *= 3) {
				int64_t start = zone_floor(z, t, size);
				CHECK(start <= t && zone_floor(z, start, size) == start);
			}
		}
	}
	int64_t phase;
	CHECK(zone_is_even(load("Asia/Kolkata"), HOUR, &phase) && phase == 30 * MINUTE);
	CHECK(!zone_is_even(load("Australia/Lord_Howe"), HOUR, &phase));
	CHECK(zone_is_even(load("Australia/Lord_Howe"), 10 * MINUTE, &phase) && !phase);
	CHECK(!zone_is_even(load("Europe/Berlin"), 2 * HOUR, &phase) && !zone_is_even(NULL, 7 * MINUTE, &phase));
}

static void refused(const char *name, int code, const char *part)
{
	const struct zone *z;
	struct error e = {0};
	CHECK(zone_load(name, strlen(name), &arena, &z, &e) == code);
	if (!strstr(e.text, part))
		fprintf(stderr, "%s: %s\n", name, e.text);
	CHECK(strstr(e.text, part) && !z);
}

static void test_names(void)
{
	CHECK(!load("UTC") && !load("Etc/UTC") && !load("Z"));
	refused("Europe/Belrin", ERR_USAGE, "did you mean Europe/Berlin?");
	refused("berlin", ERR_USAGE, "did you mean Europe/Berlin?");
	refused("../../etc/passwd", ERR_USAGE, "is no time zone");
	refused("/etc/passwd", ERR_USAGE, "is no time zone");
	refused("Europe//Berlin", ERR_USAGE, "is no time zone");
	refused("Europe/", ERR_USAGE, "is no time zone");
	refused("", ERR_USAGE, "is no time zone");
	refused("+25:00", ERR_USAGE, "no time zone");
	refused("Europe", ERR_USAGE, "no time zone");
	refused("tzdata.zi", ERR_USAGE, "is no time zone");
	refused("Nowhere/At_All_Whatsoever", ERR_USAGE, "is written like Europe/Berlin");
	setenv("TZDIR", "/nonexistent", 1);
	refused("Europe/Berlin", ERR_FAILED, "install tzdata");
	CHECK(!load("UTC") && load("-03:00"));
	unsetenv("TZDIR");
}

/* Every cut and every changed byte of a file is refused or read, and never read past its end. */
static void test_damage(void)
{
	static unsigned char whole[8192];
	int fd = open("/usr/share/zoneinfo/Europe/Berlin", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, whole, sizeof whole);
	CHECK(n > 44);
	for (ssize_t len = 0; len <= n; len++) {
		unsigned char *exact = malloc(len ? (size_t)len : 1);
		struct arena a = {0};
		struct zone z = {.arena = &a};
		memcpy(exact, whole, (size_t)len);
		bool read_all = zone_parse(&z, exact, (size_t)len);
		CHECK(read_all == (len == n));
		free(exact);
		arena_release(&a);
	}
	for (int i = 0; i < 20000; i++) {
		unsigned char *copy = malloc((size_t)n);
		struct arena a = {0};
		struct zone z = {.arena = &a};
		memcpy(copy, whole, (size_t)n);
		copy[draw() % (i % 2 ? 60 : (uint64_t)n)] = (unsigned char)draw();
		copy[draw() % (uint64_t)n] ^= (unsigned char)(1 << draw() % 8);
		if (zone_parse(&z, copy, (size_t)n)) {
			struct zone_period p = zone_period(&z, (int64_t)draw());
			CHECK(strlen(p.name) < 8192);
			zone_floor(&z, (int64_t)draw(), DAY);
		}
		free(copy);
		arena_release(&a);
	}
	if (fd >= 0)
		close(fd);
}

static void test_rules(void)
{
	static const char *const bad[] = {
		"",        "X",      "CET-1CEST,M3.5.0",  "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-200", "<CET-1", "CET-1CEST,J0,J365", "CET-1CEST,M3.5.0,M10.5.0x"};
	struct zone_type types[8] = {{.name = "LMT"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct zone z = {.arena = &arena, .types = types, .type_count = 1};
		CHECK(!zone_add_rule(&z, bad[i], strlen(bad[i])));
	}
	/* Days by number; summer over New Year; without a rule of its own it is refused above. */
	struct zone z = {.arena = &arena, .types = types, .type_count = 1};
	const char *rule = "AAA3BBB,J300/0,59/1:30";
	CHECK(zone_add_rule(&z, rule, strlen(rule)));
	struct zone_period p = zone_period(&z, at("2024-01-15T00:00:00Z"));
	CHECK(p.offset == -2 * HOUR && !strcmp(p.name, "BBB"));
	SAME_TIME(p.begin, "2023-10-27T03:00:00Z");
	SAME_TIME(p.end, "2024-02-29T03:30:00Z");
	SAME_TIME(zone_period(&z, at("2024-12-15T00:00:00Z")).begin, "2024-10-27T03:00:00Z");
}

int main(void)
{
	CHECK(load("Europe/Berlin"));
	if (test_failures) {
		fprintf(stderr, "tzdata is not there\n");
		return test_done();
	}
	test_libc();
	test_changes();
	test_floor();
	test_clock();
	test_names();
	test_damage();
	test_rules();
	arena_release(&arena);
	return test_done();
}
