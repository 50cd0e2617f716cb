/*
 * How fast expressions go over columns, in million rows a second: expr_filter and expr_eval on batches of BATCH_ROWS
 * rows.
 * Takes no arguments; the best of some repeats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "expr/expr.h"

enum { ROWS = BATCH_ROWS, ROUNDS = 400, REPEATS = 3 };

static const char *const paths[] = {"/", "/index.html", "/api/users", "/api/orders", "/static/app.js", "/favicon.ico"};
enum { PATHS = sizeof paths / sizeof *paths };

static struct value path_value(uint32_t i)
{
	const char *s = paths[i * 7919 % PATHS];
	return value_string(s, strlen(s));
}

static int64_t status(uint32_t i)
{
	return (const int64_t[]){200, 200, 200, 304, 404, 500, 503}[i * 2654435761u % 7];
}

static void set(struct batch *b, const char *name, struct column c)
{
	batch_set(b, name, strlen(name), c);
}

static void add_values(struct batch *b)
{
	struct value *statuses = arena_array(&b->arena, ROWS, sizeof *statuses);
	struct value *texts = arena_array(&b->arena, ROWS, sizeof *texts);
	struct value *times = arena_array(&b->arena, ROWS, sizeof *times);
	for (uint32_t i = 0; i < ROWS; i++) {
		statuses[i] = value_int(status(i));
		texts[i] = path_value(i);
		times[i] = value_decimal((int64_t)(i % 1000), 3);
	}
	set(b, "status_v", (struct column){.form = COLUMN_VALUES, .values = statuses});
	set(b, "path_v", (struct column){.form = COLUMN_VALUES, .values = texts});
	set(b, "rt_v", (struct column){.form = COLUMN_VALUES, .values = times});
}

static void add_dense(struct batch *b)
{
	uint16_t *narrow = arena_array(&b->arena, ROWS, sizeof *narrow);
	uint32_t *bytes = arena_array(&b->arena, ROWS, sizeof *bytes);
	uint8_t *codes = arena_alloc(&b->arena, ROWS);
	double *rt = arena_array(&b->arena, ROWS, sizeof *rt);
	struct value *dict = arena_array(&b->arena, PATHS, sizeof *dict);
	for (uint32_t i = 0; i < ROWS; i++) {
		narrow[i] = (uint16_t)(status(i) - 200);
		bytes[i] = i * 31;
		codes[i] = (uint8_t)(i * 7919 % PATHS);
		rt[i] = (i % 1000) / 1000.0;
	}
	for (uint32_t i = 0; i < PATHS; i++)
		dict[i] = value_string(paths[i], strlen(paths[i]));
	set(b, "status",
	    (struct column){.form = COLUMN_INT, .type = TYPE_INT, .width = 2, .bias = 200, .ints = narrow});
	set(b, "bytes", (struct column){.form = COLUMN_INT, .type = TYPE_INT, .width = 4, .ints = bytes});
	set(b, "path",
	    (struct column){.form = COLUMN_DICT, .width = 1, .ints = codes, .dict = dict, .dict_size = PATHS});
	set(b, "rt", (struct column){.form = COLUMN_FLOAT, .floats = rt});
}

static void fill(struct batch *b)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		batch_begin(b);
		batch_end(b, (uint32_t)batch_shape_of(b, NULL, 0), 0);
	}
	add_values(b);
	add_dense(b);
}

static double measure(struct expr *x, struct batch *b, bool filter, uint32_t *kept, struct value *out)
{
	int64_t best = INT64_MAX;
	for (int repeat = 0; repeat < REPEATS; repeat++) {
		int64_t start = monotonic_now();
		for (int round = 0; round < ROUNDS; round++) {
			/* What evaluation takes from the arena would be cleared with the batch. */
			struct arena saved = b->arena;
			b->arena = (struct arena){0};
			if (filter)
				expr_filter(x, b, kept);
			else
				expr_eval(x, b, NULL, ROWS, out);
			arena_release(&b->arena);
			b->arena = saved;
		}
		int64_t took = monotonic_now() - start;
		best = took < best ? took : best;
	}
	return (double)ROWS * ROUNDS * 1e3 / (double)best;
}

static const struct {
	bool filter;
	const char *text;
} cases[] = {
	{true, "status >= 500"},
	{true, "status_v >= 500"},
	{true, "path == '/index.html'"},
	{true, "path_v == '/index.html'"},
	{true, "rt > 0.5"},
	{true, "rt_v > 0.5"},
	{true, "status >= 500 && path == '/index.html'"},
	{true, "status_v >= 500 || rt_v > 0.9"},
	{true, "status in (200, 304)"},
	{true, "path =~ /^\\/api/"},
	{true, "path_v =~ /^\\/api/"},
	{true, "bytes * 8 > 1000"},
	{false, "bytes / 1024"},
	{false, "status_v + 1"},
	{false, "if(status >= 500, 'bad', 'good')"},
	{false, "upper(path)"},
};

int main(void)
{
	struct batch b;
	batch_init(&b);
	fill(&b);
	uint32_t *kept = malloc(ROWS * sizeof *kept);
	struct value *out = malloc(ROWS * sizeof *out);
	for (size_t i = 0; kept && out && i < sizeof cases / sizeof *cases; i++) {
		struct expr *x;
		struct error e;
		if (expr_parse(cases[i].text, strlen(cases[i].text), &x, &e)) {
			fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		printf("%8.0f million rows/s  %s  %s\n", measure(x, &b, cases[i].filter, kept, out),
		       cases[i].filter ? "filter" : "eval  ", cases[i].text);
		expr_free(x);
	}
	free(kept);
	free(out);
	batch_release(&b);
	return 0;
}
