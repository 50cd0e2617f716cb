#include <stdlib.h>

#include "base/mem.h"
#include "format/escape.h"
#include "format/heading.h"
#include "format/text.h"
#include "format/width.h"

enum {
	HELD_MAX = 1000, /* rows that widths are made from */
	GAP = 2,         /* blanks between columns */
	NARROW = 8,      /* no column gives way below it */
};

struct layout {
	size_t width; /* cells */
	bool right;   /* all that was seen in it are numbers */
	bool any;     /* there were some */
};

/*
 * Columns are numbered from the left: first the metadata that have one, then the fields of the heading. Rows are held
 * until the widths are settled; from then on they are printed as they come.
 */
struct table_encoder {
	struct encoder head;
	struct encode_options options;
	struct batch held;
	bool settled;
	enum meta metas[META_COUNT];
	uint32_t meta_count;
	struct heading heading;
	struct layout *layout; /* of each column */
	uint32_t column_count, layout_cap;
	struct buf cell; /* the text of the cell at hand */
	size_t blanks;   /* owed before the next text of the line, so that none end it */
};

/* -- columns -- */

static struct value value_at(const struct table_encoder *x, const struct batch *b, uint32_t column, uint32_t row)
{
	if (column < x->meta_count)
		return column_get(&b->meta[x->metas[column]], row);
	return heading_value(&x->heading, b, column - x->meta_count, row);
}

/* Makes the column's name, as it is shown, the text of the cell at hand. */
static void name_to_cell(struct table_encoder *x, uint32_t column)
{
	buf_clear(&x->cell);
	if (column < x->meta_count) {
		buf_string_append(&x->cell, meta_names[x->metas[column]]);
		return;
	}
	uint32_t field = column - x->meta_count;
	escape_append(heading_name(&x->heading, field), x->heading.fields[field].len, ESCAPE_BLANKS, &x->cell);
}

static void value_to_cell(struct table_encoder *x, struct value v)
{
	buf_clear(&x->cell);
	if (v.type == TYPE_NULL)
		buf_byte(&x->cell, '-');
	else if (v.type != TYPE_NUMBER && v.type != TYPE_BYTES && value_has_text(v))
		escape_append(v.s, v.len, ESCAPE_BLANKS, &x->cell);
	else
		value_plain(v, &x->cell);
}

static void widen(struct table_encoder *x, struct layout *l)
{
	size_t width = text_width(x->cell.data, x->cell.len);
	if (l->width < width)
		l->width = width;
}

/* Layouts for the columns that have none, as wide as their names. */
static void add_layouts(struct table_encoder *x)
{
	uint32_t count = x->meta_count + x->heading.count;
	if (x->layout_cap < count) {
		x->layout_cap = (uint32_t)mem_grow(x->layout_cap, count);
		x->layout = mem_resize(x->layout, x->layout_cap, sizeof *x->layout);
	}
	for (; x->column_count < count; x->column_count++) {
		x->layout[x->column_count] = (struct layout){.width = 1, .right = true};
		name_to_cell(x, x->column_count);
		widen(x, &x->layout[x->column_count]);
	}
}

/* Lets the columns from `first` on make room for the values of the row. */
static void fit_row(struct table_encoder *x, const struct batch *b, uint32_t row, uint32_t first)
{
	for (uint32_t c = first; c < x->column_count; c++) {
		struct layout *l = &x->layout[c];
		struct value v = value_at(x, b, c, row);
		if (v.type == TYPE_ABSENT)
			continue;
		value_to_cell(x, v);
		widen(x, l);
		l->right &= v.type == TYPE_NULL || value_is_number(v);
		l->any |= value_is_number(v);
	}
}

static bool is_numbers(const struct layout *l)
{
	return l->right && l->any;
}

/* How wide the column is when it gives way to `most`. Part of a number would be a wrong number. */
static size_t narrowed(const struct layout *l, size_t most)
{
	return l->width < most || is_numbers(l) ? l->width : most;
}

static size_t total_width(const struct table_encoder *x, size_t most)
{
	size_t total = x->column_count ? GAP * (size_t)(x->column_count - 1) : 0;
	for (uint32_t c = 0; c < x->column_count; c++)
		total += narrowed(&x->layout[c], most);
	return total;
}

/* The widest columns give way until the table fits, or all are narrow. */
static void narrow(struct table_encoder *x)
{
	size_t low = NARROW, high = x->options.width;
	if (!high || total_width(x, SIZE_MAX) <= high)
		return;
	while (low < high) {
		size_t middle = (low + high + 1) / 2;
		if (total_width(x, middle) <= x->options.width)
			low = middle;
		else
			high = middle - 1;
	}
	for (uint32_t c = 0; c < x->column_count; c++)
		x->layout[c].width = narrowed(&x->layout[c], low);
}

static bool has_meta(const struct batch *b, enum meta m)
{
	for (uint32_t row = 0; row < b->rows; row++)
		if (column_get(&b->meta[m], row).type != TYPE_ABSENT)
			return true;
	return false;
}

