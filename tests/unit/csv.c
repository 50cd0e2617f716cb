/* CSV in and out: dialects, types, malformed records, any way of feeding, and texts that come back as they were. */
#include <stdlib.h>

#include "feed.h"
#include "format/cell.h"

static void check(const char *text, const char *want)
{
	FEED_CHECK(csv_decoder_new(NULL, ','), text, strlen(text), want);
}

static void test_dialects(void)
{
	check("", "");
	check("a,b\n", "");
	check("a,b\n1,x\n", "2 a=int 1|b=string x\n");
	check("a,b\r\n1,x\r\n2,y", "2 a=int 1|b=string x\n3 a=int 2|b=string y\n");
	check("a,b\r1,x\r2,y\r", "2 a=int 1|b=string x\n3 a=int 2|b=string y\n");
	check("\xef\xbb\xbf"
	      "a\n1\n",
	      "2 a=int 1\n");
	check("\n\r\n\na\n\n1\n\r\n\r\n2\n\n", "6 a=int 1\n9 a=int 2\n");
	check("a,b\n\"x,\"\"y\"\"\n\r\nz\",\"\"\n1,2\n", "2 a=string x,\"y\"\n\r\nz|b=string \n5 a=int 1|b=int 2\n");
	check("a\n\"1\r2\r\n3\"\n4\n", "2 a=string 1\r2\r\n3\n5 a=int 4\n");
	check("a,b\n x , \"y\n,\"\"\"\"\n", "2 a=string  x |b=string  \"y\n3 a=null |b=string \"\n");
	check("#a,b\n#1,x\"y\"\n", "2 #a=string #1|b=string x\"y\"\n");
	check("a,b,c\n,,\n,,", "2 a=null |b=null |c=null \n3 a=null |b=null |c=null \n");
	check("a,b\n1,", "2 a=int 1|b=null \n");
	check("a\n\"x\"", "2 a=string x\n");
}

static void test_types(void)
{
	check("a\n0870\n1.10\n007\n-0\n-12.5\n0\n", "2 a=string 0870\n3 a=float 1.10\n4 a=string 007\n5 a=number -0\n"
						    "6 a=float -12.5\n7 a=int 0\n");
	check("a\n12e45\n1E5\n-1e5\n1.5e3\n1e+3\n1e-3\n1e\n1.e5\n",
	      "2 a=string 12e45\n3 a=string 1E5\n4 a=string -1e5\n5 a=number 1.5e3\n6 a=number 1e+3\n7 a=number 1e-3\n"
	      "8 a=string 1e\n9 a=string 1.e5\n");
	check("a\ntrue\nfalse\nTrue\n\"true\"\nnull\n\"1\"\n",
	      "2 a=bool true\n3 a=bool false\n4 a=string True\n5 a=string true\n6 a=string null\n7 a=string 1\n");
	check("a\n+1\n.5\n1.\n1,5\n 1\n", "2 a=string +1\n3 a=string .5\n4 a=string 1.\n6 a=string  1\n"
					  "!5 2 cells, but the header has 1 <1,5>\n");
	check("a\n9007199254740993\n9223372036854775807\n9223372036854775808\n0.1234567890123456789\n",
	      "2 a=int 9007199254740993\n3 a=int 9223372036854775807\n4 a=number 9223372036854775808\n"
	      "5 a=number 0.1234567890123456789\n");
	check("a\n2014-07-01 00:00:00\n10.0.0.1\n1.2.3\n12:30\n-\n",
	      "2 a=string 2014-07-01 00:00:00\n3 a=string 10.0.0.1\n4 a=string 1.2.3\n5 a=string 12:30\n6 a=string "
	      "-\n");
}

/* What the fast path makes of a cell is what the grammar says. */
static void test_numbers_like_grammar(void)
{
	static const char alphabet[] = "0123456789001122..--+eE:x";
	char text[32 + CELL_SLACK];
	uint32_t state = 1;
	int same = 0, numbers = 0, rounds = 400000;
	for (int i = 0; i < rounds; i++) {
		size_t len = 0;
		do {
			state = state * 1664525 + 1013904223;
			text[len++] = alphabet[(state >> 16) % (i % 4 ? 14 : sizeof alphabet - 1)];
		} while (len < 24 && (state >> 8) % 8);
		memset(text + len, '0' + i % 10, CELL_SLACK);
		struct value v, want, fast = cell_read_fast(text, len), slow = cell_read(text, len);
		bool number = number_read(text, text + len, &want) == text + len;
		const char *e = memchr(text, 'e', len) ? memchr(text, 'e', len) : memchr(text, 'E', len);
		if (number && e && !memchr(text, '.', len) && e[1] != '+' && e[1] != '-')
			number = false;
		v = number ? want : value_string(text, len);
		same += !memcmp(&v, &fast, sizeof v) && !memcmp(&v, &slow, sizeof v);
		numbers += number;
	}
	CHECK(same == rounds);
	CHECK(numbers > rounds / 10 && numbers < rounds);
}

