#include "format/cell.h"

/* Digits of which every number fits an int64. */
enum { SAFE_DIGITS = 18 };

/* The exponent `e45`, with no point before it and no sign in it, is none. */
static bool is_id(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '.')
			return false;
		if ((*p | 0x20) == 'e')
			return p + 1 < end && p[1] != '+' && p[1] != '-';
	}
	return false;
}

static struct value read_by_grammar(const char *p, size_t len)
{
	struct value v;
	const char *end = p + len;
	if (number_read(p, end, &v) != end || is_id(p, end))
		return value_string(p, len);
	return v;
}

/*
 * A plain decimal of few digits, which nearly all numbers are, is read here in one pass; what else begins like a number and
 * breaks off at a byte that no number has (dates, addresses) is known for a string without reading on.
 */
struct value cell_read_number(const char *p, size_t len)
{
	const char *end = p + len, *digits = p + (*p == '-'), *point = NULL, *q = digits;
	uint64_t n = 0;
	for (; q < end; q++) {
		unsigned char digit = (unsigned char)(*q - '0');
		if (digit <= 9)
			n = n * 10 + digit;
		else if (*q == '.' && !point)
			point = q;
		else if ((*q | 0x20) == 'e')
			return read_by_grammar(p, len);
		else
			return value_string(p, len);
	}
	bool plain = q - digits <= SAFE_DIGITS && q > digits && point != digits && point != end - 1 &&
		     (*digits != '0' || q == digits + 1 || point == digits + 1) && (n || digits == p);
	if (!plain)
		return read_by_grammar(p, len);
	return value_decimal(digits == p ? (int64_t)n : -(int64_t)n, point ? (unsigned)(end - point - 1) : 0);
}

struct value cell_read(const char *p, size_t len)
{
	if (len && cell_begins_number(*p))
		return cell_read_number(p, len);
	if (len == 4 && !memcmp(p, "true", 4))
		return value_bool(true);
	if (len == 5 && !memcmp(p, "false", 5))
		return value_bool(false);
	return value_string(p, len);
}

bool cell_needs_quotes(const char *p, size_t len)
{
	return !len || cell_read(p, len).type != TYPE_STRING;
}
