#include "agg/sum.h"

#include <math.h>
#include <string.h>

#include "agg/big.h"

enum {
	WIDE_LIMBS = 6,            /* 384 bits: 2^64 squares of 64 bits, in units of 10^-36 */
	DIGITS_SUM = 70,           /* of 32 bits: 2^-1074 to 2^1024, and 2^64 of them */
	DIGITS_SQUARES = 138,
	PENDING_MAX = 1 << 30,     /* additions that a digit of 63 bits surely takes */
	DOUBLE_LOW = -1074,        /* the exponent of the least double */
};

struct sum_more {
	uint64_t wide[WIDE_LIMBS];  /* what did not fit `at`, in units of 10^-(18 * power) */
	int64_t *digits;            /* the doubles, in units of 2^(DOUBLE_LOW * power); NULL: none came */
	uint32_t pending;           /* additions since carries were last passed on */
	bool negative;              /* of wide */
};

const int64_t sum_powers[VALUE_SCALE_MAX + 1] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};

bool sum_takes(struct value v)
{
	if (v.type == TYPE_NUMBER)
		return isfinite(number_double(v));
	return v.type == TYPE_INT || v.type == TYPE_FLOAT;
}

/* -- decimals -- */

static struct sum_more *more_of(struct sum *s, struct arena *a)
{
	if (!s->more) {
		s->more = arena_alloc(a, sizeof *s->more);
		*s->more = (struct sum_more){0};
	}
	return s->more;
}

static void wide_load(const struct sum_more *m, struct big *b)
{
	memcpy(b->limb, m->wide, sizeof m->wide);
	b->count = WIDE_LIMBS;
	b->negative = m->negative;
	while (b->count && !b->limb[b->count - 1])
		b->count--;
}

static void wide_add(struct sum_more *m, const struct big *b)
{
	struct big sum;
	wide_load(m, &sum);
	big_add(&sum, b);
	memset(m->wide, 0, sizeof m->wide);
	memcpy(m->wide, sum.limb, sum.count * sizeof *sum.limb);
	m->negative = sum.negative;
}

/* x, which is in units of 10^-(scale * power), in those of `wide`. */
static void to_wide(__int128 x, unsigned scale, unsigned power, struct big *b)
{
	big_set(b, x);
	for (unsigned p = 0; p < power; p++)
		big_multiply_word(b, (uint64_t)sum_powers[VALUE_SCALE_MAX - scale]);
}

static void put_aside(struct sum *s, __int128 x, unsigned scale, unsigned power, struct arena *a)
{
	struct big b;
	to_wide(x, scale, power, &b);
	wide_add(more_of(s, a), &b);
}

/* x times 10^(scales * power); false when it does not fit. */
static bool raise(__int128 *x, unsigned scales, unsigned power)
{
	for (unsigned p = 0; p < power; p++)
		if (__builtin_mul_overflow(*x, (__int128)sum_powers[scales], x))
			return false;
	return true;
}

static void add_decimal(struct sum *s, __int128 x, unsigned scale, unsigned power, struct arena *a)
{
	__int128 raised = x;
	if (scale > s->scale) {
		__int128 at = s->at;
		if (!raise(&at, scale - s->scale, power)) {
			put_aside(s, s->at, s->scale, power, a);
			at = 0;
		}
		s->at = at;
		s->scale = scale;
	} else if (!raise(&raised, s->scale - scale, power)) {
		put_aside(s, x, scale, power, a);
		return;
	}
	__int128 sum;
	if (__builtin_add_overflow(s->at, raised, &sum)) {
		put_aside(s, s->at, s->scale, power, a);
		sum = raised;
	}
	s->at = sum;
}

/* -- doubles -- */

static uint32_t digit_count(unsigned power)
{
	return power == 1 ? DIGITS_SUM : DIGITS_SQUARES;
}

/* Passes on carries, so that all digits but the last are in [0, 2^32); the last has the sign. */
static void carry(int64_t *digits, uint32_t count)
{
	for (uint32_t i = 0; i + 1 < count; i++) {
		digits[i + 1] += digits[i] >> 32;
		digits[i] &= UINT32_MAX;
	}
}

static int64_t *digits_of(struct sum *s, unsigned power, uint32_t additions, struct arena *a)
{
	struct sum_more *m = more_of(s, a);
	uint32_t count = digit_count(power);
	if (!m->digits) {
		m->digits = arena_array(a, count, sizeof *m->digits);
		memset(m->digits, 0, count * sizeof *m->digits);
	}
	if (m->pending + additions > PENDING_MAX) {
		carry(m->digits, count);
		m->pending = 1;
	}
	m->pending += additions;
	return m->digits;
}

