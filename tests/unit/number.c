/* Numbers keep their text, compare as decimals, and hash by what they are worth. */
#include "record/value.h"

#include "test.h"

static struct value number(const char *text)
{
	struct value v = value_null();
	const char *end = number_read(text, text + strlen(text), &v);
	CHECK(end == text + strlen(text));
	return v;
}

static void round_trip(const char *text, enum type type)
{
	struct buf b = BUF_INIT;
	struct value v = number(text);
	number_text(v, &b);
	CHECK(v.type == type);
	CHECK_TEXT(b.data, b.len, text);
	buf_release(&b);
}

static void test_texts(void)
{
	static const char *const exact[] = {"0",
					    "7",
					    "-1",
					    "870",
					    "1.10",
					    "0.10",
					    "-0.5",
					    "9007199254740993",
					    "9223372036854775807",
					    "0.000000000000000001",
					    "-12.3400",
					    "0.0"};
	static const char *const kept[] = {"-0",
					   "1E5",
					   "1e400",
					   "12345678901234567890",
					   "-0.0",
					   "1.5e-3",
					   "0.0000000000000000001",
					   "-9223372036854775808"};
	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
		round_trip(exact[i], TYPE_INT);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		round_trip(kept[i], TYPE_NUMBER);
}

static void stops(const char *text, long after)
{
	struct value v;
	const char *end = number_read(text, text + strlen(text), &v);
	CHECK((end ? end - text : -1) == after);
}

static void test_grammar(void)
{
	stops("-", -1);
	stops(".5", -1);
	stops("", -1);
	stops("+1", -1);
	stops("01", 1);
	stops("1.", 1);
	stops("1.5.2", 3);
	stops("1e", 1);
	stops("1e+", 1);
	stops("2e5x", 3);
}

static void ordered(const char *a, const char *b, int order)
{
	struct value x = number(a), y = number(b);
	CHECK(number_compare(x, y) == order);
	CHECK(number_compare(y, x) == -order);
	CHECK(value_equal(x, y) == !order);
	if (!order)
		CHECK(value_hash(x, 1) == value_hash(y, 1));
}

static void test_order(void)
{
	ordered("1", "1.0", 0);
	ordered("1", "1e0", 0);
	ordered("100", "1E2", 0);
	ordered("0.00", "-0", 0);
	ordered("0", "0e99999999999999999999", 0);
	ordered("12345678901234567890", "1234567890123456789e1", -0);
	ordered("12345678901234567890", "12345678901234567891", -1);
	ordered("0.1", "0.10", 0);
	ordered("0.1", "0.1000000000000000000001", -1);
	ordered("9007199254740993", "9007199254740992", 1);
	ordered("1e400", "1e399", 1);
	ordered("-1e400", "1", -1);
	ordered("1.5", "15e-1", 0);
	ordered("0.05", "5e-2", 0);
	ordered("1e-30", "0", 1);
	ordered("10.01", "1001e-2", 0);
	CHECK(number_compare(value_float(0.1), number("0.1")) == 0);
	CHECK(value_hash(value_float(0.1), 1) == value_hash(number("0.1"), 1));
	CHECK(value_hash(value_float(3), 1) == value_hash(number("3"), 1));
	CHECK(number_compare(value_float(0.1), number("0.10000000000000001")) < 0);
}

static void test_machine_numbers(void)
{
	int64_t i;
	CHECK(number_double(number("1.10")) == 1.1);
	CHECK(number_double(number("0.3")) == 0.3);
	CHECK(number_double(number("1e400")) > 1e308);
	CHECK(number_double(number("9223372036854775.807")) == 9223372036854775.807);
	CHECK(number_int64(number("1E5"), &i) && i == 100000);
	CHECK(number_int64(number("3.00"), &i) && i == 3);
	CHECK(number_int64(number("-9223372036854775808"), &i) && i == INT64_MIN);
	CHECK(!number_int64(number("9223372036854775808"), &i));
	CHECK(!number_int64(number("3.01"), &i));
	CHECK(!number_int64(number("1e400"), &i));
	CHECK(!number_int64(number("12345678901234567890"), &i));
	char text[NUMBER_TEXT_MAX];
	CHECK_TEXT(text, float_text(0.1, text), "0.1");
	CHECK_TEXT(text, float_text(100, text), "100");
	CHECK_TEXT(text, float_text(1.0 / 3, text), "0.3333333333333333");
	CHECK_TEXT(text, float_text(5e-324, text), "5e-324");
}

int main(void)
{
	test_texts();
	test_grammar();
	test_order();
	test_machine_numbers();
	return test_done();
}
