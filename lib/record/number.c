#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/value.h"

const int64_t powers_of_ten[VALUE_SCALE_MAX + 1] = {
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

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Skips the exponent at p, if there is a whole one. */
static const char *skip_exponent(const char *p, const char *end)
{
	const char *q = p + 1;
	if (p == end || (*p | 0x20) != 'e')
		return p;
	if (q < end && (*q == '+' || *q == '-'))
		q++;
	if (q == end || !is_digit(*q))
		return p;
	while (q < end && is_digit(*q))
		q++;
	return q;
}

const char *number_read(const char *start, const char *end, struct value *v)
{
	const char *p = start;
	bool negative = p < end && *p == '-';
	p += negative;
	if (p == end || !is_digit(*p))
		return NULL;
	uint64_t mantissa = 0;
	unsigned scale = 0;
	bool fits = true;
	if (*p == '0')
		p++;
	else
		for (; p < end && is_digit(*p); p++)
			fits &= !__builtin_mul_overflow(mantissa, 10, &mantissa) &&
				!__builtin_add_overflow(mantissa, (uint64_t)(*p - '0'), &mantissa);
	if (p + 1 < end && *p == '.' && is_digit(p[1])) {
		const char *fraction = ++p;
		for (; p < end && is_digit(*p); p++)
			fits &= !__builtin_mul_overflow(mantissa, 10, &mantissa) &&
				!__builtin_add_overflow(mantissa, (uint64_t)(*p - '0'), &mantissa);
		fits &= p - fraction <= VALUE_SCALE_MAX;
		scale = (unsigned)(p - fraction);
	}
	const char *after = skip_exponent(p, end);
	/* Minus zero has no int that prints so. */
	if (after != p || !fits || mantissa > INT64_MAX || (negative && !mantissa)) {
		*v = value_text(TYPE_NUMBER, start, (size_t)(after - start));
		return after;
	}
	*v = value_decimal(negative ? -(int64_t)mantissa : (int64_t)mantissa, scale);
	return after;
}

/* -- texts -- */

size_t int_text(int64_t i, unsigned scale, char out[NUMBER_TEXT_MAX])
{
	char digits[NUMBER_TEXT_MAX];
	size_t n = 0, at = 0;
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
	do {
		digits[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u || n <= scale);
	if (i < 0)
		out[at++] = '-';
	while (n) {
		if (n == scale)
			out[at++] = '.';
		out[at++] = digits[--n];
	}
	return at;
}

size_t float_text(double f, char out[NUMBER_TEXT_MAX])
{
	char text[NUMBER_TEXT_MAX];
	int n = 0;
	/* Fifteen digits are always kept, but a subnormal number has fewer. */
	for (int precision = fabs(f) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		n = snprintf(text, sizeof text, "%.*g", precision, f);
		if (precision == 17 || strtod(text, NULL) == f)
			break;
	}
	memcpy(out, text, (size_t)n);
	return (size_t)n;
}

void number_text(struct value v, struct buf *out)
{
	if (v.type == TYPE_NUMBER)
		buf_append(out, v.s, v.len);
	else if (v.type == TYPE_INT)
		out->len += int_text(v.i, v.scale, buf_reserve(out, NUMBER_TEXT_MAX));
	else
		out->len += float_text(v.f, buf_reserve(out, NUMBER_TEXT_MAX));
}

/* -- as machine numbers -- */

static double text_double(const char *s, size_t len)
{
	char small[64];
	char *copy = len < sizeof small ? small : mem_alloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = 0;
	double f = strtod(copy, NULL);
	if (copy != small)
		free(copy);
	return f;
}

double number_double(struct value v)
{
	if (v.type == TYPE_FLOAT)
		return v.f;
	if (v.type == TYPE_NUMBER)
		return text_double(v.s, v.len);
	if (!v.scale)
		return (double)v.i;
	/* Both sides are exact doubles, so that the quotient is the nearest one. */
	if (v.i <= (INT64_C(1) << 53) && v.i >= -(INT64_C(1) << 53))
		return (double)v.i / (double)powers_of_ten[v.scale];
	char text[NUMBER_TEXT_MAX];
	return text_double(text, int_text(v.i, v.scale, text));
}

/* -- as decimals: sign 0.DIGITS * 10^exponent, no zero at either end of the digits -- */

struct decimal {
	const char *digits; /* may have one '.' inside */
	size_t len;         /* bytes, with it */
	int64_t exponent;
	int sign; /* 0: the number is zero */
};

static int64_t exponent_read(const char *p, const char *end)
{
	bool negative = *p == '-';
	p += *p == '-' || *p == '+';
	int64_t n = 0;
	for (; p < end; p++)
		n = n > INT64_MAX / 100 ? n : n * 10 + (*p - '0');
	return negative ? -n : n;
}

static struct decimal decimal_of_text(const char *s, size_t len)
{
	struct decimal d = {.sign = 1};
	const char *end = s + len, *p = s;
	if (*p == '-') {
		d.sign = -1;
		p++;
	}
	const char *stop = p;
	while (stop < end && (*stop | 0x20) != 'e')
		stop++;
	int64_t exponent = stop < end ? exponent_read(stop + 1, end) : 0;
	const char *point = memchr(p, '.', (size_t)(stop - p));
	int64_t whole = (point ? point : stop) - p;
	const char *first = p;
	while (first < stop && (*first == '0' || *first == '.'))
		first++;
	if (first == stop) {
		d.sign = 0;
		return d;
	}
	while (stop[-1] == '0' || stop[-1] == '.')
		stop--;
	int64_t skipped = first - p - (point && first > point);
	d.digits = first;
	d.len = (size_t)(stop - first);
	d.exponent = exponent + whole - skipped;
	return d;
}

static struct decimal decimal_of(struct value v, char text[NUMBER_TEXT_MAX])
{
	if (v.type == TYPE_NUMBER)
		return decimal_of_text(v.s, v.len);
	size_t len = v.type == TYPE_INT ? int_text(v.i, v.scale, text) : float_text(v.f, text);
	return decimal_of_text(text, len);
}

/* The next digit, or -1; steps over the point. */
static int decimal_digit(const struct decimal *d, size_t *at)
{
	if (*at < d->len && d->digits[*at] == '.')
		++*at;
	return *at < d->len ? d->digits[(*at)++] - '0' : -1;
}

static int decimal_compare(const struct decimal *a, const struct decimal *b)
{
	if (a->sign != b->sign)
		return a->sign < b->sign ? -1 : 1;
	if (!a->sign)
		return 0;
	if (a->exponent != b->exponent)
		return (a->exponent < b->exponent ? -1 : 1) * a->sign;
	for (size_t i = 0, j = 0;;) {
		int x = decimal_digit(a, &i), y = decimal_digit(b, &j);
		if (x != y)
			return (x < y ? -1 : 1) * a->sign;
		if (x < 0)
			return 0;
	}
}

int number_compare(struct value a, struct value b)
{
	if (a.type == TYPE_INT && b.type == TYPE_INT) {
		__int128 x = a.i, y = b.i;
		if (a.scale < b.scale)
			x *= powers_of_ten[b.scale - a.scale];
		else if (b.scale < a.scale)
			y *= powers_of_ten[a.scale - b.scale];
		return (x > y) - (x < y);
	}
	if (a.type == TYPE_FLOAT && b.type == TYPE_FLOAT)
		return (a.f > b.f) - (a.f < b.f);
	char ta[NUMBER_TEXT_MAX], tb[NUMBER_TEXT_MAX];
	struct decimal x = decimal_of(a, ta), y = decimal_of(b, tb);
	return decimal_compare(&x, &y);
}

/*
 * Brings a number to i / 10^scale with the least scale; false when it does not fit, and then *d is its decimal
 * (its digits lie in text or in v).
 */
static bool reduce(struct value v, int64_t *i, unsigned *scale, struct decimal *d, char text[NUMBER_TEXT_MAX])
{
	if (v.type == TYPE_INT) {
		*i = v.i;
		for (*scale = v.scale; *scale && *i % 10 == 0; --*scale)
			*i /= 10;
		return true;
	}
	*d = decimal_of(v, text);
	*i = 0;
	*scale = 0;
	if (!d->sign)
		return true;
	int64_t count = 0;
	for (size_t at = 0; at < d->len; count++) {
		int digit = decimal_digit(d, &at);
		/* Below zero there is one more. */
		if (__builtin_mul_overflow(*i, 10, i) || __builtin_sub_overflow(*i, digit, i))
			return false;
	}
	if (d->exponent < count) {
		if (count - d->exponent > VALUE_SCALE_MAX)
			return false;
		*scale = (unsigned)(count - d->exponent);
	} else if (d->exponent - count > VALUE_SCALE_MAX ||
		   __builtin_mul_overflow(*i, powers_of_ten[d->exponent - count], i)) {
		return false;
	}
	return d->sign < 0 || !__builtin_sub_overflow(0, *i, i);
}

bool number_int64(struct value v, int64_t *i)
{
	char text[NUMBER_TEXT_MAX];
	struct decimal d;
	unsigned scale;
	return reduce(v, i, &scale, &d, text) && !scale;
}

uint64_t number_hash(struct value v, uint64_t seed)
{
	char text[NUMBER_TEXT_MAX];
	struct decimal d;
	int64_t i;
	unsigned scale;
	if (reduce(v, &i, &scale, &d, text))
		return hash_mix((uint64_t)i ^ seed, scale + 1);
	uint64_t h = hash_mix((uint64_t)d.exponent ^ seed, (uint64_t)(d.sign + 64));
	for (size_t at = 0; at < d.len;)
		h = hash_mix(h, (uint64_t)decimal_digit(&d, &at) + 1);
	return h;
}
