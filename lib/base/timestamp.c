#include "base/timestamp.h"

#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/units.h"

static int64_t clock_now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t timestamp_now(void)
{
	return clock_now(CLOCK_REALTIME);
}

int64_t monotonic_now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

/* The time of day, its decimals and its offset, from behind the T. Returns bytes read, 0 if it is none, SIZE_MAX
   if it looks like one and isn't. */
static size_t read_time(const char *p, size_t len, struct calendar *c)
{
	if (len < 5 || p[2] != ':')
		return 0;
	unsigned hour = two_digits(p), minute = two_digits(p + 3);
	if (hour > 99 || minute > 99)
		return 0;
	size_t at = 5;
	unsigned second;
	c->hour = (int)hour;
	c->minute = (int)minute;
	if (len >= 8 && p[5] == ':' && (second = two_digits(p + 6)) <= 99) {
		c->second = (int)second;
		at = 8;
		if (len >= 10 && (p[8] == '.' || p[8] == ',') && is_digit(p[9]))
			at = 9 + calendar_decimals(p + 9, len - 9, &c->ns);
	}
	size_t used = calendar_offset(p + at, len - at, &c->offset);
	return used == SIZE_MAX ? SIZE_MAX : at + used;
}

size_t timestamp_read(const char *p, size_t len, int64_t *ns)
{
	if (len < 10 || p[4] != '-' || p[7] != '-')
		return 0;
	unsigned century = two_digits(p), year = two_digits(p + 2), month = two_digits(p + 5), day = two_digits(p + 8);
	if ((century | year | month | day) > 127)
		return 0;
	struct calendar c = {.year = century * 100 + year, .month = (int)month, .day = (int)day};
	size_t used = 0;
	if (len > 10 && (p[10] == 'T' || p[10] == 't' || p[10] == ' '))
		used = read_time(p + 11, len - 11, &c);
	if (used == SIZE_MAX || !calendar_time(&c, ns))
		return 0;
	return used ? 11 + used : 10;
}

size_t timestamp_read_clf(const char *p, size_t len, int64_t *ns)
{
	if (len < 26 || p[2] != '/' || p[6] != '/' || p[11] != ':' || p[14] != ':' || p[17] != ':' || p[20] != ' ')
		return 0;
	unsigned day = two_digits(p), century = two_digits(p + 7), year = two_digits(p + 9), hour = two_digits(p + 12),
		 minute = two_digits(p + 15), second = two_digits(p + 18);
	if ((day | century | year | hour | minute | second) > 127)
		return 0;
	struct calendar c = {.year = century * 100 + year,
			     .month = month_of(p + 3),
			     .day = (int)day,
			     .hour = (int)hour,
			     .minute = (int)minute,
			     .second = (int)second};
	if (calendar_offset(p + 21, 5, &c.offset) != 5 || !calendar_time(&c, ns))
		return 0;
	return 26;
}

bool timestamp_from_decimal(int64_t i, unsigned scale, int64_t *ns)
{
	static const int64_t limits[] = {INT64_C(100000000000), INT64_C(100000000000000), INT64_C(100000000000000000)};
	static const int64_t sizes[] = {SECOND, MILLISECOND, MICROSECOND, NANOSECOND};
	if (scale > 18)
		return false;
	__int128 power = 1;
	for (unsigned k = 0; k < scale; k++)
		power *= 10;
	__int128 size = i < 0 ? -(__int128)i : i;
	int unit = 0;
	while (unit < 3 && size >= limits[unit] * power)
		unit++;
	size = size * sizes[unit] / power;
	if (size >= TIMESTAMP_MAX)
		return false;
	*ns = (int64_t)(i < 0 ? -size : size);
	return true;
}

bool timestamp_from_number(double number, int64_t *ns)
{
	double size = number < 0 ? -number : number;
	if (!(size < 9.2e18))
		return false;
	if (size >= 1e17) {
		*ns = (int64_t)number;
		return true;
	}
	/* A double of today's seconds is good for 240 ns: microseconds are what was meant. */
	double micros = size < 1e11 ? number * 1e6 : size < 1e14 ? number * 1e3 : number;
	return !__builtin_mul_overflow((int64_t)(micros + (micros < 0 ? -0.5 : 0.5)), MICROSECOND, ns);
}

/* A decimal of at most 18 digits behind a sign; more are a time of no unit. */
static bool read_number(const char *p, size_t len, int64_t *ns)
{
	size_t i = len && (*p == '-' || *p == '+');
	int64_t n = 0;
	unsigned scale = 0, digits = 0;
	bool point = false;
	for (; i < len; i++) {
		if (p[i] == '.' && !point && digits) {
			point = true;
			continue;
		}
		if (!is_digit(p[i]))
			return false;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, p[i] - '0', &n))
			return false;
		scale += point;
		digits++;
	}
	return digits && is_digit(p[len - 1]) && timestamp_from_decimal(*p == '-' ? -n : n, scale, ns);
}

static bool read_now(const char *p, size_t len, int64_t *ns)
{
	if (len < 3 || memcmp(p, "now", 3))
		return false;
	*ns = timestamp_now();
	if (len == 3)
		return true;
	int64_t shift;
	if ((p[3] != '-' && p[3] != '+') || duration_parse(p + 4, len - 4, &shift, NULL) != OK)
		return false;
	return p[3] == '-' ? !__builtin_sub_overflow(*ns, shift, ns) : !__builtin_add_overflow(*ns, shift, ns);
}

int timestamp_parse(const char *text, size_t len, int64_t *ns, struct error *e)
{
	if ((len && timestamp_read(text, len, ns) == len) || read_now(text, len, ns) || read_number(text, len, ns))
		return OK;
	return error_set(e, ERR_USAGE,
			 "`%.*s` is no time: 2026-11-22T19:37:33Z, 2026-11-22, now-1h, or a number since 1970",
			 (int)len, text);
}

static char *put_two(char *p, int n)
{
	p[0] = (char)('0' + n / 10);
	p[1] = (char)('0' + n % 10);
	return p + 2;
}

size_t timestamp_text(int64_t ns, char out[32])
{
	struct calendar c;
	calendar_split(ns, &c);
	char *p = put_two(out, (int)c.year / 100);
	p = put_two(p, (int)c.year % 100);
	*p++ = '-';
	p = put_two(p, c.month);
	*p++ = '-';
	p = put_two(p, c.day);
	*p++ = 'T';
	p = put_two(p, c.hour);
	*p++ = ':';
	p = put_two(p, c.minute);
	*p++ = ':';
	p = put_two(p, c.second);
	if (c.ns) {
		int places = c.ns % 1000 ? 9 : c.ns % 1000000 ? 6 : 3;
		char digits[10];
		put_two(digits, c.ns / 100000000);
		for (int i = 9, n = c.ns; i > 0; i--, n /= 10)
			digits[i] = (char)('0' + n % 10);
		*p++ = '.';
		memcpy(p, digits + 1, 9);
		p += places;
	}
	*p++ = 'Z';
	*p = 0;
	return (size_t)(p - out);
}
