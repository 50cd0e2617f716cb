/*
 * The rule of a zone for the time behind its last change, as the footer of its file has it: a TZ string of POSIX with the
 * extensions of RFC 8536, 3.3.1.
 *
 *   CET-1CEST,M3.5.0,M10.5.0/3      standard time, its distance (west is positive), summer time, when that begins and ends
 *   <+0530>-5:30                    no summer time
 */
#include <string.h>

#include "base/calendar.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone_private.h"

enum { LAST_YEAR = 2262 };

struct reader {
	const char *p, *end;
	bool bad;
};

/* When it changes in a year. */
struct date {
	char kind; /* M: day 0..6 of week 1..5 (5: the last) of a month; J: day 1..365, 29 February not counted; 0: day 0..365 */
	int month, week, day;
	int64_t time; /* of the day, in seconds; from -167 to 167 hours */
};

static char peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : 0;
}

static bool take(struct reader *r, char c)
{
	bool is = peek(r) == c && r->p < r->end;
	r->p += is;
	return is;
}

static int take_number(struct reader *r, int least, int most)
{
	int n = 0;
	const char *start = r->p;
	while (is_digit(peek(r)) && n <= most)
		n = n * 10 + (*r->p++ - '0');
	r->bad |= r->p == start || n < least || n > most;
	return n;
}

/* hh[:mm[:ss]] with a sign, in seconds. */
static int64_t take_time(struct reader *r)
{
	int64_t sign = take(r, '-') ? -1 : 1;
	take(r, '+');
	int64_t seconds = (int64_t)take_number(r, 0, 167) * 3600;
	if (take(r, ':'))
		seconds += (int64_t)take_number(r, 0, 59) * 60;
	if (take(r, ':'))
		seconds += take_number(r, 0, 59);
	return sign * seconds;
}

/* Letters, or anything between < and >. */
static const char *take_name(struct reader *r, struct arena *a)
{
	bool quoted = take(r, '<');
	const char *start = r->p;
	while (peek(r) && (quoted ? peek(r) != '>' : (peek(r) | 0x20) >= 'a' && (peek(r) | 0x20) <= 'z'))
		r->p++;
	const char *name = arena_copy(a, start, (size_t)(r->p - start));
	r->bad |= r->p == start || (quoted && !take(r, '>'));
	return name;
}

static struct date take_date(struct reader *r)
{
	struct date d = {.time = 2 * 3600};
	r->bad |= !take(r, ',');
	if (take(r, 'M')) {
		d.kind = 'M';
		d.month = take_number(r, 1, 12);
		r->bad |= !take(r, '.');
		d.week = take_number(r, 1, 5);
		r->bad |= !take(r, '.');
		d.day = take_number(r, 0, 6);
	} else {
		d.kind = take(r, 'J') ? 'J' : 0;
		d.day = take_number(r, d.kind == 'J', 365);
	}
	if (take(r, '/'))
		d.time = take_time(r);
	return d;
}

/* In seconds since 1970, by clocks that are `offset` seconds ahead of UTC. */
static int64_t date_in(const struct date *d, int year, int64_t offset)
{
	int64_t days = days_from_civil(year, 1, 1) + d->day;
	if (d->kind == 'J') {
		days += (leap_year(year) && d->day >= 60) - 1;
	} else if (d->kind == 'M') {
		int64_t first = days_from_civil(year, d->month, 1);
		/* 1970 began with a Thursday. */
		int64_t weekday = ((first + 4) % 7 + 7) % 7, day = (d->day - weekday + 7) % 7 + 7 * (d->week - 1);
		if (day >= month_days(year, d->month))
			day -= 7;
		days = first + day;
	}
	return days * 86400 + d->time - offset;
}

static uint16_t add_type(struct zone *z, int64_t seconds, const char *name)
{
	z->types[z->type_count] = (struct zone_type){.offset = seconds * SECOND, .name = name};
	return (uint16_t)z->type_count++;
}

static void add_change(struct zone *z, int64_t seconds, uint16_t type)
{
	int64_t ns;
	if (!__builtin_mul_overflow(seconds, SECOND, &ns))
		zone_add(z, ns, type);
}

/* The years from that of the last change on. */
static int first_year(const struct zone *z)
{
	int64_t year;
	int month, day;
	if (!z->count)
		return 1970;
	civil_from_days(z->at[z->count - 1] / DAY - 1, &year, &month, &day);
	return (int)year;
}

bool zone_add_rule(struct zone *z, const char *rule, size_t len)
{
	struct reader r = {.p = rule, .end = rule + len};
	const char *name = take_name(&r, z->arena);
	int64_t standard = -take_time(&r);
	if (r.bad)
		return false;
	if (r.p == r.end)
		return true; /* as the last change has left it */
	const char *summer_name = take_name(&r, z->arena);
	int64_t summer = standard + 3600;
	if (peek(&r) != ',')
		summer = -take_time(&r);
	struct date begin = take_date(&r), end = take_date(&r);
	if (r.bad || r.p != r.end)
		return false;
	uint16_t standard_type = add_type(z, standard, name), summer_type = add_type(z, summer, summer_name);
	for (int year = first_year(z); year <= LAST_YEAR; year++) {
		int64_t from = date_in(&begin, year, standard), to = date_in(&end, year, summer);
		if (from < to)
			add_change(z, from, summer_type);
		add_change(z, to, standard_type);
		if (from >= to)
			add_change(z, from, summer_type);
	}
	return true;
}
