/* Quantiles: exact while few, within half a percent of the exact answer when many, whatever the order and the parts. */
#include "agg/sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "test.h"

enum { COUNT = 20000, PARTS = 7 };

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static double uniform(void)
{
	return ((double)(draw() >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static double draw_from(int kind)
{
	switch (kind) {
	case 0: return exp(normal()); /* lognormal */
	case 1: return uniform() * 1000;
	case 2: return normal() * 50; /* both signs */
	case 3: return -exp(normal() * 3);
	case 4: return pow(uniform(), -2); /* heavy tail */
	case 5: return ldexp(uniform(), (int)(draw() % 2000) - 1000);
	case 6: return (double)(draw() % 5) - 2; /* few values, many zeros */
	default: return (double)(draw() % 100000) / 1000;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void add(struct sketch *s, struct value v, bool exact, struct arena *a)
{
	sketch_add(s, v, exact, a);
}

static struct quantile quantile(int64_t number, unsigned scale)
{
	return (struct quantile){number, scale};
}

static const struct quantile quantiles[] = {{0, 0},  {1, 3}, {1, 2},  {25, 2},  {5, 1},
					    {75, 2}, {9, 1}, {99, 2}, {999, 3}, {1, 0}};

enum { QUANTILES = sizeof quantiles / sizeof *quantiles };

static double exact_quantile(const double *sorted, size_t n, struct quantile q)
{
	size_t rank = (size_t)ceil((double)q.number / pow(10, q.scale) * (double)n - 1e-9);
	return sorted[rank ? rank - 1 : 0];
}

static void check_against(struct sketch *s, const double *sorted, size_t n, double error)
{
	for (int i = 0; i < QUANTILES; i++) {
		double want = exact_quantile(sorted, n, quantiles[i]);
		double got = number_double(sketch_quantile(s, quantiles[i]));
		if (!(fabs(got - want) <= error * fabs(want)))
			fprintf(stderr, "quantile %d of %zu: %g, not %g\n", i, n, got, want);
		CHECK(fabs(got - want) <= error * fabs(want));
		CHECK(got >= sorted[0] && got <= sorted[n - 1]);
	}
}

static void test_accuracy(void)
{
	static double x[COUNT];
	for (int kind = 0; kind < 8; kind++) {
		for (size_t n = 1; n <= COUNT; n = n * 3 + 1) {
			struct arena a = {0};
			struct sketch s = {0}, exact = {0};
			for (size_t i = 0; i < n; i++) {
				x[i] = draw_from(kind);
				add(&s, value_float(x[i]), false, &a);
				add(&exact, value_float(x[i]), true, &a);
			}
			qsort(x, n, sizeof *x, by_value);
			check_against(&s, x, n, n <= SKETCH_EXACT ? 0 : 0.005);
			check_against(&exact, x, n, 0);
			sketch_release(&s);
			sketch_release(&exact);
			arena_release(&a);
		}
	}
}

static void shuffle(struct value *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = draw() % i;
		struct value swap = v[i - 1];
		v[i - 1] = v[j];
		v[j] = swap;
	}
}

static bool same_text(struct value a, struct value b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	value_plain(a, &x);
	value_plain(b, &y);
	bool same = !strcmp(buf_string(&x), buf_string(&y));
	buf_release(&x);
	buf_release(&y);
	return same;
}

/* To the last digit the same in any order, and merged from parts of any size. */
static void test_order(void)
{
	static struct value v[3000];
	const size_t sizes[] = {5, 200, 256, 257, 400, 3000};
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct arena a = {0};
		size_t n = sizes[k];
		struct sketch whole = {0}, merged = {0};
		for (size_t i = 0; i < n; i++) {
			v[i] = i % 3 ? value_decimal((int64_t)(draw() % 2000) - 500, i % 4) : value_float(normal());
			add(&whole, v[i], false, &a);
		}
		shuffle(v, n);
		for (size_t part = 0; part < PARTS; part++) {
			struct sketch s = {0};
			for (size_t i = part; i < n; i += PARTS)
				add(&s, v[i], false, &a);
			sketch_merge(&merged, &s, false, &a);
			sketch_release(&s);
		}
		CHECK(merged.count == n && whole.count == n);
		for (int i = 0; i < QUANTILES; i++)
			CHECK(same_text(sketch_quantile(&whole, quantiles[i]), sketch_quantile(&merged, quantiles[i])));
		sketch_release(&whole);
		sketch_release(&merged);
		arena_release(&a);
	}
}

static struct value number(const char *text)
{
	struct value v;
	number_read(text, text + strlen(text), &v);
	return v;
}

/* Values come out as they came. */
static void test_text(void)
{
	static const char *const texts[] = {"1.50", "1e3", "2", "2.0", "12345678901234567890"};
	struct arena a = {0};
	struct sketch s = {0};
	CHECK(sketch_quantile(&s, quantile(5, 1)).type == TYPE_NULL);
	for (size_t i = 0; i < 5; i++)
		add(&s, number(texts[i]), false, &a);
	static const char *const want[] = {"1.50", "2", "2.0", "1e3", "12345678901234567890"};
	for (int i = 0; i < 5; i++) {
		struct buf text = BUF_INIT;
		value_plain(sketch_quantile(&s, quantile(2 * i + 2, 1)), &text);
		CHECK_TEXT(text.data, text.len, want[i]);
		buf_release(&text);
	}
	sketch_release(&s);
	/* An exact rank: 0.07 * 100 is 7, though not in doubles. */
	for (int i = 1; i <= 100; i++)
		add(&s, value_int(i), false, &a);
	CHECK(sketch_quantile(&s, quantile(7, 2)).i == 7);
	CHECK(sketch_quantile(&s, quantile(99, 2)).i == 99);
	CHECK(sketch_quantile(&s, quantile(991, 3)).i == 100);
	sketch_release(&s);
	arena_release(&a);
}

/* The promise of buckets.h, over all of the range. */
static void test_buckets(void)
{
	double worst = 0;
	for (int i = 0; i < 200000; i++) {
		double x = i < 1000 ? ldexp(uniform(), -1022) : ldexp(1 + uniform(), (int)(draw() % 2046) - 1022);
		double error = fabs(buckets_middle(buckets_number(x)) / x - 1);
		if (x > DBL_MIN && error > worst)
			worst = error;
	}
	CHECK(worst <= BUCKETS_ERROR + 1e-9 && worst > BUCKETS_ERROR * 0.9);
	CHECK(buckets_number(DBL_TRUE_MIN) < buckets_number(DBL_MIN) && buckets_number(1) == 0);
	CHECK(isfinite(buckets_middle(buckets_number(DBL_MAX))));
	for (double x = 1; x < 2; x = nextafter(x, 3) + 1e-6)
		CHECK(buckets_number(x) <= buckets_number(x + 1e-6));
}

static void test_great_counts(void)
{
	struct buckets b = {0}, c = {0};
	buckets_add_slow(&b, 7, UINT32_MAX);
	buckets_add(&b, 7);
	buckets_add(&b, 500);
	CHECK(buckets_count(&b, (uint32_t)(7 - b.first)) == (uint64_t)UINT32_MAX + 1);
	buckets_merge(&c, &b);
	buckets_merge(&c, &b);
	CHECK(buckets_count(&c, (uint32_t)(7 - c.first)) == 2 * ((uint64_t)UINT32_MAX + 1));
	CHECK(buckets_count(&c, (uint32_t)(500 - c.first)) == 2);
	buckets_release(&b);
	buckets_release(&c);
}

int main(void)
{
	test_accuracy();
	test_order();
	test_text();
	test_buckets();
	test_great_counts();
	return test_done();
}
