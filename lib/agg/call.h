/*
 * Calls of aggregates, as they are written: which function, with which constants. A rate is per second of the window,
 * or, without one, of the time between the first and the last record of all.
 *
 *   count  count()      records                        count(x)      those where x is neither absent nor null
 *   sum(x) avg(x)       numbers                        rate rate(x)  count, sum, per second
 *   min(x) max(x)       any values, by sort order      first(x) last(x)  by (@time, @shard, @seq), then arrival
 *   var(x) stddev(x)    of the sample, by n - 1        distinct(x)   how many different values
 *   quantile(x, q)      0 <= q <= 1                    top(x, n)     the n (10) most frequent, a json array
 *   median(x)           quantile(x, 0.5)               collect(x)    all values, a json array
 *   p50(x) p99(x) p999(x)   p and digits: two are percent, further ones decimals of it: p999 is quantile(x, 0.999)
 */
#ifndef STREAM_AGG_CALL_H
#define STREAM_AGG_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agg/sketch.h"
#include "base/error.h"
#include "expr/expr.h"

enum function {
	CALL_COUNT,
	CALL_SUM,
	CALL_AVG,
	CALL_MIN,
	CALL_MAX,
	CALL_FIRST,
	CALL_LAST,
	CALL_VAR,
	CALL_STDDEV,
	CALL_QUANTILE,
	CALL_DISTINCT,
	CALL_TOP,
	CALL_RATE,
	CALL_COLLECT,
};

struct call {
	enum function function;
	bool has_argument; /* else all records count */
	struct quantile q; /* of CALL_QUANTILE */
	uint32_t n;        /* of CALL_TOP */
};

/* For statement_parse: whether a name is that of an aggregate. */
bool agg_is_function(const char *name, size_t len);

/* ERR_USAGE when the arguments don't fit the function. */
int call_parse(const struct statement *s, struct call *c, struct error *e);

/* The name of a column that was given none: `sum_bytes`, `quantile_rt_0_99`, `count`; in the arena. */
const char *call_name(const struct statement *s, struct arena *a);

/* For messages: the functions' names; NULL ends them. */
extern const char *const agg_function_names[];

#endif
