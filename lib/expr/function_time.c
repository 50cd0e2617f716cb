/* Functions on times: in UTC, or by the clocks of a zone. */
#include <math.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone.h"
#include "expr/arith.h"
#include "expr/function.h"

/* The zone that argument i names; UTC if it is left out. */
static const struct zone *zone_arg(const struct node *n, uint32_t i)
{
	return i < n->arg_count ? n->args[i]->zone : NULL;
}

/* A number since 1970 whose magnitude tells the unit. What is exact is scaled exactly: nanoseconds have more digits
   than a double. */
static bool time_of_number(struct value v, int64_t *ns)
{
	static const int64_t limits[] = {100000000000, 100000000000000, 100000000000000000}, units[] = {9, 6, 3};
	if (operand_of(&v) != OPERAND_EXACT)
		return timestamp_from_number(number_double(v), ns);
	__int128 size = v.i < 0 ? -(__int128)v.i : v.i, one = power10(v.scale);
	unsigned places = 0;
	for (int i = 2; i >= 0; i--)
		if (size < limits[i] * one)
			places = (unsigned)units[i];
	__int128 scaled = places >= v.scale ? (__int128)v.i * power10(places - v.scale)
					    : (__int128)v.i / power10(v.scale - places);
	*ns = (int64_t)scaled;
	return scaled >= INT64_MIN && scaled <= INT64_MAX;
}

/* Whether a text that is a time says how far from UTC it is: behind the date, a Z or a sign. */
static bool has_offset(struct value s)
{
	for (uint32_t i = 10; i < s.len; i++)
		if (strchr("Zz+-", s.s[i]))
			return true;
	return false;
}

/* `now` and numbers are the same everywhere. */
static bool is_local(struct value s)
{
	return s.len >= 10 && s.s[4] == '-' && !has_offset(s);
}

static struct value call_time(struct eval *ev, const struct node *n, const struct value *a)
{
	int64_t ns;
	struct error e;
	if (a->type == TYPE_TIME)
		return *a;
	if (a->type == TYPE_STRING) {
		if (timestamp_parse(a->s, a->len, &ns, &e))
			return eval_error(ev, n, "%s", e.text);
		return value_time(is_local(*a) ? zone_utc(zone_arg(n, 1), ns) : ns);
	}
	if (!value_is_number(*a))
		return eval_error(ev, n, "time reads a string or a number, not %s", value_type_name(*a));
	if (!time_of_number(*a, &ns))
		return eval_error(ev, n, "the number is no time between the years 1677 and 2262");
	return value_time(ns);
}

/* With a NUL behind it, as constants have it; NULL if there is a NUL in it. */
static const char *format_text(struct eval *ev, const struct node *n, struct value format)
{
	if (n->args[1]->op == OP_CONST)
		return format.s;
	if (format.len && memchr(format.s, 0, format.len))
		return NULL;
	return arena_copy(ev->arena, format.s, format.len);
}

static struct value call_strptime(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *format = format_text(ev, n, a[1]);
	int64_t ns;
	size_t read = format ? timestamp_scan_in(a[0].s, a[0].len, format, ev->x->now, zone_arg(n, 2), &ns) : 0;
	if (!read || read != a[0].len)
		return eval_error(ev, n, "\"%.*s\" is not of that format", (int)(a[0].len > 60 ? 60 : a[0].len),
				  a[0].s);
	return value_time(ns);
}

static struct value call_strftime(struct eval *ev, const struct node *n, const struct value *a)
{
	char text[512];
	const char *format = format_text(ev, n, a[1]);
	size_t len = format ? timestamp_format_in(a[0].i, format, zone_arg(n, 2), text, sizeof text) : 0;
	if (!len && a[1].len)
		return eval_error(ev, n, "the format has a directive that is not known, or gives too long a text");
	return value_string(arena_copy(ev->arena, text, len), len);
}

static struct value call_now(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)n, (void)a;
	return value_time(ev->x->now);
}

static int64_t day_of(int64_t ns, int64_t *rest)
{
	int64_t day = ns / DAY;
	*rest = ns % DAY;
	if (*rest < 0) {
		*rest += DAY;
		day--;
	}
	return day;
}

struct civil {
	int64_t days; /* since 1970 */
	int64_t year;
	int month, day;
	int64_t rest; /* nanoseconds of the day */
};

static struct civil civil_at(int64_t local)
{
	struct civil c;
	c.days = day_of(local, &c.rest);
	civil_from_days(c.days, &c.year, &c.month, &c.day);
	return c;
}

static struct civil civil_of(const struct node *n, struct value time)
{
	return civil_at(zone_local(zone_arg(n, 1), time.i));
}

static struct value call_year(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).year);
}

static struct value call_month(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).month);
}

static struct value call_day(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).day);
}

static struct value call_hour(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).rest / HOUR);
}

