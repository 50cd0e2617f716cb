/* Distinct counts: exact while few, within 1.2 % when many, the same in any order and merged from parts. */
#include "agg/distinct.h"

#include <math.h>

#include "record/value.h"
#include "test.h"

enum { PARTS = 7 };

static uint64_t hash_of(int kind, uint64_t i)
{
	char text[32];
	if (kind == 0)
		return value_hash(value_int((int64_t)i), 0);
	if (kind == 1)
		return value_hash(value_int((int64_t)(i * 1000000007)), 0);
	if (kind == 2)
		return value_hash(value_decimal((int64_t)i, 3), 0);
	int len = snprintf(text, sizeof text, "10.%d.%d.%d", (int)(i >> 16 & 255), (int)(i >> 8 & 255), (int)(i & 255));
	return value_hash(value_string(text, (size_t)len), 0);
}

static void test_accuracy(void)
{
	const uint64_t sizes[] = {0, 1, 100, 4096, 4097, 10000, 60000, 200000, 1000000};
	for (int kind = 0; kind < 4; kind++) {
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			struct distinct d = {0};
			for (uint64_t i = 0; i < sizes[k]; i++) {
				distinct_add(&d, hash_of(kind, i));
				if (i % 3 == 0)
					distinct_add(&d, hash_of(kind, i / 2));
			}
			double want = (double)sizes[k], got = (double)distinct_count(&d);
			double allowed = sizes[k] <= DISTINCT_EXACT ? 0 : 0.012 * want;
			if (!(fabs(got - want) <= allowed))
				fprintf(stderr, "kind %d: %g, not %g\n", kind, got, want);
			CHECK(fabs(got - want) <= allowed);
			distinct_release(&d);
		}
	}
}

/* No bias: over many sets the errors of both signs cancel out. */
static void test_bias(void)
{
	double sum = 0, squares = 0;
	enum { ROUNDS = 40, SIZE = 150000 };
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct distinct d = {0};
		for (uint64_t i = 0; i < SIZE; i++)
			distinct_add(&d, hash_of(0, round << 40 | i));
		double error = (double)distinct_count(&d) / SIZE - 1;
		sum += error;
		squares += error * error;
		distinct_release(&d);
	}
	CHECK(fabs(sum / ROUNDS) < 0.0025);
	CHECK(sqrt(squares / ROUNDS) < 0.0065);
}

static void test_merge(void)
{
	const uint64_t sizes[] = {50, 3000, 4096, 4100, 30000};
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct distinct whole = {0}, merged = {0};
		for (uint64_t i = 0; i < sizes[k]; i++)
			distinct_add(&whole, hash_of(3, i));
		for (uint64_t part = 0; part < PARTS; part++) {
			struct distinct d = {0};
			for (uint64_t i = sizes[k]; i-- > 0;)
				if (i % PARTS == part || i % 5 == 0)
					distinct_add(&d, hash_of(3, i));
			distinct_merge(&merged, &d);
			distinct_release(&d);
		}
		CHECK(distinct_count(&merged) == distinct_count(&whole));
		distinct_merge(&whole, &merged);
		CHECK(distinct_count(&merged) == distinct_count(&whole));
		distinct_release(&whole);
		distinct_release(&merged);
	}
}

/* Equal values are one, whatever their spelling. */
static void test_spelling(void)
{
	struct distinct d = {0};
	distinct_add(&d, value_hash(value_int(1), 0));
	distinct_add(&d, value_hash(value_decimal(10, 1), 0));
	distinct_add(&d, value_hash(value_text(TYPE_NUMBER, "1e0", 3), 0));
	distinct_add(&d, value_hash(value_string("1", 1), 0));
	CHECK(distinct_count(&d) == 2);
	distinct_release(&d);
}

int main(void)
{
	test_accuracy();
	test_bias();
	test_merge();
	test_spelling();
	return test_done();
}
