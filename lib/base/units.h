/*
 * Durations and sizes as people write them, for options and expressions.
 *
 *   duration   NUMBER UNIT, with UNIT one of ns us ms s m h d w: `250ms`, `1.5h`, `7d`.
 *              Held in nanoseconds. `0` needs no unit.
 *   size       NUMBER with an optional K M G T (powers of 1024; k m g t will do): `64K`, `1.5G`. Held in bytes.
 *
 * NUMBER is digits, and decimals behind a point; there are no negative ones. What is not whole is rounded. The parsers take the whole text, fail with ERR_USAGE and a line that quotes it and gives an
 * example, and refuse what does not fit an int64.
 */
#ifndef STREAM_BASE_UNITS_H
#define STREAM_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define NANOSECOND INT64_C(1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

int duration_parse(const char *text, size_t len, int64_t *ns, struct error *e);
int size_parse(const char *text, size_t len, int64_t *bytes, struct error *e);

/* The shortest text with a number of at least 1 that duration_parse reads back (`90s`, `1m`, `250ms`); at most 32
   bytes with NUL. A negative one has a sign before it, which duration_parse does not take. */
void duration_text(int64_t ns, char out[32]);
/* For people: `64K`, `1.2G`, three digits at most. */
void size_text(int64_t bytes, char out[32]);

#endif
