/* Exact sums: against __float128 and decimal arithmetic by hand, in any order, cut anywhere. */
#include "agg/sum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "test.h"

enum { COUNT = 5000, PARTS = 7 };

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
	const char *end = text + strlen(text);
	return number_read(text, end, &v) == end ? v : value_null();
}

static void check_value(struct value v, const char *want, int line)
{
	struct buf text = BUF_INIT;
	if (v.type == TYPE_NULL)
		buf_string_append(&text, "null");
	value_plain(v, &text);
	if (strcmp(buf_string(&text), want))
		fprintf(stderr, "from line %d:\n", line);
	CHECK_TEXT(text.data, text.len, want);
	buf_release(&text);
}

/* Sums blank-separated numbers. */
static void sum_words(const char *words, struct sum *s, struct sum *squares, struct arena *a)
{
	*s = *squares = (struct sum){0};
	for (const char *p = words; *p; p += *p == ' ') {
		struct value v;
		p = number_read(p, p + strlen(p), &v);
		sum_add(s, v, a);
		if (v.type == TYPE_INT)
			sum_add_square(squares, v.i, v.scale, a);
		else
			sum_add_slow(squares, v, 2, a);
	}
}

static void check_words(const char *words, const char *sum, const char *average, const char *variance, int line)
{
	struct arena a = {0};
	struct sum s, squares;
	sum_words(words, &s, &squares, &a);
	check_value(sum_result(&s, &a), sum, line);
	check_value(sum_average(&s), average, line);
	check_value(sum_variance(&s, &squares), variance, line);
	arena_release(&a);
}

static void test_known(void)
{
	check_words("", "0", "null", "null", __LINE__);
	check_words("4", "4", "4", "null", __LINE__);
	check_words("1.10 2.20", "3.30", "1.65", "0.605", __LINE__);
	check_words("1 2 3 4 5", "15", "3", "2.5", __LINE__);
	check_words("0.1 0.2 0.3", "0.6", "0.2", "0.01", __LINE__);
	check_words("1 0.25", "1.25", "0.625", "0.28125", __LINE__);
	check_words("-1 1", "0", "0", "2", __LINE__);
	check_words("9223372036854775807 1", "9223372036854775808", "4.611686018427388e+18", "4.253529586511731e+37",
		    __LINE__);
	check_words("9223372036854775807 0.000000000000000001", "9223372036854775807.000000000000000001",
		    "4.611686018427388e+18", "4.253529586511731e+37", __LINE__);
	check_words("1E5 1", "100001", "50000.5", "4999900000.5", __LINE__);
	check_words("1e300 1 -1e300", "1", "0.3333333333333333", "null", __LINE__);
	check_words("1e-320 1e-320", "2e-320", "1e-320", "0", __LINE__);
	check_words("1000000000.1 1000000000.2 1000000000.3", "3000000000.6", "1000000000.2", "0.01", __LINE__);
}

/* More than doubles hold: the whole number, and an average that is one again. */
static void test_beyond(void)
{
	struct arena a = {0};
	struct sum s = {0};
	sum_add(&s, value_float(DBL_MAX), &a);
	sum_add(&s, value_float(DBL_MAX), &a);
	struct value v = sum_result(&s, &a);
	CHECK(v.type == TYPE_NUMBER && v.len == 309 && !memcmp(v.s, "35953862697246314162905484746", 29));
	CHECK(sum_average(&s).f == DBL_MAX);
	sum_add(&s, value_float(-DBL_MAX), &a);
	CHECK(sum_result(&s, &a).f == DBL_MAX);
	CHECK(!sum_takes(number("1e400")) && !sum_takes(value_string("1", 1)) && !sum_takes(value_bool(true)));
	CHECK(sum_takes(number("1e300")) && sum_takes(number("12345678901234567890")));
	arena_release(&a);
}

