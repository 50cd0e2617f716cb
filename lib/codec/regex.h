/*
 * Patterns: PCRE2 with JIT, UTF mode off (bytes are bytes; a pattern that needs it says (*UTF)), match, depth and
 * heap limits set so that no pattern runs away. `flags` are letters behind the second slash: i m s x.
 */
#ifndef STREAM_CODEC_REGEX_H
#define STREAM_CODEC_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct regex;

/* ERR_USAGE with the place in the pattern where it went wrong. */
int regex_new(const char *pattern, size_t len, const char *flags, struct regex **out, struct error *e);
void regex_free(struct regex *r);

/*
 * Matches anywhere in the text, from `start`. Returns the number of groups set + 1 (>= 1), 0 for no match, or an
 * error when a limit was hit. spans[2*g], spans[2*g+1] are the start and end of group g, REGEX_UNSET if it took no
 * part; they live in r until the next match.
 */
#define REGEX_UNSET SIZE_MAX
int regex_match(struct regex *r, const char *text, size_t len, size_t start, const size_t **spans, struct error *e);

/* Capture groups, not counting the whole. */
uint32_t regex_group_count(const struct regex *r);
/* Name of group g (1..count), or NULL. */
const char *regex_group_name(const struct regex *r, uint32_t g);

#endif