static void test_header(void)
{
	check("a,a,,a_2,a,\n1,2,3,4,5,6\n", "2 a=int 1|a_3=int 2|column_3=int 3|a_2=int 4|a_4=int 5|column_6=int 6\n");
	check("\"\",\"x\"\"y\"\n1,2\n", "2 =int 1|x\"y=int 2\n");
	check("\"a\nb\",c\n1,2\n", "3 a\nb=int 1|c=int 2\n");
	check("\"a\nb", "error -1: line 1: the header can't be read: a quoted name is not closed\n");
	check("\"a\"b\n1\n", "error -1: line 1: the header can't be read: a name goes on behind its closing quote\n");
	check("\xff\xfe"
	      "a\n",
	      "error -1: this is UTF-16, not UTF-8: read it through iconv -f utf-16 -t utf-8\n");
}

static void test_malformed(void)
{
	check("a,b\n1\n2,3\n4,5,6\n\n7,8\n", "3 a=int 2|b=int 3\n6 a=int 7|b=int 8\n"
					     "!2 1 cell, but the header has 2 <1>\n"
					     "!4 3 cells, but the header has 2 <4,5,6>\n");
	check("a,b\n\"x\ny\",2,3\r\n4,5\n", "4 a=int 4|b=int 5\n!2 3 cells, but the header has 2 <\"x\ny\",2,3>\n");
	/* A stray quote costs its line. */
	check("a,b\n1,\"x\n2,y\n3,z\n", "3 a=int 2|b=string y\n4 a=int 3|b=string z\n"
					"!2 a quote that is opened here is not closed <1,\"x>\n");
	check("a,b\r1,\"x\r2,y\r", "3 a=int 2|b=string y\n!2 a quote that is opened here is not closed <1,\"x>\n");
	check("a,b\n1,\"x\n2,\"y\"\n3,\"z\"\n", "3 a=int 2|b=string y\n4 a=int 3|b=string z\n"
						"!2 a cell goes on behind its closing quote <1,\"x>\n");
	check("a,b\n1,\"x\"y\r\n2,z\r\n",
	      "3 a=int 2|b=string z\n!2 a cell goes on behind its closing quote <1,\"x\"y>\n");
	check("a\n\"x\"y", "!2 a cell goes on behind its closing quote <\"x\"y>\n");
	check("a\n\"", "!2 a quote that is opened here is not closed <\">\n");
}

static void test_long_record(void)
{
	struct buf text = BUF_INIT, got = BUF_INIT;
	buf_string_append(&text, "a,b\n1,\"x\n");
	while (text.len < (size_t)66 << 20)
		buf_string_append(&text, "2,y\n");
	uint64_t rows = 0;
	struct decoder *d = csv_decoder_new(NULL, ',');
	struct batch b;
	struct error e;
	batch_init(&b);
	buf_reserve(&text, 1);
	/* Offered before its end is in sight. */
	for (size_t at = 0, used = 1; used; at += used) {
		batch_clear(&b);
		CHECK(!d->ops->decode(d, text.data + at, text.len - at, false, BATCH_ROWS, &b, &used, &e));
		feed_show_rejects(&b, &got);
		rows += b.rows;
	}
	CHECK_TEXT(got.data, got.len, "!2 the record is longer than 64 MiB: is a quote left open? <1,\"x>\n");
	CHECK(rows == (text.len - 9) / 4);
	d->ops->free(d);
	batch_release(&b);
	buf_release(&text);
	buf_release(&got);
}

/* A large cell that comes in small pieces costs no more than its length. */
static void test_large_cell_in_pieces(void)
{
	enum { SIZE = 4 << 20, PIECE = 512 };
	char *text = mem_alloc(SIZE + DECODE_SLACK);
	struct decoder *d = csv_decoder_new(NULL, ',');
	struct batch b;
	struct error e;
	size_t used, at = 2;
	memset(text, 'x', SIZE + DECODE_SLACK);
	memcpy(text, "a\n\"", 3);
	memcpy(text + SIZE - 2, "\"\n", 2);
	batch_init(&b);
	CHECK(!d->ops->decode(d, text, 2, false, 1, &b, &used, &e) && used == 2);
	for (size_t have = 2 + PIECE; !b.rows && have <= SIZE; have += PIECE) {
		CHECK(!d->ops->decode(d, text + at, have - at, have == SIZE, 1, &b, &used, &e));
		at += used;
		if (have < SIZE && have + PIECE > SIZE)
			have = SIZE - PIECE;
	}
	CHECK(b.rows == 1 && b.columns[0].values[0].len == SIZE - 5);
	d->ops->free(d);
	batch_release(&b);
	free(text);
}

static void test_want(void)
{
	static const char *const names[] = {"c", "a_2", "nope"};
	static const struct decode_options want = {names, 3}, nothing = {names, 0};
	const char *text = "a,a,b,c\n1,2,3,4\n5,\"6\"\"\",\"\n\",8\n9\n";
	FEED_CHECK(csv_decoder_new(&want, ','), text, strlen(text),
		   "2 a_2=int 2|c=int 4\n3 a_2=string 6\"|c=int 8\n!5 1 cell, but the header has 4 <9>\n");
	FEED_CHECK(csv_decoder_new(&nothing, ','), text, strlen(text), "2 \n3 \n!5 1 cell, but the header has 4 <9>\n");
}

