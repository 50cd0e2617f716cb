#include <stdlib.h>

#include "base/mem.h"
#include "format/escape.h"
#include "format/line.h"
#include "format/text.h"

static const char field_name[] = "line";
enum { FIELD_LEN = sizeof field_name - 1 };

/* -- decoding -- */

struct lines_decoder {
	struct decoder head;
	bool wanted;
	size_t seen;
};

/* The shape of the rows, and *column: where the line goes; -1: it is not wanted. A negative shape: there is no room. */
static int find_shape(const struct lines_decoder *d, struct batch *b, int *column)
{
	*column = d->wanted ? batch_column(b, field_name, FIELD_LEN) : -1;
	if (d->wanted && *column < 0)
		return -1;
	uint16_t columns[1] = {(uint16_t)*column};
	return batch_shape_of(b, columns, d->wanted);
}

static void take_line(struct lines_decoder *d, struct batch *b, uint32_t shape, int column, const char *p, size_t len)
{
	uint32_t row = batch_begin(b);
	if (len > UINT32_MAX) {
		batch_reject_text(b, d->head.line, p, len, "the line is longer than 4 GiB");
		return;
	}
	if (column >= 0)
		b->columns[column].values[row] = value_string(p, len);
	batch_end(b, shape, d->head.line);
}

static int decode(struct decoder *head, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		  size_t *used, struct error *e)
{
	struct lines_decoder *d = (struct lines_decoder *)head;
	int column, shape = find_shape(d, b, &column);
	size_t at = 0, content;
	if (shape < 0 && !b->rows)
		return error_set(e, ERR_FAILED, "there is no room for the field %s", field_name);
	while (shape >= 0 && at < len && b->rows < limit) {
		size_t n = line_find(p + at, len - at, last, &d->seen, &content);
		if (!n)
			break;
		take_line(d, b, (uint32_t)shape, column, p + at, content);
		d->head.line++;
		at += n;
	}
	*used = at;
	return OK;
}

static void decoder_release(struct decoder *head)
{
	free(head);
}

struct decoder *lines_decoder_new(const struct decode_options *o)
{
	static const struct decoder_ops ops = {decode, decoder_release};
	struct lines_decoder *d = mem_zero(sizeof *d);
	d->head = (struct decoder){.ops = &ops, .line = 1};
	d->wanted = !o || !o->want;
	for (size_t i = 0; !d->wanted && i < o->want_count; i++)
		d->wanted = !strcmp(o->want[i], field_name);
	return &d->head;
}

/* -- encoding -- */

struct lines_encoder {
	struct encoder head;
	struct encode_options options;
	struct buf plain; /* a value before it is escaped */
};

/* A record must stay one line whatever its values hold. */
static void append_text(const struct lines_encoder *x, const char *s, size_t len, struct buf *out)
{
	while (len) {
		const char *lf = memchr(s, '\n', len);
		size_t n = lf ? (size_t)(lf - s) : len;
		if (x->options.terminal)
			escape_append(s, n, 0, out);
		else
			buf_append(out, s, n);
		if (lf)
			buf_append(out, "\\n", 2);
		s += n + (lf != NULL);
		len -= n + (lf != NULL);
	}
}

static void append_value(struct lines_encoder *x, struct value v, struct buf *out)
{
	if (value_has_text(v)) {
		append_text(x, v.s, v.len, out);
		return;
	}
	buf_clear(&x->plain);
	value_plain(v, &x->plain);
	buf_append(out, x->plain.data, x->plain.len);
}

static void append_tabbed(struct lines_encoder *x, struct value v, bool *first, struct buf *out)
{
	if (v.type == TYPE_ABSENT)
		return;
	if (!*first)
		buf_byte(out, '\t');
	*first = false;
	append_value(x, v, out);
}

static void encode_row(struct lines_encoder *x, const struct batch *b, int line_column, uint32_t row, struct buf *out)
{
	bool first = true;
	for (int m = 0; x->options.meta && m < META_COUNT; m++)
		append_tabbed(x, column_get(&b->meta[m], row), &first, out);
	struct value line = line_column < 0 ? value_absent() : column_get(&b->columns[line_column], row);
	const struct shape *s = batch_shape(b, row);
	if (line.type != TYPE_ABSENT)
		append_tabbed(x, line, &first, out);
	else
		for (uint32_t i = 0; i < s->count; i++)
			append_tabbed(x, column_get(&b->columns[s->columns[i]], row), &first, out);
	buf_byte(out, '\n');
}

static int encode(struct encoder *head, struct batch *b, struct buf *out, struct error *e)
{
	struct lines_encoder *x = (struct lines_encoder *)head;
	int line_column = batch_find(b, field_name, FIELD_LEN);
	(void)e;
	for (uint32_t i = 0, count = batch_count(b); i < count; i++)
		encode_row(x, b, line_column, batch_row(b, i), out);
	return OK;
}

static void encoder_release(struct encoder *head)
{
	struct lines_encoder *x = (struct lines_encoder *)head;
	buf_release(&x->plain);
	free(x);
}

struct encoder *lines_encoder_new(const struct encode_options *o)
{
	static const struct encoder_ops ops = {encode, NULL, encoder_release};
	struct lines_encoder *x = mem_zero(sizeof *x);
	x->head.ops = &ops;
	if (o)
		x->options = *o;
	return &x->head;
}
