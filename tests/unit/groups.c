/* Groups: every form of a column gives the numbers that value_equal alone would give. */
#include "agg/groups.h"

#include <stdlib.h>

#include "base/mem.h"
#include "test.h"

enum { ROWS = 3000 };

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static struct value random_value(int kind, struct arena *a)
{
	int64_t i = (int64_t)(draw() % 400);
	char *text = arena_printf(a, "%0*d", (int)(draw() % 20), (int)i);
	switch (kind) {
	case 0: return value_string(text, strlen(text));
	case 1: return value_int(i - 100);
	case 2: return value_int((int64_t)(draw() % 3) << 40 | i);
	case 3: return value_decimal(i * 10, 1 + draw() % 2);
	case 4: return i % 3 ? value_null() : i % 2 ? value_absent() : value_bool(i & 4);
	case 5: return i % 2 ? value_text(TYPE_NUMBER, "1e2", 3) : value_float((double)i);
	default: return random_value((int)(draw() % 6), a);
	}
}

/* The meaning: the first row with equal keys has the number. */
static void check_numbers(const struct column *const *columns, uint32_t key_count, const uint32_t *rows, uint32_t count,
			  const uint32_t *got)
{
	uint32_t next = 0, wrong = 0;
	uint32_t *first = mem_array(count, sizeof *first);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t g = 0;
		for (; g < next; g++) {
			bool equal = true;
			for (uint32_t k = 0; k < key_count; k++)
				equal &= value_equal(column_get(columns[k], rows ? rows[i] : i),
						     column_get(columns[k], rows ? rows[first[g]] : first[g]));
			if (equal)
				break;
		}
		if (g == next)
			first[next++] = i;
		wrong += g != got[i];
	}
	CHECK(!wrong);
	free(first);
}

static void find(struct groups *g, const struct column *const *columns, const uint32_t *rows, uint32_t count,
		 uint32_t step, uint32_t *out)
{
	uint32_t scratch[ROWS];
	uint32_t all[ROWS];
	for (uint32_t i = 0; i < count; i++)
		all[i] = rows ? rows[i] : i;
	for (uint32_t i = 0; i < count; i += step)
		groups_find(g, 0, columns, all + i, count - i < step ? count - i : step, out + i, scratch);
}

static void test_values(void)
{
	for (int kind = 0; kind < 7; kind++) {
		struct arena a = {0};
		struct value *v = arena_array(&a, ROWS, sizeof *v), *w = arena_array(&a, ROWS, sizeof *w);
		uint32_t out[ROWS], one[ROWS];
		for (int i = 0; i < ROWS; i++) {
			v[i] = random_value(kind, &a);
			w[i] = random_value(6 - kind, &a);
		}
		struct column c = {.form = COLUMN_VALUES, .values = v}, d = {.form = COLUMN_VALUES, .values = w};
		const struct column *columns[] = {&c, &d, &c};
		for (uint32_t keys = 1; keys <= 3; keys++) {
			struct groups g, h;
			groups_init(&g, keys);
			groups_init(&h, keys);
			find(&g, columns, NULL, ROWS, ROWS, out);
			find(&h, columns, NULL, ROWS, 1, one);
			check_numbers(columns, keys, NULL, ROWS, out);
			CHECK(!memcmp(out, one, sizeof out));
			for (uint32_t i = 0; i < ROWS; i++)
				for (uint32_t k = 0; k < keys; k++)
					if (!value_equal(groups_key(&g, out[i], k), columns[k]->values[i]))
						CHECK(!"the group's key is the row's");
			groups_release(&g);
			groups_release(&h);
		}
		arena_release(&a);
	}
}