static void add_double(struct sum *s, double f, unsigned power, struct arena *a)
{
	uint64_t bits;
	memcpy(&bits, &f, sizeof bits);
	unsigned exponent = bits >> 52 & 0x7ff, at = exponent ? exponent - 1 : 0;
	unsigned __int128 m = (bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(exponent != 0) << 52;
	bool negative = bits >> 63 && power == 1;
	if (power == 2) {
		m *= m;
		at *= 2;
	}
	int64_t *digit = digits_of(s, power, 1, a) + at / 32;
	uint32_t low = (uint32_t)(m << at % 32);
	*digit += negative ? -(int64_t)low : low;
	for (m >>= 32 - at % 32; m; m >>= 32) {
		digit++;
		*digit += negative ? -(int64_t)(uint32_t)m : (int64_t)(uint32_t)m;
	}
}

void sum_add_slow(struct sum *s, struct value v, unsigned power, struct arena *a)
{
	int64_t i = v.i;
	unsigned scale = v.scale;
	s->count++;
	if (v.type != TYPE_INT) {
		if (v.type == TYPE_FLOAT || !number_int64(v, &i)) {
			add_double(s, number_double(v), power, a);
			return;
		}
		scale = 0;
	}
	add_decimal(s, power == 2 ? (__int128)i * i : i, scale, power, a);
}

void sum_merge(struct sum *to, const struct sum *from, unsigned power, struct arena *a)
{
	const struct sum_more *more = from->more;
	add_decimal(to, from->at, from->scale, power, a);
	to->count += from->count;
	if (!more)
		return;
	struct big wide;
	wide_load(more, &wide);
	if (wide.count)
		wide_add(more_of(to, a), &wide);
	if (!more->digits)
		return;
	int64_t *digits = digits_of(to, power, more->pending, a);
	for (uint32_t i = 0; i < digit_count(power); i++)
		digits[i] += more->digits[i];
}

/* -- results -- */

static void load_digits(const int64_t *from, unsigned power, struct big *b)
{
	int64_t digits[DIGITS_SQUARES];
	uint32_t count = digit_count(power);
	memcpy(digits, from, count * sizeof *digits);
	carry(digits, count);
	b->negative = digits[count - 1] < 0;
	if (b->negative) {
		for (uint32_t i = 0; i < count; i++)
			digits[i] = -digits[i];
		carry(digits, count);
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
	to_wide(s->at, s->scale, power, b);
	if (!s->more)
		return 0;
	struct big other;
	wide_load(s->more, &other);
	big_add(b, &other);
	if (!s->more->digits)
		return 0;
	int exponent = DOUBLE_LOW * (int)power;
	load_digits(s->more->digits, power, &other);
	for (unsigned p = 0; p < power; p++)
		big_multiply_word(&other, (uint64_t)sum_powers[VALUE_SCALE_MAX]);
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
	big_divide_word(b, (uint64_t)sum_powers[VALUE_SCALE_MAX]);
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
		big_divide_word(&b, (uint64_t)sum_powers[VALUE_SCALE_MAX - s->scale]);
		return number_of(&b, s->scale, texts);
	}
	const uint64_t divisor = (uint64_t)sum_powers[VALUE_SCALE_MAX];
	struct big copy = b;
	double f = big_round(&copy, &divisor, 1, exponent);
	return isfinite(f) ? value_float(f) : beyond_double(&b, texts);
}

struct value sum_average(const struct sum *s)
{
	struct big b;
	if (!s->count)
		return value_null();
	const uint64_t divisors[] = {(uint64_t)sum_powers[VALUE_SCALE_MAX], s->count};
	int exponent = total(s, 1, &b);
	return value_float(big_round(&b, divisors, 2, exponent));
}

struct value sum_rate(const struct sum *s, int64_t ns)
{
	struct big b;
	if (ns <= 0)
		return value_null();
	const uint64_t divisors[] = {(uint64_t)sum_powers[VALUE_SCALE_MAX], (uint64_t)ns};
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
	const uint64_t unit = (uint64_t)sum_powers[VALUE_SCALE_MAX];
	const uint64_t divisors[] = {unit, unit, n, n - 1};
	double f = big_round(&b, divisors, 4, exponent);
	return isfinite(f) ? value_float(f) : value_null();
}
