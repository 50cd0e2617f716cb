/* What the files of a zone share. For lib/base/zone*.c only. */
#ifndef STREAM_BASE_ZONE_PRIVATE_H
#define STREAM_BASE_ZONE_PRIVATE_H

#include "base/zone.h"

enum { ZONE_TYPES_MAX = 256 + 2 }; /* a byte tells them apart in the file; the footer may add two */

struct zone_type {
	int64_t offset;
	const char *name;
};

/* type_of[i] counts from at[i] on; types[0] before the first. */
struct zone {
	int64_t *at; /* rising */
	uint16_t *type_of;
	size_t count, cap;
	struct zone_type *types;
	size_t type_count;
	int64_t base,
		step; /* the distance from UTC in 1970, and what all changes since are multiples of (0: there are none) */
	struct arena *arena;
};

/* A change at t (ns): behind the last, or in place of it where it is the same instant; else it is left out. */
void zone_add(struct zone *z, int64_t t, uint16_t type);

/* When all changes are there: sets `base` and `step`. */
void zone_finish(struct zone *z);

/* Reads the bytes of a TZif file into z, whose arena is set. False: they are none. */
bool zone_parse(struct zone *z, const unsigned char *p, size_t len);

/* Adds the changes of a POSIX TZ rule behind those that are there, up to the end of time. False: it is none. */
bool zone_add_rule(struct zone *z, const char *rule, size_t len);

/* "; did you mean Europe/Berlin?", or nothing, for a name that is not under `dir`. */
void zone_hint(const char *dir, const char *name, size_t len, char *out, size_t cap);

#endif
