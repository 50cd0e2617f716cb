/* One line through one pattern, and the record that it became as text: `client='1.2.3.4' ident=null status=200`. */
#ifndef STREAM_TESTS_UNIT_PATTERN_RUN_H
#define STREAM_TESTS_UNIT_PATTERN_RUN_H

#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "pattern/pattern.h"
#include "test.h"

/* 10 January 2026, noon. */
#define RUN_NOW (INT64_C(1768046400) * 1000000000)

struct run {
	struct pattern *pattern;
	struct batch batch;
	const char *reason;
	struct buf text;
};

static inline void run_open_as(struct run *r, const char *pattern, bool timeless)
{
	struct pattern_options options = {.timeless = timeless, .now = RUN_NOW};
	struct error e = {0};
	*r = (struct run){0};
	batch_init(&r->batch);
	int code = pattern_new(pattern, &options, &r->pattern, &e);
	if (code != OK)
		fprintf(stderr, "%s: %s\n", pattern, e.text);
	CHECK(code == OK);
}

static inline void run_open(struct run *r, const char *pattern)
{
	run_open_as(r, pattern, false);
}

static inline void run_close(struct run *r)
{
	pattern_free(r->pattern);
	batch_release(&r->batch);
	buf_release(&r->text);
}

static inline void run_value(struct value v, struct buf *out)
{
	const char *quote = v.type == TYPE_STRING ? "'" : "";
	if (v.type == TYPE_NULL)
		buf_string_append(out, "null");
	buf_string_append(out, quote);
	value_plain(v, out);
	buf_string_append(out, quote);
}

/* Appends the row, @time first if it has one. */
static inline void run_row(const struct batch *b, uint32_t row, struct buf *out)
{
	const struct shape *shape = batch_shape(b, row);
	struct value time = column_get(&b->meta[META_TIME], row);
	if (time.type != TYPE_ABSENT) {
		buf_string_append(out, "@");
		run_value(time, out);
	}
	for (uint32_t i = 0; i < shape->count; i++) {
		const struct column *c = &b->columns[shape->columns[i]];
		struct value v = column_get(c, row);
		if (v.type == TYPE_ABSENT)
			continue;
		buf_printf(out, "%s%.*s=", out->len ? " " : "", (int)c->name_len, c->name);
		run_value(v, out);
	}
}

/* The record, or `none: reason`, `rejected: reason`, `consumed`. The line is given in memory of its exact size. */
static inline const char *run_line(struct run *r, const char *line, size_t len)
{
	char *exact = malloc(len ? len : 1);
	memcpy(exact, line, len);
	batch_clear(&r->batch);
	buf_clear(&r->text);
	pattern_begin(r->pattern, &r->batch);
	enum pattern_result result = pattern_apply(r->pattern, exact, len, 7, &r->reason);
	switch (result) {
	case PATTERN_MATCHED:
		CHECK(r->batch.rows == 1 && r->batch.lines && r->batch.lines[0] == 7);
		run_row(&r->batch, 0, &r->text);
		break;
	case PATTERN_NONE: buf_printf(&r->text, "none: %s", r->reason); break;
	case PATTERN_REJECTED: buf_printf(&r->text, "rejected: %s", r->reason); break;
	case PATTERN_CONSUMED: buf_printf(&r->text, "consumed"); break;
	case PATTERN_FULL: buf_printf(&r->text, "full"); break;
	}
	if (result != PATTERN_MATCHED)
		CHECK(r->batch.rows == 0 && r->batch.reject_count == 0);
	free(exact);
	return buf_string(&r->text);
}

static inline void run_check(struct run *r, const char *line, const char *want)
{
	const char *got = run_line(r, line, strlen(line));
	if (strcmp(got, want))
		fprintf(stderr, "line `%s`:\n", line);
	CHECK_TEXT(got, strlen(got), want);
}

static inline void check_line(const char *pattern, const char *line, const char *want)
{
	struct run r;
	run_open(&r, pattern);
	if (r.pattern)
		run_check(&r, line, want);
	run_close(&r);
}

#endif
