/* What the kinds of patterns have in common; for lib/pattern only. */
#ifndef STREAM_PATTERN_KIND_H
#define STREAM_PATTERN_KIND_H

#include "pattern/pattern.h"

struct pattern_ops {
	enum pattern_result (*apply)(struct pattern *p, const char *line, size_t len, uint64_t number,
				     const char **reason);
	void (*free)(struct pattern *p);
};

struct pattern { /* the head of each kind's own struct */
	const struct pattern_ops *ops;
	struct pattern_options options;
	struct batch *to;
	bool bound;   /* the columns of `to` are known */
	int64_t base; /* now, as far as dates without a year go */
};

/* What reads a named pattern that is a regex. */
struct known {
	const char *name;
	const char *regex;
	const char *ints;           /* the fields that are ints, blank-separated */
	const char *nothing;        /* the text that is null, or NULL */
	const char *const *formats; /* how to read the field `time`, see captures.h */
};

const struct known *known_find(const char *name);

enum line_format { LINE_JSON, LINE_CSV, LINE_LOGFMT };

struct pattern *access_new(bool combined);
struct pattern *line_format_new(enum line_format format);
int grok_new(const char *text, struct pattern **out, struct error *e);
int known_new(const struct known *k, struct pattern **out, struct error *e);

/* The regex that is equivalent to the scanner of access_new. */
const char *access_regex(bool combined);

/* Without a time of its own a row has none, in a batch where other rows do. */
static inline void pattern_no_time(struct batch *to, uint32_t row)
{
	if (to->meta[META_TIME].form == COLUMN_VALUES)
		to->meta[META_TIME].values[row] = value_absent();
}

#endif
