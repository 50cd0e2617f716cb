#include "base/zone.h"

#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/zone_private.h"

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? b < 0 ? INT64_MIN : INT64_MAX : sum;
}

static int64_t modulo(int64_t t, int64_t size)
{
	int64_t r = t % size;
	return r < 0 ? r + size : r;
}

void zone_add(struct zone *z, int64_t t, uint16_t type)
{
	if (z->count && t <= z->at[z->count - 1]) {
		if (t == z->at[z->count - 1])
			z->type_of[z->count - 1] = type;
		return;
	}
	if (z->count == z->cap) {
		size_t cap = z->cap ? 2 * z->cap : 64;
		int64_t *at = arena_array(z->arena, cap, sizeof *at);
		uint16_t *type_of = arena_array(z->arena, cap, sizeof *type_of);
		if (z->count) {
			memcpy(at, z->at, z->count * sizeof *at);
			memcpy(type_of, z->type_of, z->count * sizeof *type_of);
		}
		z->at = at;
		z->type_of = type_of;
		z->cap = cap;
	}
	z->at[z->count] = t;
	z->type_of[z->count++] = type;
}

/* How many changes lie at t or before. */
static size_t changes_until(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (z->at[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The period between changes n - 1 and n. */
static struct zone_period period(const struct zone *z, size_t n)
{
	const struct zone_type *type = &z->types[n ? z->type_of[n - 1] : 0];
	return (struct zone_period){
		.begin = n ? z->at[n - 1] : TIMESTAMP_MIN,
		.end = n < z->count ? z->at[n] : TIMESTAMP_MAX,
		.offset = type->offset,
		.before = n > 1 ? z->types[z->type_of[n - 2]].offset
			  : n   ? z->types[0].offset
				: type->offset,
		.name = type->name,
	};
}

struct zone_period zone_period(const struct zone *z, int64_t t)
{
	if (!z)
		return (struct zone_period){.begin = TIMESTAMP_MIN, .end = TIMESTAMP_MAX, .name = "UTC"};
	return period(z, changes_until(z, t));
}

size_t zone_abbreviation(const struct zone *z, const char *p, size_t len, int64_t *offset)
{
	size_t longest = 0;
	for (size_t i = 0; z && i < z->type_count; i++) {
		size_t n = strlen(z->types[i].name);
		if (n <= longest || n > len || memcmp(p, z->types[i].name, n))
			continue;
		longest = n;
		*offset = z->types[i].offset;
	}
	return longest;
}

int64_t zone_local(const struct zone *z, int64_t t)
{
	return z ? add(t, zone_period(z, t).offset) : t;
}

/* The first period whose clocks have not yet come to its end when they show `local`: in an overlap the earlier one, in
 * a gap the one behind it. */
static struct zone_period period_of_local(const struct zone *z, int64_t local)
{
	/* No place is further from UTC than a day, and none has two changes in one. */
	size_t n = changes_until(z, add(local, -2 * DAY));
	struct zone_period p = period(z, n);
	while (p.end != TIMESTAMP_MAX && local >= add(p.end, p.offset))
		p = period(z, ++n);
	return p;
}

int64_t zone_utc(const struct zone *z, int64_t local)
{
	if (!z)
		return local;
	struct zone_period p = period_of_local(z, local);
	int64_t t = add(local, -p.offset);
	return t < p.begin ? add(local, -p.before) : t;
}

int64_t zone_clock(const struct zone *z, int64_t t)
{
	if (!z)
		return t;
	struct zone_period p = zone_period(z, t);
	int64_t now = add(t, p.offset), last = p.before > p.offset ? add(p.begin, p.before) - 1 : now;
	return now > last ? now : last;
}

int64_t zone_instant(const struct zone *z, int64_t clock)
{
	if (!z)
		return clock;
	struct zone_period p = period_of_local(z, clock);
	int64_t t = add(clock, -p.offset);
	return t < p.begin ? p.begin : t;
}

void zone_finish(struct zone *z)
{
	size_t first = changes_until(z, 0);
	z->base = period(z, first).offset;
	for (size_t n = first + 1; n <= z->count; n++) {
		int64_t a = z->step, b = period(z, n).offset - z->base;
		while (b) {
			int64_t rest = a % b;
			a = b;
			b = rest;
		}
		z->step = a < 0 ? -a : a;
	}
}

bool zone_is_even(const struct zone *z, int64_t size, int64_t *phase)
{
	*phase = z ? modulo(z->base, size) : 0;
	return HOUR % size == 0 && (!z || z->step % size == 0);
}

int64_t zone_floor(const struct zone *z, int64_t t, int64_t size)
{
	int64_t phase;
	if (!z)
		return add(t, -modulo(t, size));
	if (zone_is_even(z, size, &phase))
		return add(t, -modulo(modulo(t, size) + phase, size));
	int64_t clock = zone_clock(z, t);
	return zone_instant(z, add(clock, -modulo(clock, size)));
}
