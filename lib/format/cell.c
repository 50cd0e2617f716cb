#include "format/cell.h"

/* A number whose exponent has no point before it and no sign in it. */
static bool is_id(const char *p, size_t len)
{
	const char *end = p + len;
	while (p < end && *p != '.' && (*p | 0x20) != 'e')
		p++;
	return p + 1 < end && *p != '.' && p[1] != '+' && p[1] != '-';
}

struct value cell_read_number(const char *p, size_t len)
{
	struct value v;
	if (number_read(p, p + len, &v) != p + len || is_id(p, len))
		return value_string(p, len);
	return v;
}

struct value cell_read(const char *p, size_t len)
{
	if (len && cell_begins_number(*p))
		return cell_read_number(p, len);
	return cell_read_word(p, len);
}

bool cell_needs_quotes(const char *p, size_t len)
{
	return !len || cell_read(p, len).type != TYPE_STRING;
}
