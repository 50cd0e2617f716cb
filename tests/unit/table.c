/* Tables: alignment, widths, what is cut, rows that come after the widths were settled. */
#include <stdlib.h>

#include "feed.h"
#include "format/width.h"

/* Encodes CSV rows as a table, in batches of `limit` rows. */
static void check_by(const char *csv, uint32_t limit, const struct encode_options *o, const char *want)
{
	struct decoder *d = csv_decoder_new(NULL, ',');
	struct encoder *x = table_encoder_new(o);
	struct buf copy = BUF_INIT, out = BUF_INIT;
	struct batch b;
	struct error e;
	size_t used;
	batch_init(&b);
	buf_append(&copy, csv, strlen(csv));
	for (size_t at = 0; at < copy.len; at += used) {
		batch_clear(&b);
		if (d->ops->decode(d, copy.data + at, copy.len - at, true, limit, &b, &used, &e) || !used)
			break;
		CHECK(!x->ops->encode(x, &b, &out, &e));
	}
	CHECK(!x->ops->finish(x, &out, &e));
	CHECK_TEXT(buf_string(&out), out.len, want);
	d->ops->free(d);
	x->ops->free(x);
	batch_release(&b);
	buf_release(&copy);
	buf_release(&out);
}

static void check(const char *csv, const struct encode_options *o, const char *want)
{
	check_by(csv, 1, o, want);
	check_by(csv, 100, o, want);
}

static void test_alignment(void)
{
	check("", NULL, "");
	check("n,name,x\n1,one,\n22.50,\"t\tw\"\"o\",0870\n,\xe4\xb8\xad\xe6\x96\x87,9\n", NULL,
	      "    n  name    x\n"
	      "    1  one     -\n"
	      "22.50  t\\tw\"o  0870\n"
	      "    -  \xe4\xb8\xad\xe6\x96\x87    9\n");
	check("a,last\n1,\n2,\n", NULL, "a  last\n1  -\n2  -\n");
	check("e,c\n\033[2J,1\n", NULL, "e        c\n\\x1b[2J  1\n");
	static const struct encode_options color = {.color = true}, meta = {.meta = true};
	check("a,b\n1,x\n", &color, "\033[1ma  b\033[0m\n1  x\n");
	check("@key,@time,a\nk,2026-01-02T03:04:05Z,1\n,,2\n", &meta,
	      "@time                 @key  a\n2026-01-02T03:04:05Z  k     1\n                            2\n");
}

static void test_width(void)
{
	static const struct encode_options narrow = {.width = 24}, tiny = {.width = 5};
	check("id,text,more\n1,0123456789abcdefghij,xy\n2,short,0123456789abc\n", &narrow,
	      "id  text       more\n"
	      " 1  01234567\xe2\x80\xa6  xy\n"
	      " 2  short      01234567\xe2\x80\xa6\n");
	check("id,text\n1,0123456789\n", &tiny, "id  text\n 1  0123456\xe2\x80\xa6\n");
	check("\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\nx\n", &tiny,
	      "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe2\x80\xa6\nx\n");
	check("number,x\n12345678901,y\n", &tiny, "     number  x\n12345678901  y\n");
	CHECK(text_width("e\xcc\x81", 3) == 1 && text_width("\xf0\x9f\x98\x80", 4) == 2 &&
	      text_width("\xff\xc3", 2) == 2);
	CHECK(text_width("\xe2\x80\x8b", 3) == 0 && text_width("\xea\xb0\x80", 3) == 2 &&
	      text_width("\xc3\xa9", 2) == 1);
	CHECK(text_fit("e\xcc\x81x", 4, 1) == 3 && text_fit("\xe4\xb8\xad", 3, 1) == 0);
}

static void add_row(struct batch *b, int64_t a, const char *more)
{
	uint16_t columns[2] = {(uint16_t)batch_column(b, "a", 1), 0};
	if (more)
		columns[1] = (uint16_t)batch_column(b, "more", 4);
	int shape = batch_shape_of(b, columns, more ? 2 : 1);
	uint32_t row = batch_begin(b);
	b->columns[columns[0]].values[row] = value_int(a);
	if (more)
		b->columns[columns[1]].values[row] = value_string(more, strlen(more));
	batch_end(b, (uint32_t)shape, 0);
}

/* The rows before 1,000 are held; later ones come at once, and a new field brings a new heading. */
static void test_stream(void)
{
	struct buf want = BUF_INIT;
	buf_string_append(&want, "  a\n");
	for (int i = 0; i < 1001; i++)
		buf_printf(&want, "%3d\n", i);
	buf_string_append(&want, "\n  a  more\n  7  x\n  8\n9999999  longer\n");
	for (uint32_t size = 1; size < 2000; size = size * 9 + 1) {
		struct encoder *x = table_encoder_new(NULL);
		struct batch b;
		struct buf out = BUF_INIT;
		struct error e;
		batch_init(&b);
		for (int i = 0; i < 1004; i++) {
			add_row(&b,
				i == 1003  ? 9999999
				: i > 1000 ? i - 994
					   : i,
				i == 1003   ? "longer"
				: i == 1001 ? "x"
					    : NULL);
			if (b.rows < size && i < 1003)
				continue;
			CHECK(!x->ops->encode(x, &b, &out, &e));
			CHECK(i >= 999 || !out.len);
			batch_clear(&b);
		}
		CHECK(!x->ops->finish(x, &out, &e));
		CHECK_TEXT(buf_string(&out), out.len, buf_string(&want));
		x->ops->free(x);
		batch_release(&b);
		buf_release(&out);
	}
	buf_release(&want);
}

int main(void)
{
	test_alignment();
	test_width();
	test_stream();
	return test_done();
}
