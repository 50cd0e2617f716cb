/*
 * What the readers and writers of times share: a date and a time of day in pieces, and the small steps of reading one.
 * For lib/base only; others use base/timestamp.h.
 */
#ifndef STREAM_BASE_CALENDAR_H
#define STREAM_BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct calendar {
	int64_t year;
	int month, day;           /* from 1 */
	int hour, minute, second; /* second 60: a leap second */
	int32_t ns;
	int32_t offset; /* seconds east of UTC */
};

extern const char calendar_months[12][10], calendar_days[7][10]; /* in full; the first of the days is Sunday */

/* The format that a directive (T D F R) stands for, or NULL. */
const char *calendar_composite(char directive);

/* False if there is no such date or time, or it is out of range. */
bool calendar_time(const struct calendar *c, int64_t *ns);
/* In UTC. */
void calendar_split(int64_t ns, struct calendar *c);

/* Digits behind a decimal point: nanoseconds from the first 9. Returns how many digits there were. */
size_t calendar_decimals(const char *p, size_t len, int32_t *ns);
/* `Z`, `+01`, `+0100`, `+01:00`: its length; 0 if there is none; SIZE_MAX if it has that form but is out of range. */
size_t calendar_offset(const char *p, size_t len, int32_t *seconds);

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* 0..99, or above 127 if these are not two digits. */
static inline unsigned two_digits(const char *p)
{
	unsigned a = (unsigned char)(p[0] - '0'), b = (unsigned char)(p[1] - '0');
	return a > 9 || b > 9 ? 255 : a * 10 + b;
}

static inline bool leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int month_days(int64_t year, int month)
{
	return month == 2 ? 28 + leap_year(year) : 30 + ((month + (month > 7)) & 1);
}

/* 1..12 for the three letters `Jan`.. in any case, else 0. */
static inline int month_of(const char *p)
{
	static const uint32_t names[12] = {0x6a616e, 0x666562, 0x6d6172, 0x617072, 0x6d6179, 0x6a756e,
					   0x6a756c, 0x617567, 0x736570, 0x6f6374, 0x6e6f76, 0x646563};
	const unsigned char *u = (const unsigned char *)p;
	uint32_t key = ((uint32_t)u[0] << 16 | (uint32_t)u[1] << 8 | u[2]) | 0x202020;
	int month = 0;
	for (int m = 0; m < 12; m++)
		month |= key == names[m] ? m + 1 : 0;
	return month;
}

#endif
