#include <stdlib.h>

#include "base/mem.h"
#include "format/cell.h"
#include "format/escape.h"
#include "format/logfmt.h"
#include "format/text.h"

struct logfmt_encoder {
	struct encoder head;
	struct encode_options options;
};

/* A quote, a backslash or a control, at s. Returns its bytes. */
static size_t append_escape(const char *s, size_t len, struct buf *out)
{
	static const char from[] = "\"\\\n\r\t", into[] = "\"\\nrt";
	const char *known = memchr(from, *s, sizeof from - 1);
	uint32_t code;
	size_t n = utf8_read(s, len, &code);
	buf_byte(out, '\\');
	if (known)
		buf_byte(out, into[known - from]);
	else
		buf_printf(out, n ? "u%04x" : "x%02x", n ? (unsigned)code : (unsigned char)*s);
	return n ? n : 1;
}

static void append_quoted(const struct logfmt_encoder *x, const char *s, size_t len, struct buf *out)
{
	buf_byte(out, '"');
	for (size_t at = 0; at < len;) {
		size_t safe = x->options.terminal ? escape_find(s + at, len - at, ESCAPE_BLANKS) : len - at, n = 0;
		while (n < safe && s[at + n] != '"' && s[at + n] != '\\' && (unsigned char)s[at + n] >= ' ')
			n++;
		buf_append(out, s + at, n);
		at += n;
		if (at < len)
			at += append_escape(s + at, len - at, out);
	}
	buf_byte(out, '"');
}

/* Whether the text can stand without quotes, as a key can. */
static bool is_bare(const struct logfmt_encoder *x, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (logfmt_is_blank(s[i]) || s[i] == '"' || s[i] == '=' || s[i] == 0x7f)
			return false;
	return len && (!x->options.terminal || escape_find(s, len, 0) == len);
}

static void append_key(const struct logfmt_encoder *x, const char *s, size_t len, struct buf *out)
{
	if (is_bare(x, s, len))
		buf_append(out, s, len);
	else
		append_quoted(x, s, len, out);
}

static void append_value(const struct logfmt_encoder *x, struct value v, struct buf *out)
{
	bool is_null = v.type == TYPE_STRING && v.len == 4 && !memcmp(v.s, "null", 4);
	if (v.type == TYPE_NULL)
		buf_append(out, "null", 4);
	else if (v.type == TYPE_NUMBER || v.type == TYPE_BYTES || !value_has_text(v))
		value_plain(v, out);
	else if (v.type == TYPE_JSON || is_null || !is_bare(x, v.s, v.len) || cell_needs_quotes(v.s, v.len))
		append_quoted(x, v.s, v.len, out);
	else
		buf_append(out, v.s, v.len);
}

static void append_pair(const struct logfmt_encoder *x, const struct column *c, uint32_t row, size_t start,
			struct buf *out)
{
	struct value v = column_get(c, row);
	if (v.type == TYPE_ABSENT)
		return;
	if (out->len > start)
		buf_byte(out, ' ');
	append_key(x, c->name, c->name_len, out);
	buf_byte(out, '=');
	append_value(x, v, out);
}

static int encode(struct encoder *head, struct batch *b, struct buf *out, struct error *e)
{
	const struct logfmt_encoder *x = (const struct logfmt_encoder *)head;
	(void)e;
	for (uint32_t i = 0, count = batch_count(b); i < count; i++) {
		uint32_t row = batch_row(b, i);
		const struct shape *s = batch_shape(b, row);
		size_t start = out->len;
		for (int m = 0; x->options.meta && m < META_COUNT; m++)
			append_pair(x, &b->meta[m], row, start, out);
		for (uint32_t f = 0; f < s->count; f++)
			append_pair(x, &b->columns[s->columns[f]], row, start, out);
		/* An empty line would be no record. */
		if (out->len == start)
			batch_reject_row(b, row, "logfmt can't hold a record without fields");
		else
			buf_byte(out, '\n');
	}
	return OK;
}

static void encoder_release(struct encoder *head)
{
	free(head);
}

struct encoder *logfmt_encoder_new(const struct encode_options *o)
{
	static const struct encoder_ops ops = {encode, NULL, encoder_release};
	struct logfmt_encoder *x = mem_zero(sizeof *x);
	x->head.ops = &ops;
	if (o)
		x->options = *o;
	return &x->head;
}
