#include "key/encode.h"

#include <string.h>

enum {
	ZERO = 0x80,
	EXPONENT_MAX = 40, /* that fits the one byte */
	EXPONENT_AT = 0xAA,
	TINY = 0x81,
	HUGE_EXPONENT = 0xD3,
	WORD = 8,
};

static void put_word(uint64_t u, struct buf *out)
{
	unsigned char bytes[WORD];
	for (int i = 0; i < WORD; i++)
		bytes[i] = (unsigned char)(u >> (56 - 8 * i));
	buf_append(out, bytes, WORD);
}

static void put_signed(int64_t i, struct buf *out)
{
	put_word((uint64_t)i ^ (UINT64_C(1) << 63), out);
}

static void put_text(const char *s, size_t len, struct buf *out)
{
	const char *end = s + len, *nul;
	while (s < end && (nul = memchr(s, 0, (size_t)(end - s)))) {
		buf_append(out, s, (size_t)(nul - s));
		buf_append(out, "\0\xff", 2);
		s = nul + 1;
	}
	char *to = buf_reserve(out, (size_t)(end - s) + 2);
	if (end > s)
		memcpy(to, s, (size_t)(end - s));
	memcpy(to + (end - s), "\0\1", 2);
	out->len += (size_t)(end - s) + 2;
}

static void put_exponent(int64_t exponent, struct buf *out)
{
	if (exponent >= -EXPONENT_MAX && exponent <= EXPONENT_MAX) {
		buf_byte(out, (char)(EXPONENT_AT + exponent));
		return;
	}
	buf_byte(out, (char)(exponent < 0 ? TINY : HUGE_EXPONENT));
	put_signed(exponent, out);
}

static void turn(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->len; i++)
		out->data[i] = (char)~out->data[i];
}

/* digits[0..count), 0 to 9, none at either end 0; count > 0. */
static void put_digits(const unsigned char *digits, size_t count, struct buf *out)
{
	char *to = buf_reserve(out, count / 2 + 1);
	size_t n = 0;
	for (size_t i = 0; i < count; i += 2) {
		unsigned pair = digits[i] * 10u + (i + 1 < count ? digits[i + 1] : 0);
		to[n++] = (char)(pair * 2 + (i + 2 < count));
	}
	out->len += n;
}

static void put_int(int64_t i, unsigned scale, struct buf *out)
{
	unsigned char digits[20];
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
	size_t at = sizeof digits, end;
	size_t from = out->len;
	for (; u; u /= 10)
		digits[--at] = (unsigned char)(u % 10);
	put_exponent((int64_t)(sizeof digits - at) - (int64_t)scale, out);
	for (end = sizeof digits; !digits[end - 1];)
		end--;
	put_digits(digits + at, end - at, out);
	if (i < 0)
		turn(out, from);
}

/* The exponent as it is written; what is beyond all reason stays so. */
static int64_t read_exponent(const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	int64_t n = 0;
	for (p += p < end && (*p == '-' || *p == '+'); p < end; p++)
		n = n > INT64_MAX / 100 ? n : n * 10 + (*p - '0');
	return negative ? -n : n;
}

/* A number by RFC 8259. */
static void put_number_text(const char *s, size_t len, struct buf *out)
{
	const char *end = s + len, *p = s + (len && *s == '-'), *e = p;
	while (e < end && (*e | 0x20) != 'e')
		e++;
	int64_t exponent = e < end ? read_exponent(e + 1, end) : 0;
	struct buf digits = BUF_INIT;
	bool fraction = false;
	for (; p < e; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		bool leading = !digits.len && *p == '0';
		if (!leading)
			buf_byte(&digits, (char)(*p - '0'));
		exponent += (!leading && !fraction) - (leading && fraction);
	}
	while (digits.len && !digits.data[digits.len - 1])
		digits.len--;
	if (!digits.len) {
		buf_byte(out, (char)ZERO);
	} else {
		size_t from = out->len;
		put_exponent(exponent, out);
		put_digits((const unsigned char *)digits.data, digits.len, out);
		if (*s == '-')
			turn(out, from);
	}
	buf_release(&digits);
}

static void put_number(struct value v, struct buf *out)
{
	char text[NUMBER_TEXT_MAX];
	if (v.type == TYPE_NUMBER)
		put_number_text(v.s, v.len, out);
	else if (v.type == TYPE_FLOAT)
		put_number_text(text, float_text(v.f, text), out);
	else if (v.i)
		put_int(v.i, v.scale, out);
	else
		buf_byte(out, (char)ZERO);
}

void key_append(struct value v, bool descending, struct buf *out)
{
	size_t from = out->len;
	/* The three forms of numbers are one type; no tag is 0. */
	buf_byte(out, (char)(1 + (value_is_number(v) ? TYPE_INT : v.type)));
	switch (v.type) {
	case TYPE_ABSENT:
	case TYPE_NULL: break;
	case TYPE_BOOL: buf_byte(out, (char)v.i); break;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: put_number(v, out); break;
	case TYPE_TIME: put_signed(v.i, out); break;
	default: put_text(v.s, v.len, out);
	}
	if (descending)
		turn(out, from);
}
