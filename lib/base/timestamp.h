/*
 * Points in time: int64 nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted
 * (so from 1677-09-21 to 2262-04-11).
 */
#ifndef STREAM_BASE_TIMESTAMP_H
#define STREAM_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define TIMESTAMP_MIN INT64_MIN /* before every time; also "not known" */
#define TIMESTAMP_MAX INT64_MAX /* after every time */

int64_t timestamp_now(void); /* wall clock */
int64_t monotonic_now(void); /* for intervals */

/*
 * RFC 3339 and its common relatives: `2026-11-22T19:37:33.123456789Z`, a blank for the T, an offset
 * `+01:00`, `+0100` or `+01`, no offset (UTC), seconds or the whole time of day left out, a comma
 * for the decimal point. Returns the bytes read, or 0 if the text does not start with a time. What looks like a time of day
 * or an offset and is out of range (`25:00`, `+99`) makes it none; second 60 is taken as the second after it;
 * decimals behind the ninth are passed over. TIMESTAMP_MIN and TIMESTAMP_MAX are no times.
 */
size_t timestamp_read(const char *p, size_t len, int64_t *ns);

/* The date of the common log format, `20/Feb/2016:00:00:45 -0500`: 26, or 0 if it is none. */
size_t timestamp_read_clf(const char *p, size_t len, int64_t *ns);

/* A number since 1970 whose magnitude tells its unit: below 1e11 seconds, below 1e14 ms,
   below 1e17 us, else ns. False when it does not fit. A double is taken to the nearest us, as it holds no more;
   the decimal i / 10^scale (scale at most 18) exactly. */
bool timestamp_from_number(double number, int64_t *ns);
bool timestamp_from_decimal(int64_t i, unsigned scale, int64_t *ns);

/* What a user types: all that timestamp_read takes, a number (above), `now`, `now-1h`, `now+5m`.
   The whole text must be a time; else ERR_USAGE. */
int timestamp_parse(const char *text, size_t len, int64_t *ns, struct error *e);

/* RFC 3339 in UTC with as many decimals (0, 3, 6, 9) as the value needs; returns the length (at most 30). */
size_t timestamp_text(int64_t ns, char out[32]);

/* The days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back.
   month 1..12, day 1..31 (not checked against the month's length). */
int64_t days_from_civil(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);

/*
 * strptime and strftime with a fixed C locale, for log formats. Directives:
 *   %Y %m %d %e %H %M %S %f (decimals of a second) %j %y %b %B %a %A %Z (UTC and GMT only) %z %s %n %t %% %T %D %F %R %I %p
 * %S followed by %f takes `.` or `,` between them if the format has it. A year that is not in the format is
 * taken from `base` so that the result is the nearest to base (syslog); so is the day, if the format has no date at all.
 * Names are taken in any case, short or in full; numbers with fewer digits, or blanks before them; a blank of the format
 * takes any white space or none; %y is of 1969 to 2068; %z takes `Z` too. A day of the week or an %I without a %p is
 * read and not looked at. Returns bytes read, 0 on no match.
 */
size_t timestamp_scan(const char *p, size_t len, const char *format, int64_t base, int64_t *ns);
/* Appends the text to out (room: cap bytes with NUL); returns the length, or 0 when it does not fit
   or a directive is unknown. %L gives milliseconds as three digits, %f nanoseconds as nine. UTC. */
size_t timestamp_format(int64_t ns, const char *format, char *out, size_t cap);

/*
 * The same in a zone (base/zone.h; NULL: UTC). What is read without an offset is local time: of two the earlier, and in a
 * gap as much later as that is long; %Z also takes the zone's own names, like CEST.
 */
struct zone;
size_t timestamp_scan_in(const char *p, size_t len, const char *format, int64_t base, const struct zone *z,
			 int64_t *ns);
size_t timestamp_format_in(int64_t ns, const char *format, const struct zone *z, char *out, size_t cap);

/* Whether timestamp_scan, or timestamp_format, knows the directives of a format: OK, or ERR_USAGE with the one that it
   doesn't. */
int timestamp_format_check(const char *format, struct error *e);
int timestamp_print_check(const char *format, struct error *e);

#endif
