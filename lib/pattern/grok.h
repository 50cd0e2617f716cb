/*
 * Grok: `%{NAME}` stands for a regex of a library, `%{NAME:field}` captures what it matched, `%{NAME:field:type}` as an int,
 * float or string. All else is PCRE2. A definition may use others, and capture fields of its own
 * (`%{COMBINEDAPACHELOG}`). For lib/pattern only.
 */
#ifndef STREAM_PATTERN_GROK_H
#define STREAM_PATTERN_GROK_H

#include <stddef.h>

struct grok_definition {
	const char *name;
	const char *text;
};

extern const struct grok_definition grok_library[];
extern const size_t grok_library_count;

/* NULL if there is none of that name. */
const char *grok_find(const char *name, size_t len);
/* The nearest name that there is, or NULL. */
const char *grok_nearest(const char *name, size_t len);

#endif
