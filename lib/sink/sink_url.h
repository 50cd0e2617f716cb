/*
 * The URL of a destination: `scheme:place?name=value&name=value`. The place ends at the first `?` and is taken as it
 * is (a `%` belongs to a time format); in a value `%26` and its like are decoded.
 */
#ifndef STREAM_SINK_SINK_URL_H
#define STREAM_SINK_SINK_URL_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct sink_param {
	const char *name;
	const char *value; /* set if the URL has it; in the arena */
};

/* Fills the values of `params` (count of them) and *place. Any other name is ERR_USAGE, with the nearest there is. */
int sink_url_parse(const char *url, struct arena *a, const char **place, struct sink_param *params, size_t count,
		   struct error *e);

/* The index of `value` among `count` words, or an error that names them. */
int sink_url_choice(const struct sink_param *p, const char *const *words, size_t count, struct error *e);

#endif