/* The dense forms, with and without marks, with rows picked. */
static void test_dense(void)
{
	uint8_t codes[ROWS], marks[ROWS];
	uint16_t ints[ROWS];
	uint32_t out[ROWS], rows[ROWS], count = 0, scratch[ROWS];
	struct value dict[200];
	char texts[200][8];
	for (int i = 0; i < 200; i++) {
		int len = snprintf(texts[i], sizeof texts[i], "/p%d", i % 190);
		dict[i] = i % 7 ? value_string(texts[i], (size_t)len) : value_int(i);
	}
	for (uint32_t i = 0; i < ROWS; i++) {
		codes[i] = (uint8_t)(draw() % 200);
		ints[i] = (uint16_t)draw();
		marks[i] = (uint8_t)(draw() % 8 ? 0 : 1 + draw() % 2);
		if (draw() % 3)
			rows[count++] = i;
	}
	for (int marked = 0; marked < 2; marked++) {
		struct column forms[] = {
			{.form = COLUMN_DICT, .width = 1, .ints = codes, .dict = dict, .dict_size = 200, .dict_id = 5},
			{.form = COLUMN_INT, .type = TYPE_INT, .width = 2, .bias = -70, .ints = ints},
			{.form = COLUMN_INT, .type = TYPE_INT, .width = 1, .bias = 200, .ints = codes},
			{.form = COLUMN_INT, .type = TYPE_TIME, .width = 2, .ints = ints},
			{.form = COLUMN_CONST, .value = value_string("x", 1)},
		};
		for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
			struct groups g;
			const struct column *column = &forms[f];
			if (marked && column->form != COLUMN_CONST)
				forms[f].marks = marks;
			groups_init(&g, 1);
			groups_find(&g, 0, &column, rows, count, out, scratch);
			check_numbers(&column, 1, rows, count, out);
			groups_find(&g, 0, &column, rows, count, out, scratch);
			check_numbers(&column, 1, rows, count, out);
			groups_release(&g);
		}
	}
}

/* Another dictionary under another id, one of another input under the same, one that has grown. */
static void test_dictionaries(void)
{
	uint8_t codes[] = {0, 1, 0, 1};
	struct value first[] = {value_string("a", 1), value_string("b", 1)};
	struct value second[] = {value_string("b", 1), value_string("c", 1), value_string("d", 1)};
	struct column c = {.form = COLUMN_DICT, .width = 1, .ints = codes, .dict = first, .dict_size = 2, .dict_id = 1};
	const struct column *column = &c;
	uint32_t out[4], scratch[4];
	struct groups g;
	groups_init(&g, 1);
	groups_find(&g, 0, &column, NULL, 4, out, scratch);
	CHECK(out[0] == 0 && out[1] == 1 && out[2] == 0);
	c.dict = second;
	c.dict_id = 2;
	groups_find(&g, 0, &column, NULL, 4, out, scratch);
	CHECK(out[0] == 1 && out[1] == 2);
	c.dict = first;
	groups_find(&g, 1, &column, NULL, 4, out, scratch);
	CHECK(out[0] == 0 && out[1] == 1);
	c.dict = second + 1;
	c.dict_id = 0;
	groups_find(&g, 1, &column, NULL, 4, out, scratch);
	CHECK(out[0] == 2 && out[1] == 3);
	groups_release(&g);
}

static void test_order(void)
{
	struct groups g;
	uint32_t sorted[4];
	const struct value keys[4][2] = {
		{value_string("b", 1), value_int(2)},
		{value_int(7), value_null()},
		{value_null(), value_int(1)},
		{value_string("b", 1), value_decimal(15, 1)},
	};
	groups_init(&g, 2);
	for (int i = 0; i < 4; i++)
		CHECK(groups_number(&g, keys[i]) == (uint32_t)i);
	const struct value again[] = {value_string("b", 1), value_decimal(20, 1)};
	CHECK(groups_number(&g, again) == 0 && groups_key(&g, 0, 1).scale == 0);
	groups_sorted(&g, sorted);
	CHECK(sorted[0] == 2 && sorted[1] == 1 && sorted[2] == 3 && sorted[3] == 0);
	groups_release(&g);
}

int main(void)
{
	test_values();
	test_dense();
	test_dictionaries();
	test_order();
	return test_done();
}
