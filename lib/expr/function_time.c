/* Functions on times, all in UTC. */
#include <math.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "expr/arith.h"
#include "expr/function.h"

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

static struct value call_time(struct eval *ev, const struct node *n, const struct value *a)
{
	int64_t ns;
	struct error e;
	if (a->type == TYPE_TIME)
		return *a;
	if (a->type == TYPE_STRING) {
		if (timestamp_parse(a->s, a->len, &ns, &e))
			return eval_error(ev, n, "%s", e.text);
		return value_time(ns);
	}
	if (!value_is_number(*a))
		return eval_error(ev, n, "time reads a string or a number, not %s", value_type_name(*a));
	if (!time_of_number(*a, &ns))
		return eval_error(ev, n, "the number is no time between the years 1677 and 2262");
	return value_time(ns);
}

/* A NUL-terminated copy, or NULL if there is a NUL in it. */
static const char *format_text(struct eval *ev, struct value format)
{
	if (format.len && memchr(format.s, 0, format.len))
		return NULL;
	return arena_copy(ev->arena, format.s, format.len);
}

static struct value call_strptime(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *format = format_text(ev, a[1]);
	int64_t ns;
	size_t read = format ? timestamp_scan(a[0].s, a[0].len, format, ev->x->now, &ns) : 0;
	if (!read || read != a[0].len)
		return eval_error(ev, n, "\"%.*s\" is not of that format", (int)(a[0].len > 60 ? 60 : a[0].len),
				  a[0].s);
	return value_time(ns);
}

static struct value call_strftime(struct eval *ev, const struct node *n, const struct value *a)
{
	char text[512];
	const char *format = format_text(ev, a[1]);
	size_t len = format ? timestamp_format(a[0].i, format, text, sizeof text) : 0;
	if (!len && a[1].len)
		return eval_error(ev, n, "the format has a directive that is not known, or gives too long a text");
	return value_string(arena_copy(ev->arena, text, len), len);
}

static struct value call_trunc(struct eval *ev, const struct node *n, const struct value *a)
{
	int64_t unit, result;
	if (!seconds_to_ns(a[1], &unit) || unit <= 0)
		return eval_error(ev, n, "the second argument is a duration above 0, like 1h");
	int64_t over = a[0].i % unit;
	if (over < 0)
		over += unit;
	if (__builtin_sub_overflow(a[0].i, over, &result))
		return eval_error(ev, n, "the result is no time between the years 1677 and 2262");
	return value_time(result);
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
	int64_t year;
	int month, day;
	int64_t rest; /* nanoseconds of the day */
};

static struct civil civil_of(struct value time)
{
	struct civil c;
	civil_from_days(day_of(time.i, &c.rest), &c.year, &c.month, &c.day);
	return c;
}

static struct value call_year(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).year);
}

static struct value call_month(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).month);
}

static struct value call_day(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).day);
}

static struct value call_hour(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).rest / HOUR);
}

static struct value call_minute(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).rest / MINUTE % 60);
}

static struct value call_second(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_int(civil_of(*a).rest / SECOND % 60);
}

const struct function functions_time[] = {
	{"time", "a", "time(x)", call_time, 0, OP_CALL},
	{"strptime", "ss", "strptime(s, format)", call_strptime, 0, OP_CALL},
	{"strftime", "ts", "strftime(time, format)", call_strftime, 0, OP_CALL},
	{"trunc", "tn", "trunc(time, duration)", call_trunc, 0, OP_CALL},
	{"now", "", "now()", call_now, 0, OP_CALL},
	{"year", "t", "year(time)", call_year, 0, OP_CALL},
	{"month", "t", "month(time)", call_month, 0, OP_CALL},
	{"day", "t", "day(time)", call_day, 0, OP_CALL},
	{"hour", "t", "hour(time)", call_hour, 0, OP_CALL},
	{"minute", "t", "minute(time)", call_minute, 0, OP_CALL},
	{"second", "t", "second(time)", call_second, 0, OP_CALL},
	{0},
};
