/* What comes out of sums: everything in one exact number, rounded once. */
#include <math.h>
#include <string.h>

#include "agg/sum_private.h"

static void load_digits(const int64_t *from, unsigned power, struct big *b)
{
	int64_t digits[DIGITS_SQUARES];
	uint32_t count = sum_digit_count(power);
	memcpy(digits, from, count * sizeof *digits);
	sum_carry(digits, count);
	b->negative = digits[count - 1] < 0;
	if (b->negative) {
		for (uint32_t i = 0; i < count; i++)
			digits[i] = -digits[i];
		sum_carry(digits, count);
	}
	b->count = count / 2;
	for (uint32_t i = 0; i < b->count; i++)
		b->limb[i] = (uint64_t)digits[2 * i] | (uint64_t)digits[2 * i + 1] << 32;
	while (b->count && !b->limb[b->count - 1])
		b->count--;
}

/* All of it in units of 10^-(18 * power) * 2^exponent, which is returned: 0 if no double was added. */
static int total(const struct sum *s, unsigned power, struct big *b)
{
	sum_to_wide(s->at, s->scale, power, b);
	if (!s->more)
		return 0;
	struct big other;
	sum_wide(s->more, &other);
	big_add(b, &other);
	if (!s->more->digits)
		return 0;
	int exponent = DOUBLE_LOW * (int)power;
	load_digits(s->more->digits, power, &other);
	for (unsigned p = 0; p < power; p++)
		big_multiply_word(&other, (uint64_t)powers_of_ten[VALUE_SCALE_MAX]);
	big_shift_left(b, (unsigned)-exponent);
	big_add(b, &other);
	return exponent;
}

static struct value number_of(struct big *b, unsigned scale, struct arena *texts)
{
	int64_t i;
	if (big_fits_int64(b, &i))
		return value_decimal(i, scale);
	struct buf text = BUF_INIT;
	big_text(b, scale, &text);
	struct value v = value_text(TYPE_NUMBER, arena_copy(texts, text.data, text.len), text.len);
	buf_release(&text);
	return v;
}

/* The whole part of a sum that no double can hold. */
static struct value beyond_double(struct big *b, struct arena *texts)
{
	const uint64_t word = UINT64_C(1) << 62;
	int bits = -DOUBLE_LOW;
	big_divide_word(b, (uint64_t)powers_of_ten[VALUE_SCALE_MAX]);
	for (; bits >= 62; bits -= 62)
		big_divide_word(b, word);
	big_divide_word(b, UINT64_C(1) << bits);
	return number_of(b, 0, texts);
}

struct value sum_result(const struct sum *s, struct arena *texts)
{
	struct big b;
	if (!s->more && s->at >= INT64_MIN && s->at <= INT64_MAX)
		return value_decimal((int64_t)s->at, s->scale);
	int exponent = total(s, 1, &b);
	if (!exponent) {
		big_divide_word(&b, (uint64_t)powers_of_ten[VALUE_SCALE_MAX - s->scale]);
		return number_of(&b, s->scale, texts);
	}
	const uint64_t divisor = (uint64_t)powers_of_ten[VALUE_SCALE_MAX];
	struct big copy = b;
	double f = big_round(&copy, &divisor, 1, exponent);
	return isfinite(f) ? value_float(f) : beyond_double(&b, texts);
}

struct value sum_average(const struct sum *s)
{
	struct big b;
	if (!s->count)
		return value_null();
	const uint64_t divisors[] = {(uint64_t)powers_of_ten[VALUE_SCALE_MAX], s->count};
	int exponent = total(s, 1, &b);
	return value_float(big_round(&b, divisors, 2, exponent));
}

struct value sum_rate(const struct sum *s, int64_t ns)
{
	struct big b;
	if (ns <= 0)
		return value_null();
	const uint64_t divisors[] = {(uint64_t)powers_of_ten[VALUE_SCALE_MAX], (uint64_t)ns};
	int exponent = total(s, 1, &b);
	big_multiply_word(&b, UINT64_C(1000000000));
	double f = big_round(&b, divisors, 2, exponent);
	return isfinite(f) ? value_float(f) : value_null();
}

struct value sum_variance(const struct sum *s, const struct sum *squares)
{
	struct big b, square;
	uint64_t n = s->count;
	if (n < 2)
		return value_null();
	total(s, 1, &square);
	big_multiply(&square, &square);
	int exponent = total(squares, 2, &b);
	big_multiply_word(&b, n);
	big_subtract(&b, &square);
	const uint64_t unit = (uint64_t)powers_of_ten[VALUE_SCALE_MAX];
	const uint64_t divisors[] = {unit, unit, n, n - 1};
	double f = big_round(&b, divisors, 4, exponent);
	return isfinite(f) ? value_float(f) : value_null();
}