static void test_meta_and_tsv(void)
{
	check("@time,@key,a\n2026-01-02T03:04:05Z,k,1\n,,2\nsoon,,3\n1767323045,,4\n",
	      "2 @time=time 2026-01-02T03:04:05Z|@key=string k|a=int 1\n3 a=int 2\n"
	      "5 @time=time 2026-01-02T03:04:05Z|a=int 4\n!4 @time is no time <soon,,3>\n");
	const char *text = "a\tb\n1,5\t\"x\ty\"\n";
	FEED_CHECK(csv_decoder_new(NULL, '\t'), text, strlen(text), "2 a=string 1,5|b=string x\ty\n");
}

/* -- encoding -- */

/* Decodes a text and encodes it again, in batches of `limit` rows. Rejects are written behind it. */
static void recode(const char *text, size_t len, uint32_t limit, const struct encode_options *o, struct buf *out)
{
	struct decoder *d = csv_decoder_new(NULL, ',');
	struct encoder *x = csv_encoder_new(o, ',');
	struct buf copy = BUF_INIT;
	struct batch b;
	struct error e;
	size_t used = 0;
	batch_init(&b);
	buf_append(&copy, text, len);
	for (size_t at = 0; at < len; at += used) {
		batch_clear(&b);
		CHECK(!d->ops->decode(d, copy.data + at, len - at, true, limit, &b, &used, &e));
		CHECK(!x->ops->encode(x, &b, out, &e));
		feed_show_rejects(&b, out);
		if (!used)
			break;
	}
	d->ops->free(d);
	x->ops->free(x);
	batch_release(&b);
	buf_release(&copy);
}

static void check_back(const char *text, const struct encode_options *o, const char *want)
{
	for (uint32_t limit = 1; limit < 10; limit += 8) {
		struct buf out = BUF_INIT;
		recode(text, strlen(text), limit, o, &out);
		CHECK_TEXT(buf_string(&out), out.len, want);
		buf_release(&out);
	}
}

static void test_round_trip(void)
{
	static const char *const same[] = {
		"a,b,c\n0870,1.10,007\n",
		"a,b\n,\"\"\n\"\",\n",
		"a,b\n\"x,y\",\"a \"\"b\"\"\"\n\"l1\nl2\",\"cr\r\"\n",
		"a\n\"123\"\n\"true\"\n123\ntrue\n12e45\n",
		"2024,\"\",column_3\n1,2,3\n",
		"a\n99999999999999999999\n1.50e-7\n-0\n \n",
		"a\n\"\"\n",
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		check_back(same[i], NULL, same[i]);
	check_back("a,b\r\n\"plain\",1\r\n", NULL, "a,b\nplain,1\n");
	check_back("@time,a\n2026-01-02T03:04:05Z,1\n", NULL, "a\n1\n");
	static const struct encode_options meta = {.meta = true}, terminal = {.terminal = true};
	check_back("@time,a\n2026-01-02T03:04:05Z,1\n", &meta,
		   "@time,@arrived,@key,@hash,@stream,@shard,@seq,a\n2026-01-02T03:04:05Z,,,,,,,1\n");
	check_back("a\n\033[2J\n", &terminal, "a\n\\x1b[2J\n");
}

static void test_encode_shapes(void)
{
	struct batch b;
	struct buf out = BUF_INIT;
	struct error e;
	struct encoder *x = csv_encoder_new(NULL, ',');
	batch_init(&b);
	uint16_t columns[2] = {(uint16_t)batch_column(&b, "a", 1), (uint16_t)batch_column(&b, "b", 1)};
	static const uint32_t counts[] = {0, 1, 2, 1};
	for (uint32_t i = 0; i < 4; i++) {
		int shape = batch_shape_of(&b, columns, counts[i]);
		uint32_t row = batch_begin(&b);
		b.columns[0].values[row] = i == 3 ? value_null() : value_text(TYPE_JSON, "{\"x\":1}", 7);
		b.columns[1].values[row] = value_int(5);
		batch_end(&b, (uint32_t)shape, i + 1);
	}
	CHECK(!x->ops->encode(x, &b, &out, &e));
	CHECK_TEXT(out.data, out.len, "a\n\"{\"\"x\"\":1}\"\n\"\"\n");
	CHECK(b.reject_count == 2 && b.rejects[0].row == 0 && b.rejects[1].row == 2);
	CHECK(strstr(b.rejects[1].reason, "no field b"));
	x->ops->free(x);
	batch_release(&b);
	buf_release(&out);
}

int main(void)
{
	test_dialects();
	test_types();
	test_numbers_like_grammar();
	test_header();
	test_malformed();
	test_long_record();
	test_large_cell_in_pieces();
	test_want();
	test_meta_and_tsv();
	test_round_trip();
	test_encode_shapes();
	return test_done();
}
