/*
 * Time zones, from the system's tzdata: TZif files (RFC 8536) under /usr/share/zoneinfo, or $TZDIR where that is set.
 * libc knows one zone per process; a pipeline may need several.
 *
 * A zone is a list of periods, each with one distance from UTC. The rule for the times behind the last change (the
 * file's footer) is written out up to the end of time in 2262. NULL stands for UTC wherever a zone is wanted.
 *
 * Where clocks change, local times are skipped (a gap) or come twice (an overlap). What a local time means then is
 * settled as java.time and so Flink do it: the distance of *before* the change counts. So a time in a gap is as much later
 * as the gap is long, and of two the earlier is meant.
 *
 * All times are nanoseconds since 1970 (base/timestamp.h), in UTC or, where it says local, as the clocks of the zone show
 * them; what would leave the range is cut at its ends.
 */
#ifndef STREAM_BASE_ZONE_H
#define STREAM_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct zone;

/*
 * `Europe/Berlin`, or a distance from UTC (`+01:00`); UTC and its other names give NULL and need no tzdata. A name that is
 * no zone is ERR_USAGE, with the nearest; no tzdata, or a damaged file, ERR_FAILED. The zone lives in the arena.
 */
int zone_load(const char *name, size_t len, struct arena *a, const struct zone **out, struct error *e);

struct zone_period {
	int64_t begin,
		end;    /* [begin, end) in UTC; TIMESTAMP_MIN, TIMESTAMP_MAX where there is no change before, behind */
	int64_t offset; /* local - UTC */
	int64_t before; /* that of the period before; `offset` if there is none */
	const char *name; /* `CET`; lives as long as the zone */
};

struct zone_period zone_period(const struct zone *z, int64_t t);

/* The distance from UTC that has this name (`CEST`), case looked at; the longest of those that p begins with. Returns
   the length of the name, 0: there is none. */
size_t zone_abbreviation(const struct zone *z, const char *p, size_t len, int64_t *offset);

int64_t zone_local(const struct zone *z, int64_t t);
int64_t zone_utc(const struct zone *z, int64_t local);

/*
 * A clock for whoever cuts time into stretches of local time: it shows local time, and stands still where that goes
 * back, so that it never falls. zone_instant is the first instant at which it shows `clock` or more: that of the
 * earlier of two, and the end of a gap.
 */
int64_t zone_clock(const struct zone *z, int64_t t);
int64_t zone_instant(const struct zone *z, int64_t clock);

/*
 * Whether stretches of `size` are the same by local time and by UTC, but for `phase` (0 <= phase < size), by which local
 * time is ahead: size divides an hour, and the zone's changes since 1970 are multiples of it.
 */
bool zone_is_even(const struct zone *z, int64_t size, int64_t *phase);

/* The last multiple of `size` (> 0) in local time up to t. Hours and their even parts count through a change;
   larger ones go by the clock above, so that a day begins at midnight and has 23 to 25 hours. */
int64_t zone_floor(const struct zone *z, int64_t t, int64_t size);

#endif
