#include "base/calendar.h"

#include "base/timestamp.h"
#include "base/units.h"

const char calendar_months[12][10] = {"January", "February", "March",     "April",   "May",      "June",
				      "July",    "August",   "September", "October", "November", "December"};
const char calendar_days[7][10] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

const char *calendar_composite(char directive)
{
	switch (directive) {
	case 'T': return "%H:%M:%S";
	case 'D': return "%m/%d/%y";
	case 'F': return "%Y-%m-%d";
	case 'R': return "%H:%M";
	default: return NULL;
	}
}

int64_t days_from_civil(int64_t year, int month, int day)
{
	/* Years that begin in March have their leap day at the end, and months of 30.6 days. */
	int64_t y = year - (month <= 2);
	int64_t cycle = (y >= 0 ? y : y - 399) / 400;
	int64_t of_cycle = y - cycle * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return cycle * 146097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719468;
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	days += 719468;
	int64_t cycle = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_cycle = days - cycle * 146097;
	/* Leave out the leap days passed so far; what is left divides by 365. */
	int64_t y = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
	int of_year = (int)(of_cycle - (365 * y + y / 4 - y / 100));
	int m = (5 * of_year + 2) / 153;
	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + cycle * 400 + (*month <= 2);
}

bool calendar_time(const struct calendar *c, int64_t *ns)
{
	if (c->month < 1 || c->month > 12 || c->day < 1 || (c->day > 28 && c->day > month_days(c->year, c->month)))
		return false;
	/* 60 is a leap second: the second after it. */
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return false;
	int64_t seconds = days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 +
			  c->second - c->offset;
	/* A negative time is a second downwards and nanoseconds upwards: count both downwards, lest the product
	 * overflow. */
	int64_t part = c->ns;
	if (seconds < 0) {
		seconds++;
		part -= SECOND;
	}
	return !__builtin_mul_overflow(seconds, SECOND, &seconds) && !__builtin_add_overflow(seconds, part, ns) &&
	       *ns != TIMESTAMP_MIN && *ns != TIMESTAMP_MAX;
}

void calendar_split(int64_t ns, struct calendar *c)
{
	int64_t seconds = ns / SECOND, part = ns % SECOND;
	if (part < 0) {
		part += SECOND;
		seconds--;
	}
	int64_t days = seconds / 86400, of_day = seconds % 86400;
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	civil_from_days(days, &c->year, &c->month, &c->day);
	c->hour = (int)(of_day / 3600);
	c->minute = (int)(of_day / 60 % 60);
	c->second = (int)(of_day % 60);
	c->ns = (int32_t)part;
	c->offset = 0;
}

size_t calendar_decimals(const char *p, size_t len, int32_t *ns)
{
	static const int32_t scale[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
	size_t i = 0;
	int32_t n = 0;
	for (; i < len && i < 9 && is_digit(p[i]); i++)
		n = n * 10 + (p[i] - '0');
	*ns = n * scale[i];
	while (i < len && is_digit(p[i]))
		i++;
	return i;
}

size_t calendar_offset(const char *p, size_t len, int32_t *seconds)
{
	*seconds = 0;
	if (len && (*p == 'Z' || *p == 'z'))
		return 1;
	unsigned hour, minute = 0;
	if (len < 3 || (*p != '+' && *p != '-') || (hour = two_digits(p + 1)) > 99)
		return 0;
	size_t used = 3;
	if (len >= 6 && p[3] == ':' && (minute = two_digits(p + 4)) <= 99)
		used = 6;
	else if (len >= 5 && (minute = two_digits(p + 3)) <= 99)
		used = 5;
	else
		minute = 0;
	if (hour > 23 || minute > 59)
		return SIZE_MAX;
	*seconds = (int32_t)(hour * 3600 + minute * 60);
	if (*p == '-')
		*seconds = -*seconds;
	return used;
}
