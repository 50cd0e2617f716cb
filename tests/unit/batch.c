/* Batches: filling row by row, shapes, changes that are undone by the next clear, appending. */
#include "record/batch.h"

#include "test.h"

/* Appends {a: i, b: i + 1} or, with `swapped`, {b, a}, or with `only` {a}. */
static void add(struct batch *b, int64_t i, bool swapped, bool only)
{
	int ca = batch_column(b, "a", 1), cb = only ? -1 : batch_column(b, "b", 1);
	uint16_t columns[2] = {(uint16_t)(swapped ? cb : ca), (uint16_t)(swapped ? ca : cb)};
	int shape = batch_shape_of(b, columns, only ? 1 : 2);
	uint32_t row = batch_begin(b);
	b->columns[ca].values[row] = value_int(i);
	if (!only)
		b->columns[cb].values[row] = value_int(i + 1);
	batch_end(b, (uint32_t)shape, (uint64_t)i + 1);
}

static void test_fill(void)
{
	struct batch b;
	batch_init(&b);
	for (int64_t i = 0; i < 1000; i++)
		add(&b, i, i % 3 == 1, i % 3 == 2);
	CHECK(b.rows == 1000 && b.column_count == 2 && b.shape_count == 3);
	int found = 0;
	for (uint32_t r = 0; r < b.rows; r++) {
		struct value x = column_get(batch_field(&b, "a", 1), r), y = column_get(batch_field(&b, "b", 1), r);
		found += x.i == r && (r % 3 == 2 ? y.type == TYPE_ABSENT : y.i == r + 1) && b.lines[r] == r + 1;
	}
	CHECK(found == 1000);
	CHECK(batch_shape(&b, 1)->columns[0] == 1 && batch_shape(&b, 2)->count == 1);
	CHECK(batch_field(&b, "nope", 4)->value.type == TYPE_ABSENT);
	batch_release(&b);
}

static void test_change_is_undone(void)
{
	struct batch b;
	batch_init(&b);
	add(&b, 5, false, false);
	batch_set(&b, "c", 1, column_const(value_int(9)));
	CHECK(batch_shape(&b, 0)->count == 3);
	CHECK(batch_rename(&b, "a", 1, "z", 1) && batch_drop(&b, "b", 1));
	CHECK(batch_shape(&b, 0)->count == 2 && batch_find(&b, "b", 1) < 0 && batch_find(&b, "z", 1) == 0);
	CHECK(!batch_drop(&b, "nope", 4));
	batch_clear(&b);
	CHECK(b.column_count == 2 && b.shape_count == 1 && b.shapes[0].count == 2 && batch_find(&b, "a", 1) == 0);
	add(&b, 7, false, false);
	CHECK(column_get(batch_field(&b, "b", 1), 0).i == 8);
	batch_release(&b);
}

static void test_prediction_is_dropped(void)
{
	struct batch b;
	batch_init(&b);
	add(&b, 1, false, false);
	add(&b, 1, false, true);
	uint32_t generation = b.generation;
	batch_clear(&b);
	CHECK(b.generation == generation && b.column_count == 2);
	add(&b, 2, false, true);
	add(&b, 3, false, true);
	batch_clear(&b);
	CHECK(b.generation != generation && !b.column_count && !b.shape_count);
	batch_release(&b);
}

static void test_append(void)
{
	struct batch from, to;
	batch_init(&from);
	batch_init(&to);
	for (int64_t i = 0; i < 100; i++)
		add(&from, i, i & 1, false);
	batch_meta(&from, META_TIME);
	for (uint32_t r = 0; r < 100; r++)
		from.meta[META_TIME].values[r] = value_time(r);
	uint32_t sel[3] = {10, 20, 31};
	batch_select(&from, sel, 3);
	add(&to, 1000, false, true);
	CHECK(batch_append(&to, &from, 0) == 3 && to.rows == 4);
	CHECK(column_get(batch_field(&to, "b", 1), 0).type == TYPE_ABSENT);
	CHECK(column_get(batch_field(&to, "b", 1), 3).i == 32);
	CHECK(column_get(batch_field(&to, "@time", 5), 2).i == 20);
	CHECK(column_get(batch_field(&to, "@time", 5), 0).type == TYPE_ABSENT);
	CHECK(batch_shape(&to, 3)->columns[0] == 1);
	CHECK(batch_append(&to, &from, 2) == 1 && to.rows == 5);
	batch_release(&from);
	batch_release(&to);
}

static void test_rejects(void)
{
	struct batch b;
	batch_init(&b);
	add(&b, 41, false, false);
	batch_reject_row(&b, 0, "%s is %d", "a", 41);
	batch_reject_text(&b, 7, "{bad", 4, "no end");
	CHECK(b.reject_count == 2 && b.rejects[0].line == 42 && !b.rejects[0].text && b.rejects[1].line == 7);
	CHECK_TEXT(b.rejects[0].reason, strlen(b.rejects[0].reason), "a is 41");
	batch_clear(&b);
	CHECK(!b.reject_count);
	batch_release(&b);
}

static void test_many_columns(void)
{
	struct batch b;
	batch_init(&b);
	char name[16];
	for (int i = 0; i < 5000; i++)
		CHECK(batch_column(&b, name, (size_t)snprintf(name, sizeof name, "f%d", i)) == i);
	CHECK(batch_column(&b, "f4321", 5) == 4321);
	batch_clear(&b);
	CHECK(!b.column_count);
	batch_release(&b);
}

int main(void)
{
	test_fill();
	test_change_is_undone();
	test_prediction_is_dropped();
	test_append();
	test_rejects();
	test_many_columns();
	return test_done();
}