static struct value call_minute(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).rest / MINUTE % 60);
}

static struct value call_second(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(civil_of(n, *a).rest / SECOND % 60);
}

/* Of Monday 1, of Sunday 7 (ISO 8601). 1970 began with a Thursday. */
static int64_t weekday(int64_t days)
{
	return ((days + 3) % 7 + 7) % 7 + 1;
}

static struct value call_weekday(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return value_int(weekday(civil_of(n, *a).days));
}

static struct value call_yearday(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	struct civil c = civil_of(n, *a);
	return value_int(c.days - days_from_civil(c.year, 1, 1) + 1);
}

/* A week belongs to the year that its Thursday lies in. */
static struct value call_week(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	int64_t days = civil_of(n, *a).days, thursday = days + 4 - weekday(days), year;
	int month, day;
	civil_from_days(thursday, &year, &month, &day);
	return value_int((thursday - days_from_civil(year, 1, 1)) / 7 + 1);
}

/* -- the beginning of a stretch of time -- */

static int64_t first_day(const struct civil *c, const char *unit)
{
	switch (unit[0]) {
	case 'y': return days_from_civil(c->year, 1, 1);
	case 'q': return days_from_civil(c->year, (c->month - 1) / 3 * 3 + 1, 1);
	case 'm': return days_from_civil(c->year, c->month, 1);
	default: return c->days - (weekday(c->days) - 1);
	}
}

/* Stretches of the calendar that are of different lengths, and weeks, which begin on Mondays; NULL: it is none. */
static const char *calendar_unit(struct value s)
{
	static const char *const units[] = {"year", "quarter", "month", "week"};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (s.len == strlen(units[i]) && !memcmp(s.s, units[i], s.len))
			return units[i];
	return NULL;
}

static struct value trunc_calendar(struct eval *ev, const struct node *n, const struct value *a)
{
	const struct zone *zone = zone_arg(n, 2);
	const char *unit = calendar_unit(a[1]);
	int64_t clock;
	if (!unit)
		return eval_error(ev, n, "the second argument is a duration, like 1h, or one of %s",
				  "\"year\", \"quarter\", \"month\", \"week\"");
	/* By the clock that never goes back: what lies in one stretch has one beginning. */
	struct civil c = civil_at(zone_clock(zone, a[0].i));
	if (__builtin_mul_overflow(first_day(&c, unit), DAY, &clock))
		return eval_error(ev, n, "the result is no time between the years 1677 and 2262");
	return value_time(zone_instant(zone, clock));
}

static struct value call_trunc(struct eval *ev, const struct node *n, const struct value *a)
{
	int64_t size;
	if (a[1].type == TYPE_STRING)
		return trunc_calendar(ev, n, a);
	if (!value_is_number(a[1]) || !seconds_to_ns(a[1], &size) || size <= 0)
		return eval_error(ev, n, "the second argument is a duration above 0, like 1h");
	int64_t result = zone_floor(zone_arg(n, 2), a[0].i, size);
	if (result == TIMESTAMP_MIN)
		return eval_error(ev, n, "the result is no time between the years 1677 and 2262");
	return value_time(result);
}

const struct function functions_time[] = {
	{"time", "a|z", "time(x[, zone])", "a time from a text or number", call_time, 0, OP_CALL},
	{"strptime", "sD|z", "strptime(s, format[, zone])", "a time from a text of this format", call_strptime, 0,
	 OP_CALL},
	{"strftime", "td|z", "strftime(time, format[, zone])", "the text of a time", call_strftime, 0, OP_CALL},
	{"trunc", "ta|z", "trunc(time, duration[, zone])", "the last multiple of 1h, 1d, ... or \"month\"", call_trunc,
	 0, OP_CALL},
	{"now", "", "now()", "the time when the command began", call_now, 0, OP_CALL},
	{"year", "t|z", "year(time[, zone])", "of a time", call_year, 0, OP_CALL},
	{"month", "t|z", "month(time[, zone])", "1 to 12", call_month, 0, OP_CALL},
	{"day", "t|z", "day(time[, zone])", "1 to 31", call_day, 0, OP_CALL},
	{"hour", "t|z", "hour(time[, zone])", "0 to 23", call_hour, 0, OP_CALL},
	{"minute", "t|z", "minute(time[, zone])", "0 to 59", call_minute, 0, OP_CALL},
	{"second", "t|z", "second(time[, zone])", "0 to 59", call_second, 0, OP_CALL},
	{"weekday", "t|z", "weekday(time[, zone])", "1, a Monday, to 7", call_weekday, 0, OP_CALL},
	{"week", "t|z", "week(time[, zone])", "1 to 53, of ISO 8601", call_week, 0, OP_CALL},
	{"yearday", "t|z", "yearday(time[, zone])", "1 to 366", call_yearday, 0, OP_CALL},
	{0},
};
