#include "base/timestamp.h"

#include <string.h>

#include "base/calendar.h"
#include "base/units.h"
#include "base/zone.h"

struct print {
	char *p, *end; /* end: where the NUL goes at the latest */
	struct calendar c;
	int64_t ns;
	const char *zone; /* its name at that time */
};

static bool print_text(struct print *w, const char *text, size_t len)
{
	if ((size_t)(w->end - w->p) < len)
		return false;
	memcpy(w->p, text, len);
	w->p += len;
	return true;
}

/* At least so many digits, filled up with `fill`. No number but that of seconds is negative. */
static bool print_number(struct print *w, int64_t n, int digits, char fill)
{
	char text[32], *end = text + sizeof text, *p = end;
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	for (; left || p == end; left /= 10)
		*--p = (char)('0' + left % 10);
	while (end - p < digits)
		*--p = fill;
	if (n < 0)
		*--p = '-';
	return print_text(w, p, (size_t)(end - p));
}

static bool print_offset(struct print *w, int32_t seconds)
{
	int32_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
	return print_text(w, seconds < 0 ? "-" : "+", 1) && print_number(w, minutes / 60 * 100 + minutes % 60, 4, '0');
}

static bool print_format(struct print *w, const char *format);

static bool print_directive(struct print *w, char directive)
{
	const struct calendar *c = &w->c;
	int64_t days = days_from_civil(c->year, c->month, c->day);
	const char *day = calendar_days[((days + 4) % 7 + 7) % 7], *month = calendar_months[c->month - 1];
	switch (directive) {
	case 'Y': return print_number(w, c->year, 4, '0');
	case 'y': return print_number(w, c->year % 100, 2, '0');
	case 'm': return print_number(w, c->month, 2, '0');
	case 'd': return print_number(w, c->day, 2, '0');
	case 'e': return print_number(w, c->day, 2, ' ');
	case 'j': return print_number(w, days - days_from_civil(c->year, 1, 1) + 1, 3, '0');
	case 'H': return print_number(w, c->hour, 2, '0');
	case 'I': return print_number(w, (c->hour + 11) % 12 + 1, 2, '0');
	case 'M': return print_number(w, c->minute, 2, '0');
	case 'S': return print_number(w, c->second, 2, '0');
	case 'f': return print_number(w, c->ns, 9, '0');
	case 'L': return print_number(w, c->ns / MILLISECOND, 3, '0');
	case 's': return print_number(w, w->ns / SECOND - (w->ns % SECOND < 0), 1, '0');
	case 'b': return print_text(w, month, 3);
	case 'B': return print_text(w, month, strlen(month));
	case 'a': return print_text(w, day, 3);
	case 'A': return print_text(w, day, strlen(day));
	case 'p': return print_text(w, c->hour < 12 ? "AM" : "PM", 2);
	case 'Z': return print_text(w, w->zone, strlen(w->zone));
	case 'z': return print_offset(w, c->offset);
	case 'n': return print_text(w, "\n", 1);
	case 't': return print_text(w, "\t", 1);
	case '%': return print_text(w, "%", 1);
	default: return calendar_composite(directive) && print_format(w, calendar_composite(directive));
	}
}

static bool print_format(struct print *w, const char *format)
{
	for (const char *f = format; *f; f++) {
		bool directive = *f == '%';
		if (directive ? !print_directive(w, *++f) : !print_text(w, f, 1))
			return false;
	}
	return true;
}

size_t timestamp_format(int64_t ns, const char *format, char *out, size_t cap)
{
	return timestamp_format_in(ns, format, NULL, out, cap);
}

size_t timestamp_format_in(int64_t ns, const char *format, const struct zone *z, char *out, size_t cap)
{
	if (!cap)
		return 0;
	struct zone_period period = zone_period(z, ns);
	struct print w = {.p = out, .end = out + cap - 1, .ns = ns, .zone = period.name};
	calendar_split(zone_local(z, ns), &w.c);
	w.c.offset = (int32_t)(period.offset / SECOND);
	bool done = print_format(&w, format);
	if (!done)
		w.p = out;
	*w.p = 0;
	return (size_t)(w.p - out);
}