/* -- lines -- */

static void put_cell(struct table_encoder *x, uint32_t column, struct buf *out)
{
	const struct layout *l = &x->layout[column];
	size_t len = x->cell.len, width = text_width(x->cell.data, len);
	bool right = is_numbers(l), cut = x->options.width && width > l->width && !right;
	if (cut) {
		len = text_fit(x->cell.data, len, l->width - 1);
		width = text_width(x->cell.data, len) + 1;
	}
	size_t pad = width < l->width ? l->width - width : 0;
	if (column)
		x->blanks += GAP;
	if (right)
		x->blanks += pad;
	if (width) {
		buf_fill(out, ' ', x->blanks);
		x->blanks = 0;
		buf_append(out, x->cell.data, len);
	}
	if (cut)
		buf_string_append(out, "\xe2\x80\xa6");
	if (!right)
		x->blanks += pad;
}

static void end_line(struct table_encoder *x, struct buf *out)
{
	x->blanks = 0;
	buf_byte(out, '\n');
}

static void put_heading(struct table_encoder *x, struct buf *out)
{
	if (x->options.color)
		buf_string_append(out, "\033[1m");
	for (uint32_t c = 0; c < x->column_count; c++) {
		name_to_cell(x, c);
		put_cell(x, c, out);
	}
	if (x->options.color)
		buf_string_append(out, "\033[0m");
	end_line(x, out);
}

static void put_row(struct table_encoder *x, const struct batch *b, uint32_t row, struct buf *out)
{
	for (uint32_t c = 0; c < x->column_count; c++) {
		value_to_cell(x, value_at(x, b, c, row));
		put_cell(x, c, out);
	}
	end_line(x, out);
}

/* A row with new fields begins a new part of the table. */
static void stream_row(struct table_encoder *x, const struct batch *b, uint32_t row, struct buf *out)
{
	if (heading_stranger(&x->heading, b, row)) {
		uint32_t first = x->column_count;
		heading_take(&x->heading, b, row);
		add_layouts(x);
		fit_row(x, b, row, first);
		narrow(x);
		buf_byte(out, '\n');
		put_heading(x, out);
	}
	put_row(x, b, row, out);
}

/* Makes the widths from the rows that are held, and prints these. */
static void settle(struct table_encoder *x, struct buf *out)
{
	const struct batch *b = &x->held;
	for (enum meta m = 0; x->options.meta && m < META_COUNT; m++)
		if (has_meta(b, m))
			x->metas[x->meta_count++] = m;
	heading_map(&x->heading, b);
	for (uint32_t row = 0; row < b->rows; row++)
		if (heading_stranger(&x->heading, b, row))
			heading_take(&x->heading, b, row);
	add_layouts(x);
	for (uint32_t row = 0; row < b->rows; row++)
		fit_row(x, b, row, 0);
	narrow(x);
	put_heading(x, out);
	for (uint32_t row = 0; row < b->rows; row++)
		put_row(x, b, row, out);
	x->settled = true;
	batch_reset(&x->held);
}

/* -- the encoder -- */

/* Holds the first rows of the batch, as many as are wanted; returns how many. */
static uint32_t hold(struct table_encoder *x, const struct batch *b)
{
	uint32_t want = HELD_MAX - x->held.rows, count = batch_count(b), taken = 0;
	if (count <= want)
		return batch_append(&x->held, b, 0);
	struct batch some = *b;
	uint32_t *sel = mem_array(want, sizeof *sel);
	for (uint32_t i = 0; i < want; i++)
		sel[i] = batch_row(b, i);
	batch_select(&some, sel, want);
	taken = batch_append(&x->held, &some, 0);
	free(sel);
	return taken;
}

static int encode(struct encoder *head, struct batch *b, struct buf *out, struct error *e)
{
	struct table_encoder *x = (struct table_encoder *)head;
	uint32_t at = 0, count = batch_count(b);
	(void)e;
	if (!x->settled) {
		at = hold(x, b);
		if (at < count || x->held.rows == HELD_MAX)
			settle(x, out);
	}
	if (at < count)
		heading_map(&x->heading, b);
	for (; at < count; at++)
		stream_row(x, b, batch_row(b, at), out);
	return OK;
}

static int finish(struct encoder *head, struct buf *out, struct error *e)
{
	struct table_encoder *x = (struct table_encoder *)head;
	(void)e;
	if (!x->settled && x->held.rows)
		settle(x, out);
	return OK;
}

static void encoder_release(struct encoder *head)
{
	struct table_encoder *x = (struct table_encoder *)head;
	batch_release(&x->held);
	heading_release(&x->heading);
	buf_release(&x->cell);
	free(x->layout);
	free(x);
}

struct encoder *table_encoder_new(const struct encode_options *o)
{
	static const struct encoder_ops ops = {encode, finish, encoder_release};
	struct table_encoder *x = mem_zero(sizeof *x);
	x->head.ops = &ops;
	if (o)
		x->options = *o;
	batch_init(&x->held);
	return &x->head;
}