/* The kinds of numbers that are added up below. */
static struct value random_value(int kind, struct arena *a)
{
	switch (kind) {
	case 0: return value_int((int64_t)draw());
	case 1: return value_decimal((int64_t)draw() >> draw() % 64, (unsigned)(draw() % 19));
	case 2: return value_float(ldexp((double)(int64_t)draw(), (int)(draw() % 1800) - 1000));
	case 3: return value_float((double)(draw() % 100000) / 1000);
	case 4: return number(arena_printf(a, "%de%d", (int)(draw() % 2000) - 1000, (int)(draw() % 40) - 20));
	default: return random_value((int)(draw() % 5), a);
	}
}

static void add_all(struct sum *s, struct sum *squares, const struct value *v, size_t from, size_t step,
		    struct arena *a)
{
	for (size_t i = from; i < COUNT; i += step) {
		sum_add(s, v[i], a);
		sum_add_slow(squares, v[i], 2, a);
	}
}

static void shuffle(struct value *v)
{
	for (size_t i = COUNT; i > 1; i--) {
		size_t j = draw() % i;
		struct value swap = v[i - 1];
		v[i - 1] = v[j];
		v[j] = swap;
	}
}

static void same_results(const struct sum *s, const struct sum *q, const struct sum *t, const struct sum *r,
			 struct arena *a)
{
	struct value x = sum_result(s, a), y = sum_result(t, a);
	CHECK(x.type == y.type && x.scale == y.scale && value_equal(x, y));
	CHECK(value_equal(sum_average(s), sum_average(t)));
	CHECK(value_equal(sum_variance(s, q), sum_variance(t, r)));
}

/* The same in any order, and in parts that are merged. */
static void test_order(void)
{
	static struct value v[COUNT];
	for (int kind = 0; kind < 6; kind++) {
		struct arena a = {0};
		struct sum whole = {0}, squares = {0};
		for (size_t i = 0; i < COUNT; i++)
			v[i] = random_value(kind, &a);
		add_all(&whole, &squares, v, 0, 1, &a);
		for (int round = 0; round < 3; round++) {
			struct sum merged = {0}, merged_squares = {0};
			shuffle(v);
			for (size_t part = 0; part < PARTS; part++) {
				struct sum s = {0}, q = {0};
				add_all(&s, &q, v, part, PARTS, &a);
				sum_merge(&merged, &s, 1, &a);
				sum_merge(&merged_squares, &q, 2, &a);
			}
			CHECK(merged.count == COUNT);
			same_results(&whole, &squares, &merged, &merged_squares, &a);
		}
		arena_release(&a);
	}
}

/* What is within 113 bits of each other, quad precision adds without rounding. */
static void test_against_quad(void)
{
	struct arena a = {0};
	for (int round = 0; round < 200; round++) {
		struct sum s = {0}, q = {0};
		__float128 sum = 0, squares = 0;
		for (int i = 0; i < 50; i++) {
			double f = ldexp((double)((int64_t)draw() >> 32), -20);
			sum_add(&s, value_float(f), &a);
			sum_add_slow(&q, value_float(f), 2, &a);
			sum += f;
			squares += (__float128)f * f;
		}
		CHECK(sum_result(&s, &a).f == (double)sum);
		double variance = (double)((50 * squares - sum * sum) / (50 * 49));
		CHECK(fabs(sum_variance(&s, &q).f / variance - 1) < 1e-15);
	}
	arena_release(&a);
}

/* Half-way cases go to even, and a crumb decides them. */
static void test_rounding(void)
{
	struct arena a = {0};
	struct sum s = {0};
	sum_add(&s, value_float(9007199254740992.0), &a);
	sum_add(&s, value_float(1), &a);
	CHECK(sum_result(&s, &a).f == 9007199254740992.0);
	sum_add(&s, value_float(DBL_TRUE_MIN), &a);
	CHECK(sum_result(&s, &a).f == 9007199254740994.0);
	sum_add(&s, value_float(-2 * DBL_TRUE_MIN), &a);
	CHECK(sum_result(&s, &a).f == 9007199254740992.0);
	CHECK(sum_rate(&s, INT64_C(2000000000)).f == 4503599627370496.5);
	arena_release(&a);
}

int main(void)
{
	test_known();
	test_beyond();
	test_order();
	test_against_quad();
	test_rounding();
	return test_done();
}
