#include "tail/lines.h"

#include <string.h>

#include "base/timestamp.h"
#include "format/line.h"

/* The rows that are being made of one block. */
struct cut {
	const char *p; /* the block, from what is not taken on */
	size_t left;
	size_t at; /* taken */
	uint32_t limit;
	int column;
	uint32_t shape;
	struct batch *b;
	struct value *offsets; /* NULL: not wanted */
	int64_t base;          /* offset of p */
};

static void add_row(struct cut *c, const char *p, size_t len)
{
	struct batch *b = c->b;
	uint32_t row = batch_begin(b);
	b->columns[c->column].values[row] = value_string(p, len);
	if (c->offsets)
		c->offsets[row] = value_int(c->base + (p - c->p));
	batch_end(b, c->shape, 0);
}

/* A line that was too long goes on: what is left of it is passed over. */
static void skip(struct cut *c, struct source *s, bool last)
{
	size_t content, n = line_find(c->p, c->left, last, &s->seen, &content);
	s->place.skips = !n;
	c->at = n ? n : c->left;
	s->seen = 0;
}

static void cut_lines(struct cut *c, struct source *s, bool last)
{
	size_t content;
	while (c->at < c->left && c->b->rows < c->limit) {
		size_t n = line_find(c->p + c->at, c->left - c->at, last, &s->seen, &content);
		if (!n)
			return;
		add_row(c, c->p + c->at, content);
		c->at += n;
	}
}

/* Adds the lines [at, end) as one record. */
static void add_lines(struct cut *c, size_t end)
{
	size_t len = end - c->at;
	const char *p = c->p + c->at;
	if (len && p[len - 1] == '\n') {
		len--;
		len -= len && p[len - 1] == '\r';
	}
	add_row(c, p, len);
	c->at = end;
}

static int cut_records(const struct lines *l, struct cut *c, struct source *s, enum lines_end end, struct error *e)
{
	size_t scan = c->at + s->lines, content;
	int r = OK;
	while (scan < c->left && c->b->rows < c->limit) {
		size_t n = line_find(c->p + scan, c->left - scan, end == LINES_LAST, &s->seen, &content);
		if (!n)
			break;
		if (scan > c->at) {
			const size_t *spans;
			r = regex_match(l->first, c->p + scan, content, 0, &spans, e);
			if (r < 0)
				return r;
			if (r)
				add_lines(c, scan);
		}
		scan += n;
	}
	if (end != LINES_MORE && scan > c->at && c->b->rows < c->limit && (end == LINES_PAUSE || scan == c->left))
		add_lines(c, scan);
	s->lines = scan - c->at;
	return OK;
}

/* The record is rejected, and what follows of it skipped. */
static void reject_long(struct cut *c, struct source *s)
{
	enum { SHOWN = 1 << 10 };
	batch_reject_text(c->b, 0, c->p + c->at, SHOWN, "%s: the record at byte %lld is longer than %d bytes",
			  c->b->source, (long long)(c->base + (int64_t)c->at), LINES_MAX);
	c->at = c->left;
	s->place.skips = true;
	s->lines = s->seen = 0;
}

static void add_origin(struct cut *c, const char *shown)
{
	batch_set(c->b, "file", 4, column_const(value_string(shown, strlen(shown))));
	struct column offset = {.form = COLUMN_VALUES, .values = c->offsets};
	batch_set(c->b, "offset", 6, offset);
}

int lines_cut(const struct lines *l, struct source *s, enum lines_end end, const char *shown, uint32_t limit,
	      struct batch *b, struct error *e)
{
	struct cut c = {.p = s->block + s->at, .left = source_left(s), .limit = limit, .b = b, .base = s->place.offset};
	int r = OK;
	b->source = shown;
	c.column = batch_column(b, "line", 4);
	c.shape = (uint32_t)batch_shape_of(b, (uint16_t[]){(uint16_t)c.column}, 1);
	if (l->origin)
		c.offsets = arena_array(&b->arena, limit < c.left ? limit : c.left + 1, sizeof *c.offsets);
	if (s->place.skips && c.left)
		skip(&c, s, end == LINES_LAST);
	if (!s->place.skips && l->first)
		r = cut_records(l, &c, s, end, e);
	else if (!s->place.skips)
		cut_lines(&c, s, end == LINES_LAST);
	s->more = !r && b->rows == limit && c.at < c.left;
	if (!s->more && c.left - c.at >= LINES_MAX)
		reject_long(&c, s);
	if (c.at)
		source_take(s, c.at);
	if (b->rows) {
		batch_set(b, "@arrived", 8, column_const(value_time(timestamp_now())));
		if (l->origin)
			add_origin(&c, shown);
	}
	return r;
}
