#include "base/timestamp.h"

#include <string.h>

#include "base/calendar.h"
#include "base/units.h"
#include "base/zone.h"

struct scan {
	const char *p, *end;
	struct calendar c;
	int year_day; /* %j; 0: none */
	int half;     /* %p: 0 none, 1 AM, 2 PM */
	bool has_year, has_month, has_day;
	bool has_epoch; /* %s */
	int64_t epoch;
	const struct zone *zone;
	bool has_offset; /* %z, %Z: what there is of a zone in the text */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

static bool scan_number(struct scan *s, int digits, int least, int most, int *out)
{
	int n = 0;
	while (s->p < s->end && *s->p == ' ')
		s->p++;
	const char *start = s->p;
	while (s->p < s->end && s->p - start < digits && is_digit(*s->p))
		n = n * 10 + (*s->p++ - '0');
	*out = n;
	return s->p > start && n >= least && n <= most;
}

/* In full or its first three letters; the index, or -1. */
static int scan_name(struct scan *s, const char (*names)[10], int count)
{
	size_t len = (size_t)(s->end - s->p);
	for (int i = 0; i < count; i++) {
		size_t full = strlen(names[i]);
		if (len < 3 || strncasecmp(s->p, names[i], 3))
			continue;
		s->p += len >= full && !strncasecmp(s->p, names[i], full) ? full : 3;
		return i;
	}
	return -1;
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(s->end - s->p) < len || strncasecmp(s->p, word, len))
		return false;
	s->p += len;
	return true;
}

static bool scan_epoch(struct scan *s)
{
	bool minus = s->p < s->end && *s->p == '-';
	const char *start = s->p += minus;
	for (s->epoch = 0; s->p < s->end && is_digit(*s->p); s->p++)
		if (__builtin_mul_overflow(s->epoch, 10, &s->epoch) ||
		    __builtin_add_overflow(s->epoch, *s->p - '0', &s->epoch))
			return false;
	if (minus)
		s->epoch = -s->epoch;
	return s->has_epoch = s->p > start;
}

static bool scan_year(struct scan *s, int digits)
{
	int year;
	if (!scan_number(s, digits, 0, 9999, &year))
		return false;
	s->c.year = digits == 4 ? year : year < 69 ? 2000 + year : 1900 + year;
	return s->has_year = true;
}

static bool scan_offset(struct scan *s)
{
	size_t used = calendar_offset(s->p, (size_t)(s->end - s->p), &s->c.offset);
	if (used == 0 || used == SIZE_MAX)
		return false;
	s->p += used;
	return s->has_offset = true;
}

/* The names of UTC, and those that clocks of the zone go by. */
static bool scan_zone(struct scan *s)
{
	int64_t offset;
	size_t len = zone_abbreviation(s->zone, s->p, (size_t)(s->end - s->p), &offset);
	if (len)
		s->c.offset = (int32_t)(offset / SECOND);
	else if (!scan_word(s, "UTC") && !scan_word(s, "GMT") && !scan_word(s, "Z"))
		return false;
	s->p += len;
	return s->has_offset = true;
}

static bool scan_format(struct scan *s, const char *format);

static bool scan_directive(struct scan *s, char directive)
{
	struct calendar *c = &s->c;
	int name;
	switch (directive) {
	case 'Y': return scan_year(s, 4);
	case 'y': return scan_year(s, 2);
	case 'm': return s->has_month = scan_number(s, 2, 1, 12, &c->month);
	case 'd':
	case 'e': return s->has_day = scan_number(s, 2, 1, 31, &c->day);
	case 'j': return scan_number(s, 3, 1, 366, &s->year_day);
	case 'H': return scan_number(s, 2, 0, 23, &c->hour);
	case 'I': return scan_number(s, 2, 1, 12, &c->hour);
	case 'M': return scan_number(s, 2, 0, 59, &c->minute);
	case 'S': return scan_number(s, 2, 0, 60, &c->second);
	case 'b':
	case 'B':
		name = scan_name(s, calendar_months, 12);
		c->month = name + 1;
		return s->has_month = name >= 0;
	case 'a':
	case 'A': return scan_name(s, calendar_days, 7) >= 0;
	case 'p': s->half = scan_word(s, "AM") ? 1 : scan_word(s, "PM") ? 2 : 0; return s->half;
	case 'f':
		name = (int)calendar_decimals(s->p, (size_t)(s->end - s->p), &c->ns);
		s->p += name;
		return name > 0;
	case 'z': return scan_offset(s);
	case 'Z': return scan_zone(s);
	case 's': return scan_epoch(s);
	case 'n':
	case 't': skip_space(s); return true;
	case '%': return scan_word(s, "%");
	default: return calendar_composite(directive) && scan_format(s, calendar_composite(directive));
	}
}

