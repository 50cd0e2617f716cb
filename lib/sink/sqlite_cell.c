#include "sink/sqlite_cell.h"

#include <math.h>
#include <string.h>

#include "base/timestamp.h"

static struct sqlite_cell text_cell(const char *s, size_t len)
{
	return (struct sqlite_cell){.storage = SQLITE_TEXT, .s = s, .len = len};
}

/* The text that every text format prints, in the arena. */
static struct sqlite_cell plain_cell(struct value v, struct arena *a)
{
	struct buf b = BUF_INIT;
	value_plain(v, &b);
	struct sqlite_cell cell = text_cell(arena_copy(a, b.data, b.len), b.len);
	buf_release(&b);
	return cell;
}

/* 15 digits always survive in a double; beyond that it has to be tried. */
static bool double_holds(struct value v, double d)
{
	static const int64_t safe = INT64_C(999999999999999);
	if (v.type == TYPE_INT && v.i >= -safe && v.i <= safe)
		return true;
	return isfinite(d) && number_compare(v, value_float(d)) == 0;
}

/* A whole number that is kept as text: one that int64 can't hold. (`-0` is one too, but a double holds it.) */
static bool is_long_whole(struct value v)
{
	return v.type == TYPE_NUMBER && v.len > 2 && !memchr(v.s, '.', v.len) && !memchr(v.s, 'e', v.len) &&
	       !memchr(v.s, 'E', v.len);
}

static struct sqlite_cell number_cell(struct value v, bool decimals_as_text, struct arena *a)
{
	if (v.type == TYPE_INT && !v.scale)
		return (struct sqlite_cell){.storage = SQLITE_INTEGER, .i = v.i};
	double d = number_double(v);
	if (is_long_whole(v) || (decimals_as_text && v.type != TYPE_FLOAT) || !double_holds(v, d))
		return plain_cell(v, a);
	return (struct sqlite_cell){.storage = SQLITE_FLOAT, .f = d};
}

struct sqlite_cell sqlite_cell_of(struct value v, bool decimals_as_text, struct arena *a)
{
	switch (v.type) {
	case TYPE_ABSENT:
	case TYPE_NULL: return (struct sqlite_cell){.storage = SQLITE_NULL};
	case TYPE_BOOL: return (struct sqlite_cell){.storage = SQLITE_INTEGER, .i = v.i};
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: return number_cell(v, decimals_as_text, a);
	case TYPE_TIME: return plain_cell(v, a);
	case TYPE_BYTES: return (struct sqlite_cell){.storage = SQLITE_BLOB, .s = v.s, .len = v.len};
	default: return text_cell(v.s, v.len);
	}
}

/* Whether SQLite takes the text for a number, and so would convert it: blanks around it and a plus are fine with it. */
static bool looks_numeric(const char *p, size_t len)
{
	static const char blanks[] = " \t\n\v\f\r";
	const char *end = p + len;
	bool digits = false;
	while (p < end && *p && strchr(blanks, *p))
		p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		digits = true;
	if (p < end && *p == '.')
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		digits = true;
	if (digits && end - p > 1 && (*p | 0x20) == 'e') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p < end && *p >= '0' && *p <= '9';
		while (p < end && *p >= '0' && *p <= '9')
			p++;
	}
	while (p < end && *p && strchr(blanks, *p))
		p++;
	return digits && p == end;
}

bool sqlite_cell_fit(struct sqlite_cell *cell, enum affinity affinity, struct value v, struct arena *a)
{
	bool number = cell->storage == SQLITE_INTEGER || cell->storage == SQLITE_FLOAT;
	switch (affinity) {
	case AFFINITY_NONE: return true;
	case AFFINITY_TEXT:
		if (number)
			*cell = plain_cell(v, a);
		return true;
	case AFFINITY_REAL:
		if (cell->storage == SQLITE_INTEGER)
			return double_holds(value_int(cell->i), (double)cell->i);
		break;
	default: break;
	}
	return cell->storage != SQLITE_TEXT || !looks_numeric(cell->s, cell->len);
}

int sqlite_cell_bind(sqlite3_stmt *s, int at, const struct sqlite_cell *cell)
{
	switch (cell->storage) {
	case SQLITE_INTEGER: return sqlite3_bind_int64(s, at, cell->i);
	case SQLITE_FLOAT: return sqlite3_bind_double(s, at, cell->f);
	/* a NULL pointer would be a NULL: empty texts have an address */
	case SQLITE_TEXT:
		return sqlite3_bind_text64(s, at, cell->len ? cell->s : "", cell->len, SQLITE_STATIC, SQLITE_UTF8);
	case SQLITE_BLOB: return sqlite3_bind_blob64(s, at, cell->len ? cell->s : "", cell->len, SQLITE_STATIC);
	default: return sqlite3_bind_null(s, at);
	}
}

enum affinity sqlite_affinity(const char *declared)
{
	if (!declared || !*declared)
		return AFFINITY_NONE;
	if (strcasestr(declared, "INT"))
		return AFFINITY_INTEGER;
	if (strcasestr(declared, "CHAR") || strcasestr(declared, "CLOB") || strcasestr(declared, "TEXT"))
		return AFFINITY_TEXT;
	if (strcasestr(declared, "BLOB"))
		return AFFINITY_NONE;
	if (strcasestr(declared, "REAL") || strcasestr(declared, "FLOA") || strcasestr(declared, "DOUB"))
		return AFFINITY_REAL;
	return AFFINITY_NUMERIC;
}
