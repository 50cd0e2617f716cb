/* Keys as bytes: memcmp of keys is value_compare of values, in every pair of a few thousand. */
#include <stdlib.h>

#include "base/mem.h"
#include "key/encode.h"
#include "key/spec.h"
#include "key/table.h"
#include "record/batch_rows.h"
#include "test.h"

enum { VALUES = 1200 };

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static struct value number(const char *text)
{
	struct value v;
	CHECK(number_read(text, text + strlen(text), &v));
	return v;
}

static char numbers_text[] = "0 -0 0.00 1 1.0 1e0 10e-1 -1 0.1 0.01 1e-41 1e-40 1e-39 1e40 1e41 1e400 -1e400 1e-400 "
			     "9223372036854775807 -9223372036854775807 12345678901234567890 99 100 101 0.99 1.10 1.1 "
			     "1.05 123456789e-20 -1e-400 1E999999999999999999999 1e39 -0.5 200 20 2 255 256 1000000 "
			     "999999";
static const char *numbers[64];
static int number_count;

static void split_numbers(void)
{
	for (char *save, *word = strtok_r(numbers_text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		numbers[number_count++] = word;
}

static struct value random_text(enum type type, struct arena *a)
{
	static const char letters[] = {0, 1, (char)0xff, 'a', 'b'};
	size_t len = draw() % 5;
	char *s = arena_alloc(a, len + 1);
	for (size_t i = 0; i < len; i++)
		s[i] = letters[draw() % sizeof letters];
	return value_text(type, s, len);
}

static struct value random_value(struct arena *a)
{
	switch (draw() % 12) {
	case 0: return draw() % 2 ? value_null() : value_absent();
	case 1: return value_bool(draw() % 2);
	case 2: return value_int((int64_t)draw());
	case 3: return value_int((int64_t)(draw() % 300) - 150);
	case 4: return value_decimal((int64_t)(draw() % 3000) - 1500, (unsigned)(draw() % 19));
	case 5: return value_float(((double)(int64_t)(draw() % 2000) - 1000) / 8);
	case 6: return value_float((double)(int64_t)draw() * 1e-300);
	case 7: return number(numbers[draw() % (unsigned)number_count]);
	case 8: return value_time((int64_t)draw());
	case 9: return random_text(TYPE_BYTES, a);
	case 10: return random_text(TYPE_JSON, a);
	default: return random_text(TYPE_STRING, a);
	}
}

static int sign(int i)
{
	return (i > 0) - (i < 0);
}

static int compare(const struct buf *a, const struct buf *b)
{
	int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
	return order ? sign(order) : (a->len > b->len) - (a->len < b->len);
}

static void test_order(void)
{
	struct arena a = {0};
	static struct value v[VALUES];
	static struct buf up[VALUES], down[VALUES];
	for (int i = 0; i < VALUES; i++) {
		v[i] = i < number_count ? number(numbers[i]) : random_value(&a);
		key_append(v[i], false, &up[i]);
		key_append(v[i], true, &down[i]);
	}
	int wrong = 0, prefixes = 0;
	for (int i = 0; i < VALUES; i++)
		for (int j = 0; j < VALUES; j++) {
			int want = value_compare(v[i], v[j]), got = compare(&up[i], &up[j]);
			wrong += got != want || compare(&down[i], &down[j]) != -want;
			wrong += (got == 0) != value_equal(v[i], v[j]);
			prefixes += got && up[i].len < up[j].len && !memcmp(up[i].data, up[j].data, up[i].len);
		}
	CHECK(!wrong);
	CHECK(!prefixes);
	for (int i = 0; i < VALUES; i++) {
		buf_release(&up[i]);
		buf_release(&down[i]);
	}
	arena_release(&a);
}

static void test_table(void)
{
	struct key_table t = {0};
	char key[16];
	CHECK(key_table_find(&t, "x", 1) == KEY_NONE);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			int len = snprintf(key, sizeof key, "%d", i);
			CHECK(key_table_number(&t, key, (size_t)len) == (uint32_t)i);
		}
	CHECK(t.count == 5000 && key_table_find(&t, "4999", 4) == 4999 && key_table_find(&t, "5000", 4) == KEY_NONE);
	CHECK(key_table_find(&t, "", 0) == KEY_NONE && key_table_number(&t, "", 0) == 5000);
	CHECK(key_table_memory(&t) > 5000 * 4);
	key_table_release(&t);
}

static void expect_error(const char *text, enum key_order order, const char *part)
{
	struct key_spec s;
	struct error e = {0};
	CHECK(key_spec_parse(text, order, &s, &e) == ERR_USAGE && strstr(e.text, part));
	key_spec_release(&s);
}

static void test_spec(void)
{
	struct key_spec s;
	struct error e;
	CHECK(!key_spec_parse("a:desc,`b:asc`,if(a, 1, 2):asc,c.d", KEY_ASCENDING, &s, &e));
	CHECK(s.count == 4 && s.parts[0].descending && !s.parts[1].descending && !s.parts[3].descending);
	key_spec_release(&s);
	CHECK(!key_spec_parse("a,b:asc", KEY_DESCENDING, &s, &e));
	CHECK(s.count == 2 && s.parts[0].descending && !s.parts[1].descending && s.field_count == 2);
	key_spec_release(&s);
	expect_error("a:down", KEY_ASCENDING, "asc or desc");
	expect_error("a:desc", KEY_PLAIN, "no order");
	expect_error("a,,b", KEY_ASCENDING, "missing");
	expect_error("", KEY_PLAIN, "missing");
}

static void test_rows(void)
{
	struct batch b;
	struct key_spec s;
	struct key_list l = {0};
	struct error e;
	struct field one[] = {{"a", value_int(1)}, {"b", value_string("x", 1)}};
	struct field same[] = {{"b", value_string("x", 1)}, {"a", value_decimal(10, 1)}};
	struct field other[] = {{"b", value_string("x", 1)}, {"a", value_null()}};
	batch_init(&b);
	batch_add_row(&b, one, 2);
	batch_add_row(&b, same, 2);
	batch_add_row(&b, other, 2);
	batch_add_row(&b, same, 1);
	key_of_records(&b, &l);
	CHECK(key_len(&l, 0) == key_len(&l, 1) && !memcmp(key_bytes(&l, 0), key_bytes(&l, 1), key_len(&l, 0)));
	CHECK(key_len(&l, 2) != key_len(&l, 3));
	CHECK(!key_spec_parse("int(b)", KEY_PLAIN, &s, &e));
	key_spec_apply(&s, &b, &l);
	CHECK(b.reject_count == 4 && batch_count(&b) == 0 && l.count == 0);
	key_spec_release(&s);
	key_list_release(&l);
	batch_release(&b);
}

int main(void)
{
	split_numbers();
	test_order();
	test_table();
	test_spec();
	test_rows();
	return test_done();
}