/* Whether f is the point of a decimal fraction, which may be written either way. */
static bool is_point(const char *f)
{
	return (*f == '.' || *f == ',') && f[1] == '%' && f[2] == 'f';
}

static bool scan_format(struct scan *s, const char *format)
{
	for (const char *f = format; *f; f++) {
		if (*f == '%' && f[1]) {
			if (!scan_directive(s, *++f))
				return false;
		} else if (is_space(*f)) {
			skip_space(s);
		} else if (s->p == s->end || !(*s->p == *f || (is_point(f) && (*s->p == '.' || *s->p == ',')))) {
			return false;
		} else {
			s->p++;
		}
	}
	return true;
}

/* What the clocks showed, in UTC. */
static bool scan_instant(const struct scan *s, const struct calendar *c, int64_t *ns)
{
	if (!calendar_time(c, ns))
		return false;
	if (!s->has_offset)
		*ns = zone_utc(s->zone, *ns);
	return *ns != TIMESTAMP_MIN && *ns != TIMESTAMP_MAX;
}

/* The date that a format left open, `shift` years (or days, if it has no date at all) from that of base. */
static bool scan_candidate(const struct scan *s, const struct calendar *base, int shift, int64_t *ns)
{
	struct calendar c = s->c;
	bool no_date = !s->has_year && !s->has_month && !s->has_day && !s->year_day;
	if (no_date) {
		civil_from_days(days_from_civil(base->year, base->month, base->day) + shift, &c.year, &c.month, &c.day);
		return scan_instant(s, &c, ns);
	}
	if (!s->has_year)
		c.year = base->year + shift;
	if (s->year_day) {
		int64_t first = days_from_civil(c.year, 1, 1);
		if (s->year_day > 365 + leap_year(c.year))
			return false;
		civil_from_days(first + s->year_day - 1, &c.year, &c.month, &c.day);
	}
	return scan_instant(s, &c, ns);
}

static bool scan_result(struct scan *s, int64_t base, int64_t *ns)
{
	if (s->has_epoch)
		return !__builtin_mul_overflow(s->epoch, SECOND, ns) && !__builtin_add_overflow(*ns, s->c.ns, ns);
	if (s->half)
		s->c.hour = s->c.hour % 12 + (s->half == 2 ? 12 : 0);
	struct calendar around;
	calendar_split(zone_local(s->zone, base), &around);
	if (s->has_year)
		return scan_candidate(s, &around, 0, ns);
	/* A 29 February may be eight years away. */
	bool found = false;
	uint64_t best = UINT64_MAX;
	for (int shift = -8; shift <= 8; shift++) {
		int64_t time;
		if (!scan_candidate(s, &around, shift, &time))
			continue;
		uint64_t distance = time < base ? (uint64_t)base - (uint64_t)time : (uint64_t)time - (uint64_t)base;
		if (distance >= best)
			continue;
		best = distance;
		*ns = time;
		found = true;
	}
	return found;
}

size_t timestamp_scan(const char *p, size_t len, const char *format, int64_t base, int64_t *ns)
{
	return timestamp_scan_in(p, len, format, base, NULL, ns);
}

size_t timestamp_scan_in(const char *p, size_t len, const char *format, int64_t base, const struct zone *z, int64_t *ns)
{
	size_t used;
	if (!strcmp(format, "%d/%b/%Y:%H:%M:%S %z") && (used = timestamp_read_clf(p, len, ns)))
		return used;
	struct scan s = {.p = p, .end = p + len, .c = {.month = 1, .day = 1}, .zone = z};
	if (!scan_format(&s, format) || !scan_result(&s, base, ns))
		return 0;
	return (size_t)(s.p - p);
}

static int check_directives(const char *format, const char *known, struct error *e)
{
	for (const char *f = format; *f; f++) {
		if (*f != '%')
			continue;
		f++;
		if (!*f || !strchr(known, *f))
			return error_set(e, ERR_USAGE, "`%s` is no time format: there is no `%%%.1s` in one", format,
					 f);
	}
	return OK;
}

int timestamp_format_check(const char *format, struct error *e)
{
	return check_directives(format, "YmdeHMSfjybBaAZzsnt%TDFRIp", e);
}

int timestamp_print_check(const char *format, struct error *e)
{
	return check_directives(format, "YmdeHMSfLjybBaAZzsnt%TDFRIp", e);
}
