#include "agg/sum.h"

#include <math.h>
#include <string.h>

#include "agg/sum_private.h"

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

void sum_wide(const struct sum_more *m, struct big *b)
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
	sum_wide(m, &sum);
	big_add(&sum, b);
	memset(m->wide, 0, sizeof m->wide);
	memcpy(m->wide, sum.limb, sum.count * sizeof *sum.limb);
	m->negative = sum.negative;
}

void sum_to_wide(__int128 x, unsigned scale, unsigned power, struct big *b)
{
	big_set(b, x);
	for (unsigned p = 0; p < power; p++)
		big_multiply_word(b, (uint64_t)powers_of_ten[VALUE_SCALE_MAX - scale]);
}

static void put_aside(struct sum *s, __int128 x, unsigned scale, unsigned power, struct arena *a)
{
	struct big b;
	sum_to_wide(x, scale, power, &b);
	wide_add(more_of(s, a), &b);
}

/* x times 10^(scales * power); false when it does not fit. */
static bool raise(__int128 *x, unsigned scales, unsigned power)
{
	for (unsigned p = 0; p < power; p++)
		if (__builtin_mul_overflow(*x, (__int128)powers_of_ten[scales], x))
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

uint32_t sum_digit_count(unsigned power)
{
	return power == 1 ? DIGITS_SUM : DIGITS_SQUARES;
}

void sum_carry(int64_t *digits, uint32_t count)
{
	for (uint32_t i = 0; i + 1 < count; i++) {
		digits[i + 1] += digits[i] >> 32;
		digits[i] &= UINT32_MAX;
	}
}

static int64_t *digits_of(struct sum *s, unsigned power, uint32_t additions, struct arena *a)
{
	struct sum_more *m = more_of(s, a);
	uint32_t count = sum_digit_count(power);
	if (!m->digits) {
		m->digits = arena_array(a, count, sizeof *m->digits);
		memset(m->digits, 0, count * sizeof *m->digits);
	}
	if (m->pending + additions > PENDING_MAX) {
		sum_carry(m->digits, count);
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
	sum_wide(more, &wide);
	if (wide.count)
		wide_add(more_of(to, a), &wide);
	if (!more->digits)
		return;
	int64_t *digits = digits_of(to, power, more->pending, a);
	for (uint32_t i = 0; i < sum_digit_count(power); i++)
		digits[i] += more->digits[i];
}
