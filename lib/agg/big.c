#include "agg/big.h"

#include <math.h>
#include <string.h>

static void trim(struct big *b)
{
	while (b->count && !b->limb[b->count - 1])
		b->count--;
	if (!b->count)
		b->negative = false;
}

void big_set(struct big *b, __int128 i)
{
	unsigned __int128 u = i < 0 ? -(unsigned __int128)i : (unsigned __int128)i;
	b->negative = i < 0;
	b->limb[0] = (uint64_t)u;
	b->limb[1] = (uint64_t)(u >> 64);
	b->count = 2;
	trim(b);
}

static int compare_magnitude(const struct big *a, const struct big *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (uint32_t i = a->count; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

static void add_magnitude(struct big *b, const struct big *other)
{
	uint32_t count = b->count > other->count ? b->count : other->count;
	uint64_t carry = 0;
	for (uint32_t i = 0; i < count; i++) {
		unsigned __int128 sum = (unsigned __int128)(i < b->count ? b->limb[i] : 0) +
					(i < other->count ? other->limb[i] : 0) + carry;
		b->limb[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	b->count = count;
	if (carry)
		b->limb[b->count++] = carry;
}

/* out = greater - lesser, by magnitude; out may be either. */
static void subtract_magnitude(struct big *out, const struct big *greater, const struct big *lesser)
{
	uint32_t count = greater->count, lesser_count = lesser->count;
	uint64_t borrow = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t take = i < lesser_count ? lesser->limb[i] : 0;
		unsigned __int128 d = (unsigned __int128)greater->limb[i] - take - borrow;
		out->limb[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	out->count = count;
}

static void add_signed(struct big *b, const struct big *other, bool negative)
{
	if (b->negative == negative) {
		add_magnitude(b, other);
	} else if (compare_magnitude(b, other) >= 0) {
		subtract_magnitude(b, b, other);
	} else {
		subtract_magnitude(b, other, b);
		b->negative = negative;
	}
	trim(b);
}

void big_add(struct big *b, const struct big *other)
{
	add_signed(b, other, other->negative);
}

void big_subtract(struct big *b, const struct big *other)
{
	add_signed(b, other, !other->negative);
}

void big_multiply_word(struct big *b, uint64_t factor)
{
	uint64_t carry = 0;
	for (uint32_t i = 0; i < b->count; i++) {
		unsigned __int128 p = (unsigned __int128)b->limb[i] * factor + carry;
		b->limb[i] = (uint64_t)p;
		carry = (uint64_t)(p >> 64);
	}
	if (carry)
		b->limb[b->count++] = carry;
	trim(b);
}

void big_multiply(struct big *b, const struct big *other)
{
	struct big product = {.count = b->count + other->count, .negative = b->negative != other->negative};
	for (uint32_t i = 0; i < b->count; i++) {
		uint64_t carry = 0;
		for (uint32_t j = 0; j < other->count; j++) {
			unsigned __int128 p =
				(unsigned __int128)b->limb[i] * other->limb[j] + product.limb[i + j] + carry;
			product.limb[i + j] = (uint64_t)p;
			carry = (uint64_t)(p >> 64);
		}
		product.limb[i + other->count] = carry;
	}
	trim(&product);
	*b = product;
}

void big_shift_left(struct big *b, unsigned bits)
{
	uint32_t words = bits / 64, rest = bits % 64;
	if (!b->count)
		return;
	if (rest) {
		b->limb[b->count] = 0;
		for (uint32_t i = b->count; i > 0; i--)
			b->limb[i] = b->limb[i] << rest | b->limb[i - 1] >> (64 - rest);
		b->limb[0] <<= rest;
		b->count++;
	}
	if (words) {
		memmove(b->limb + words, b->limb, b->count * sizeof *b->limb);
		memset(b->limb, 0, words * sizeof *b->limb);
		b->count += words;
	}
	trim(b);
}

uint64_t big_divide_word(struct big *b, uint64_t divisor)
{
	uint64_t remainder = 0;
	for (uint32_t i = b->count; i-- > 0;) {
		unsigned __int128 part = (unsigned __int128)remainder << 64 | b->limb[i];
		b->limb[i] = (uint64_t)(part / divisor);
		remainder = (uint64_t)(part % divisor);
	}
	trim(b);
	return remainder;
}

unsigned big_bits(const struct big *b)
{
	return b->count ? b->count * 64 - (unsigned)__builtin_clzll(b->limb[b->count - 1]) : 0;
}

bool big_fits_int64(const struct big *b, int64_t *i)
{
	uint64_t limit = (uint64_t)INT64_MAX + b->negative, u = b->count ? b->limb[0] : 0;
	if (b->count > 1 || u > limit)
		return false;
	*i = (int64_t)(b->negative ? -u : u);
	return true;
}

static bool bit_at(const struct big *b, unsigned bit)
{
	return b->limb[bit / 64] >> bit % 64 & 1;
}

/* Whether one of the lowest `bits` is set. */
static bool any_below(const struct big *b, unsigned bits)
{
	for (uint32_t i = 0; i < bits / 64; i++)
		if (b->limb[i])
			return true;
	return bits % 64 && b->limb[bits / 64] << (64 - bits % 64);
}

/* (b + a little, if `more`) * 2^exponent, to the nearest double. */
static double to_double(const struct big *b, bool more, int exponent)
{
	int bits = (int)big_bits(b), top = bits - 1 + exponent; /* the value is in [2^top, 2^(top + 1)) */
	int precision = top < -1022 ? 53 - (-1022 - top) : 53;
	if (!bits || precision < 0)
		return 0;
	int drop = bits - precision;
	uint64_t mantissa = 0;
	for (int i = bits - 1; i >= drop; i--)
		mantissa = mantissa << 1 | (i >= 0 && bit_at(b, (unsigned)i));
	if (drop > 0 && bit_at(b, (unsigned)drop - 1)) {
		bool above_half = more || any_below(b, (unsigned)drop - 1);
		mantissa += above_half || (mantissa & 1);
	}
	double f = ldexp((double)mantissa, exponent + drop);
	return b->negative ? -f : f;
}

double big_round(struct big *b, const uint64_t *divisors, size_t count, int exponent)
{
	/* So many bits that the quotient keeps more than a double has. */
	unsigned want = 64 * (unsigned)count + 66, bits = big_bits(b);
	bool more = false;
	if (bits && bits < want) {
		big_shift_left(b, want - bits);
		exponent -= (int)(want - bits);
	}
	for (size_t i = 0; i < count; i++)
		more |= big_divide_word(b, divisors[i]) != 0;
	return to_double(b, more, exponent);
}

void big_text(struct big *b, unsigned scale, struct buf *out)
{
	char digits[BIG_LIMBS * 20 + 64];
	unsigned n = 0;
	bool negative = b->negative;
	while (b->count || n <= scale)
		digits[n++] = (char)('0' + big_divide_word(b, 10));
	if (negative)
		buf_byte(out, '-');
	while (n) {
		if (n == scale)
			buf_byte(out, '.');
		buf_byte(out, digits[--n]);
	}
}
