/* Any text is an expression or an error; what it gives for a few rows agrees between the vector and the scalar path. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 8 };

static void add(struct batch *b, const char *name, const struct value *pool, uint32_t count)
{
	struct value *v = arena_array(&b->arena, ROWS, sizeof *v);
	for (uint32_t i = 0; i < ROWS; i++)
		v[i] = pool[i % count];
	batch_set(b, name, 1, (struct column){.form = COLUMN_VALUES, .values = v});
}

static void fill(struct batch *b)
{
	static const char text[] = "GET /a,b?c=1 \xc3\xa4\xff", json[] = "{\"k\":[1,\"x\"]}";
	const struct value numbers[] = {value_int(INT64_MAX), value_decimal(-110, 2), value_float(0.1),
					value_text(TYPE_NUMBER, "1e400", 5), value_null()};
	const struct value mixed[] = {value_string(text, sizeof text - 1), value_time(1), value_bool(true),
				      value_absent(), value_text(TYPE_JSON, json, sizeof json - 1)};
	for (uint32_t i = 0; i < ROWS; i++) {
		batch_begin(b);
		batch_end(b, (uint32_t)batch_shape_of(b, NULL, 0), 0);
	}
	add(b, "a", numbers, 5);
	add(b, "b", mixed, 5);
}

static bool same(struct value a, struct value b)
{
	if (a.type != b.type || a.scale != b.scale)
		return false;
	return value_has_text(a) ? a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len)) : a.i == b.i;
}

static void compare_paths(struct expr *x, struct batch *b)
{
	struct value out[ROWS];
	uint32_t kept[ROWS];
	expr_eval(x, b, NULL, ROWS, out);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct value one;
		expr_eval(x, b, &i, 1, &one);
		if (!same(one, out[i]))
			abort();
	}
	expr_filter(x, b, kept);
	while (expr_warning(x))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e;
	struct expr *x;
	struct statement *list;
	size_t count;
	char *text = mem_copy((const char *)data, size);
	if (!expr_parse(text, size, &x, &e)) {
		struct batch b;
		batch_init(&b);
		fill(&b);
		compare_paths(x, &b);
		expr_free(x);
		batch_release(&b);
	}
	statement_looks_like(text);
	if (!statement_list_parse(text, NULL, &list, &count, &e))
		statement_list_release(list, count);
	free(text);
	return 0;
}
