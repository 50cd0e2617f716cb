/* Lines in and out, and what may reach a terminal. */
#include <stdlib.h>

#include "feed.h"
#include "format/escape.h"

static void check(const char *text, size_t len, const char *want)
{
	FEED_CHECK(lines_decoder_new(NULL), text, len, want);
}

static void test_decode(void)
{
	static const char *const names[] = {"other"};
	static const struct decode_options nothing = {names, 1};
	check("", 0, "");
	check("a\n\nb", 4, "1 line=string a\n2 line=string \n3 line=string b\n");
	check("a\r\nb\rc\r\n\r\nd\r", 12, "1 line=string a\n2 line=string b\rc\n3 line=string \n4 line=string d\r\n");
	check("123\ntrue\n", 9, "1 line=string 123\n2 line=string true\n");
	FEED_CHECK(lines_decoder_new(&nothing), "a\nb\n", 4, "1 \n2 \n");
}

static void test_bytes_are_kept(void)
{
	struct batch b;
	struct error e;
	size_t used;
	char text[16 + DECODE_SLACK] = "a\0b\xff\n";
	struct decoder *d = lines_decoder_new(NULL);
	batch_init(&b);
	CHECK(!d->ops->decode(d, text, 5, false, 9, &b, &used, &e) && used == 5 && b.rows == 1);
	CHECK(b.columns[0].values[0].len == 4 && !memcmp(b.columns[0].values[0].s, "a\0b\xff", 4));
	d->ops->free(d);
	batch_release(&b);
}

static void check_encoded(const struct encode_options *o, const struct batch *rows, const char *want)
{
	struct encoder *x = lines_encoder_new(o);
	struct buf out = BUF_INIT;
	struct error e;
	struct batch b = *rows;
	CHECK(!x->ops->encode(x, &b, &out, &e));
	CHECK_TEXT(buf_string(&out), out.len, want);
	x->ops->free(x);
	buf_release(&out);
}

static void test_encode(void)
{
	static const struct encode_options plain = {0}, meta = {.meta = true}, terminal = {.terminal = true};
	struct batch b;
	batch_init(&b);
	uint16_t columns[3] = {(uint16_t)batch_column(&b, "x", 1), (uint16_t)batch_column(&b, "y", 1),
			       (uint16_t)batch_column(&b, "line", 4)};
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t row = batch_begin(&b);
		b.columns[0].values[row] = value_decimal(110, 2);
		b.columns[1].values[row] = i ? value_null() : value_string("p\nq", 3);
		b.columns[2].values[row] = value_string("\033[1mred\tx", 9);
		batch_end(&b, (uint32_t)batch_shape_of(&b, columns, i == 2 ? 3 : 2), 0);
	}
	struct value *key = batch_meta(&b, META_KEY);
	key[0] = value_string("k", 1);
	check_encoded(&plain, &b, "1.10\tp\\nq\n1.10\t\n\033[1mred\tx\n");
	check_encoded(&meta, &b, "k\t1.10\tp\\nq\n1.10\t\n\033[1mred\tx\n");
	check_encoded(&terminal, &b, "1.10\tp\\nq\n1.10\t\n\\x1b[1mred\tx\n");
	batch_release(&b);
}

static void check_escaped(const char *text, unsigned flags, const char *want)
{
	struct buf out = BUF_INIT;
	escape_append(text, strlen(text), flags, &out);
	CHECK_TEXT(buf_string(&out), out.len, want);
	CHECK((escape_find(text, strlen(text), flags) == strlen(text)) == !strcmp(text, want));
	buf_release(&out);
}

static void test_escape(void)
{
	check_escaped("plain text that is longer than a vector, caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", 0,
		      "plain text that is longer than a vector, caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80");
	check_escaped("a\tb\nc", 0, "a\tb\nc");
	check_escaped("a\tb\nc\rd", ESCAPE_BLANKS, "a\\tb\\nc\\rd");
	check_escaped("sixteen bytes ok\033]0;x\007\177\r", 0, "sixteen bytes ok\\x1b]0;x\\x07\\x7f\\x0d");
	check_escaped("\xc2\x9b"
		      "2J \xe2\x80\xae \xe2\x81\xa6 \xd8\x9c",
		      0, "\\u009b2J \\u202e \\u2066 \\u061c");
	/* A C1 control as a bare byte, an overlong escape, a surrogate, an end cut off. */
	check_escaped("\x9b"
		      "2J \xc0\x9b \xed\xa0\x80 \xe2\x80",
		      0, "\\x9b2J \\xc0\\x9b \\xed\\xa0\\x80 \\xe2\\x80");
}

int main(void)
{
	test_decode();
	test_bytes_are_kept();
	test_encode();
	test_escape();
	return test_done();
}
