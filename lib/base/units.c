#include "base/units.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	char name[3];
	int64_t size;
};

static const struct unit time_units[] = {
	{"ns", NANOSECOND}, {"us", MICROSECOND}, {"ms", MILLISECOND}, {"s", SECOND},
	{"m", MINUTE},      {"h", HOUR},         {"d", DAY},          {"w", 7 * DAY},
};

static const struct unit size_units[] = {
	{"K", INT64_C(1) << 10},
	{"M", INT64_C(1) << 20},
	{"G", INT64_C(1) << 30},
	{"T", INT64_C(1) << 40},
};

enum { TIME_UNITS = sizeof time_units / sizeof *time_units, SIZE_UNITS = sizeof size_units / sizeof *size_units };

/* A number as it was written: whole + part / scale. */
struct decimal {
	uint64_t whole;
	uint64_t part, scale;
	bool overflow;
};

/* Digits, and more behind a point; returns the bytes read, 0 if there is no number. Digits behind the 18th
   decimal can't matter to a unit below 2^50 and are passed over. */
static size_t decimal_read(const char *p, size_t len, struct decimal *d)
{
	size_t i = 0;
	*d = (struct decimal){.scale = 1};
	for (; i < len && p[i] >= '0' && p[i] <= '9'; i++)
		d->overflow |= __builtin_mul_overflow(d->whole, 10, &d->whole) ||
			       __builtin_add_overflow(d->whole, (uint64_t)(p[i] - '0'), &d->whole);
	if (i == 0 || i + 1 >= len || p[i] != '.' || p[i + 1] < '0' || p[i + 1] > '9')
		return i;
	for (i++; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
		if (d->scale == UINT64_C(1000000000000000000))
			continue;
		d->part = d->part * 10 + (uint64_t)(p[i] - '0');
		d->scale *= 10;
	}
	return i;
}

/* To the nearest whole unit of 1; false when it does not fit. */
static bool decimal_times(const struct decimal *d, int64_t size, int64_t *out)
{
	unsigned __int128 part = (unsigned __int128)d->part * (uint64_t)size;
	unsigned __int128 total = (unsigned __int128)d->whole * (uint64_t)size + (part + d->scale / 2) / d->scale;
	if (d->overflow || total > INT64_MAX)
		return false;
	*out = (int64_t)total;
	return true;
}

static const struct unit *unit_find(const struct unit *units, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(units[i].name) == len && !memcmp(units[i].name, name, len))
			return &units[i];
	return NULL;
}

int duration_parse(const char *text, size_t len, int64_t *ns, struct error *e)
{
	struct decimal d;
	size_t used = decimal_read(text, len, &d);
	const struct unit *unit = unit_find(time_units, TIME_UNITS, text + used, len - used);
	bool zero = used == len && !d.overflow && !d.whole && !d.part;
	if (used == 0 || (!unit && !zero))
		return error_set(e, ERR_USAGE,
				 "`%.*s` is no duration: a number and one of ns us ms s m h d w, as in 250ms or 5m",
				 (int)len, text);
	if (!decimal_times(&d, unit ? unit->size : 0, ns))
		return error_set(e, ERR_USAGE, "`%.*s` is too long a duration: the most is 292 years, 106751d",
				 (int)len, text);
	return OK;
}

int size_parse(const char *text, size_t len, int64_t *bytes, struct error *e)
{
	struct decimal d;
	size_t used = decimal_read(text, len, &d);
	char letter = used + 1 == len ? text[used] : 0;
	if (letter >= 'a' && letter <= 'z')
		letter -= 'a' - 'A';
	const struct unit *unit = unit_find(size_units, SIZE_UNITS, &letter, 1);
	if (used == 0 || (used < len && !unit))
		return error_set(e, ERR_USAGE,
				 "`%.*s` is no size: a number of bytes, with K M G or T behind it as in 64K or 1.5G",
				 (int)len, text);
	if (!decimal_times(&d, unit ? unit->size : 1, bytes))
		return error_set(e, ERR_USAGE, "`%.*s` is too large a size", (int)len, text);
	return OK;
}

/* ns in units of `size`, if that is a decimal of at most 9 places and at least 1; else 0. */
static size_t duration_in(uint64_t ns, const struct unit *unit, char out[32])
{
	uint64_t size = (uint64_t)unit->size, part = ns % size, scale = 1;
	int places = 0;
	if (ns < size)
		return 0;
	while (places < 9 && (unsigned __int128)part * scale % size) {
		scale *= 10;
		places++;
	}
	if ((unsigned __int128)part * scale % size)
		return 0;
	uint64_t decimals = (uint64_t)((unsigned __int128)part * scale / size);
	int n = places ? snprintf(out, 32, "%llu.%0*llu%s", (unsigned long long)(ns / size), places,
				  (unsigned long long)decimals, unit->name)
		       : snprintf(out, 32, "%llu%s", (unsigned long long)(ns / size), unit->name);
	return (size_t)n;
}

void duration_text(int64_t ns, char out[32])
{
	char best[32] = "0", text[32];
	size_t best_len = 0;
	uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	for (size_t i = 0; i < TIME_UNITS; i++) {
		size_t len = duration_in(size, &time_units[i], text);
		/* Of two as short, the smaller unit: 7d rather than 1w. */
		if (len && (!best_len || len < best_len)) {
			memcpy(best, text, sizeof best);
			best_len = len;
		}
	}
	/* The longest, INT64_MIN in ns, has 22 characters: the sign always fits. */
	snprintf(out, 32, "%s%.30s", ns < 0 ? "-" : "", best);
}

void size_text(int64_t bytes, char out[32])
{
	static const char letters[] = " KMGTPE";
	double size = (double)bytes, least = size < 0 ? -size : size;
	int power = 0;
	while (least >= (power ? 999.5 : 1000)) {
		least /= 1024;
		size /= 1024;
		power++;
	}
	int tenths = (int)(least * 10 + 0.5);
	bool decimal = power && tenths < 100 && tenths % 10;
	snprintf(out, 32, "%.*f%.*s", decimal ? 1 : 0, size, power ? 1 : 0, &letters[power]);
}
