#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/cell.h"
#include "format/escape.h"
#include "format/heading.h"
#include "format/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

struct csv_encoder {
	struct encoder head;
	struct encode_options options;
	char delimiter;
	struct heading heading; /* without fields: nothing is written yet */
	struct buf escaped;
};

/* -- cells -- */

/* Whether one of the bytes that end or begin a cell is in the text. */
static bool has_special(const char *s, size_t len, char delimiter)
{
	size_t i = 0;
#if defined(__SSE2__)
	const __m128i comma = _mm_set1_epi8(delimiter), quote = _mm_set1_epi8('"');
	const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
	for (; len - i >= 16; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(s + i));
		__m128i line = _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr));
		__m128i cell = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, comma));
		if (_mm_movemask_epi8(_mm_or_si128(line, cell)))
			return true;
	}
#endif
	for (; i < len; i++)
		if (s[i] == delimiter || s[i] == '"' || s[i] == '\n' || s[i] == '\r')
			return true;
	return false;
}

/* Would be taken for a byte order mark where a file begins. */
static bool begins_with_mark(const char *s, size_t len)
{
	return (len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) ||
	       (len >= 2 && (!memcmp(s, "\xff\xfe", 2) || !memcmp(s, "\xfe\xff", 2)));
}

static void append_quoted(const char *s, size_t len, struct buf *out)
{
	buf_byte(out, '"');
	for (const char *end = s + len, *q; s < end; s = q) {
		q = memchr(s, '"', (size_t)(end - s));
		q = q ? q + 1 : end;
		buf_append(out, s, (size_t)(q - s));
		if (q[-1] == '"')
			buf_byte(out, '"');
	}
	buf_byte(out, '"');
}

static void append_text(struct csv_encoder *x, const char *s, size_t len, bool quote, struct buf *out)
{
	if (x->options.terminal && escape_find(s, len, 0) < len) {
		buf_clear(&x->escaped);
		escape_append(s, len, 0, &x->escaped);
		s = x->escaped.data;
		len = x->escaped.len;
	}
	if (quote || has_special(s, len, x->delimiter) || begins_with_mark(s, len))
		append_quoted(s, len, out);
	else
		buf_append(out, s, len);
}

static void append_cell(struct csv_encoder *x, struct value v, struct buf *out)
{
	if (v.type == TYPE_INT)
		out->len += int_text(v.i, v.scale, buf_reserve(out, NUMBER_TEXT_MAX));
	else if (v.type == TYPE_NUMBER || v.type == TYPE_BYTES || !value_has_text(v))
		value_plain(v, out);
	else
		append_text(x, v.s, v.len, v.type == TYPE_JSON || cell_needs_quotes(v.s, v.len), out);
}

/* -- rows -- */

static void write_header(struct csv_encoder *x, struct buf *out)
{
	for (int m = 0; x->options.meta && m < META_COUNT; m++) {
		buf_string_append(out, meta_names[m]);
		buf_byte(out, x->delimiter);
	}
	for (uint32_t i = 0; i < x->heading.count; i++) {
		uint32_t len = x->heading.fields[i].len;
		if (i)
			buf_byte(out, x->delimiter);
		append_text(x, heading_name(&x->heading, i), len, !len, out);
	}
	buf_byte(out, '\n');
}

static void write_row(struct csv_encoder *x, const struct batch *b, uint32_t row, struct buf *out)
{
	size_t start = out->len;
	for (int m = 0; x->options.meta && m < META_COUNT; m++) {
		append_cell(x, column_get(&b->meta[m], row), out);
		buf_byte(out, x->delimiter);
	}
	for (uint32_t i = 0; i < x->heading.count; i++) {
		if (i)
			buf_byte(out, x->delimiter);
		append_cell(x, heading_value(&x->heading, b, i, row), out);
	}
	/* An empty line would be no record. */
	if (out->len == start)
		buf_append(out, "\"\"", 2);
	buf_byte(out, '\n');
}

static void encode_record(struct csv_encoder *x, struct batch *b, uint32_t row, struct buf *out)
{
	const struct column *new;
	if (!x->heading.count) {
		heading_take(&x->heading, b, row);
		if (x->heading.count)
			write_header(x, out);
	}
	if (!x->heading.count)
		batch_reject_row(b, row, "CSV can't begin with a record without fields");
	else if ((new = heading_stranger(&x->heading, b, row)))
		batch_reject_row(b, row, "the CSV header, made from the first record, has no field %.*s",
				 (int)new->name_len, new->name);
	else
		write_row(x, b, row, out);
}

static int encode(struct encoder *head, struct batch *b, struct buf *out, struct error *e)
{
	struct csv_encoder *x = (struct csv_encoder *)head;
	(void)e;
	heading_map(&x->heading, b);
	for (uint32_t i = 0, count = batch_count(b); i < count; i++)
		encode_record(x, b, batch_row(b, i), out);
	return OK;
}

static void encoder_release(struct encoder *head)
{
	struct csv_encoder *x = (struct csv_encoder *)head;
	heading_release(&x->heading);
	buf_release(&x->escaped);
	free(x);
}

struct encoder *csv_encoder_new(const struct encode_options *o, char delimiter)
{
	static const struct encoder_ops ops = {encode, NULL, encoder_release};
	struct csv_encoder *x = mem_zero(sizeof *x);
	x->head.ops = &ops;
	x->delimiter = delimiter;
	if (o)
		x->options = *o;
	return &x->head;
}
