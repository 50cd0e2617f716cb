#include "format/csv.h"

/* Line ends in [p, end): LF, CR LF, CR. */
static uint64_t count_lines(const char *p, const char *end)
{
	uint64_t n = 0;
	for (; p < end; p++)
		n += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
	return n;
}

/* The first quote in [p, end), or end; *lines becomes true if it meets a line end before. Reads on up to 15 bytes. */
static const char *find_quote(const char *p, const char *end, bool *lines)
{
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"'), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
	for (; p < end; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)p);
		unsigned quotes = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, quote));
		unsigned ends = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr)));
		if (quotes) {
			const char *q = p + __builtin_ctz(quotes);
			*lines |= (ends & (quotes ^ (quotes - 1))) != 0;
			return q < end ? q : end;
		}
		*lines |= ends != 0;
	}
	return end;
#else
	for (; p < end && *p != '"'; p++)
		*lines |= *p == '\n' || *p == '\r';
	return p;
#endif
}

/* The quote that closes the cell whose text begins at p, or the bound. */
static const char *find_close(struct csv_cursor *c, const char *p, bool *doubled)
{
	bool lines = false;
	const char *q = find_quote(p, c->bound, &lines);
	while (c->bound - q > 1 && q[1] == '"') {
		*doubled = true;
		q = find_quote(q + 2, c->bound, &lines);
	}
	if (lines)
		c->breaks += count_lines(p, q);
	return q;
}

enum csv_end csv_quoted_next(struct csv_cursor *c, struct csv_cell *cell)
{
	const char *p = c->at + 1;
	bool doubled = false;
	const char *q = find_close(c, p, &doubled);
	*cell = (struct csv_cell){.s = p, .stop = q, .len = (size_t)(q - p), .quoted = true, .doubled = doubled};
	if (q == c->bound)
		return c->bound < c->end ? CSV_LONG : c->last ? CSV_OPEN : CSV_INCOMPLETE;
	const char *stop = q + 1;
	cell->stop = stop;
	if (stop == c->end)
		return csv_step(c, stop);
	if (*stop != c->delimiter && *stop != '\n' && *stop != '\r')
		return CSV_STRAY;
	csv_skip(c, stop + 1);
	return csv_step(c, stop);
}

const char *csv_cell_text(const struct csv_cell *cell, struct arena *a, size_t *len)
{
	*len = cell->len;
	if (!cell->doubled)
		return cell->s;
	char *text = arena_alloc(a, cell->len), *to = text;
	for (const char *p = cell->s, *end = p + cell->len; p < end;) {
		const char *q = memchr(p, '"', (size_t)(end - p));
		size_t n = (size_t)((q ? q + 1 : end) - p);
		memcpy(to, p, n);
		to += n;
		p += n + (q != NULL);
	}
	*len = (size_t)(to - text);
	return text;
}

const char *csv_line_end(const char *p, const char *end)
{
	/* In steps, so that one of the two that never comes is not searched for in all that follows. */
	for (size_t step = 256; p < end; p += step) {
		if ((size_t)(end - p) < step)
			step = (size_t)(end - p);
		const char *lf = memchr(p, '\n', step);
		const char *cr = memchr(p, '\r', lf ? (size_t)(lf - p) : step);
		if (cr || lf)
			return cr ? cr : lf;
	}
	return NULL;
}

/* -- scanning -- */

enum { AT_CELL, IN_TEXT, IN_QUOTES, BEHIND_QUOTE, MALFORMED };

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* Skips the inside of a quoted cell; returns where it may end. */
static const char *scan_quotes(struct csv_scan *s, const char *p, const char *end)
{
	const char *q = memchr(p, '"', (size_t)(end - p));
	if (!s->line)
		s->line = csv_line_end(p, q ? q : end);
	if (!q)
		return end;
	s->place = BEHIND_QUOTE;
	return q + 1;
}

/* One byte outside quotes. True: the record is whole. */
static bool scan_byte(struct csv_scan *s, char c, char delimiter)
{
	if (c == '"' && s->place != IN_TEXT)
		s->place = IN_QUOTES; /* the first one, or one that stands twice */
	else if (is_line_end(c))
		return true;
	else if (c == delimiter)
		s->place = AT_CELL;
	else
		s->place = s->place == BEHIND_QUOTE ? MALFORMED : IN_TEXT;
	return false;
}

bool csv_scan_more(struct csv_scan *s, const char *p, size_t len, char delimiter)
{
	const char *at = p + s->seen, *end = p + len;
	bool whole = false;
	while (at < end && !whole) {
		if (s->place == IN_QUOTES)
			at = scan_quotes(s, at, end);
		else if (s->place == MALFORMED)
			break;
		else
			whole = scan_byte(s, *at++, delimiter);
	}
	/* What is malformed is given up up to the end of its first line. */
	bool given_up = s->place == MALFORMED || (s->place == IN_QUOTES && len > CSV_RECORD_MAX);
	if (given_up && !s->line) {
		s->line = csv_line_end(at, end);
		at = end;
	}
	s->seen = (size_t)(at - p);
	return whole || (given_up && s->line);
}
