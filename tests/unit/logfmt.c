/* logfmt in and out, fed in any way. */
#include <stdlib.h>

#include "feed.h"

static void check(const char *text, const char *want)
{
	FEED_CHECK(logfmt_decoder_new(NULL), text, strlen(text), want);
}

static void test_pairs(void)
{
	check("", "");
	check("a=1 b=x\n", "1 a=int 1|b=string x\n");
	check("a=1 b=x", "1 a=int 1|b=string x\n");
	check("  a=1\t b=\"x y\"  \r\n\n \r\nflag c=2\n", "1 a=int 1|b=string x y\n4 flag=bool true|c=int 2\n");
	check("a= b=null c=\"\" d=\"null\" e=true f=\"1\" g=-\n",
	      "1 a=null |b=null |c=string |d=string null|e=bool true|f=string 1|g=string -\n");
	check("a=0870 b=1.10 c=12e45 d=1e+3 e=12345678901234567890\n",
	      "1 a=string 0870|b=float 1.10|c=string 12e45|d=number 1e+3|e=number 12345678901234567890\n");
	check("u=/a?b=c&d=\"e\" k\"=v\n", "1 u=string /a?b=c&d=\"e\"|k\"=string v\n");
	check("\"a b\"=1 \"c\"\n", "1 a b=int 1|c=bool true\n");
	check("a=1\na=2 b=3\nb=4 a=5\na=6\nc=7\n",
	      "1 a=int 1\n2 a=int 2|b=int 3\n3 b=int 4|a=int 5\n4 a=int 6\n5 c=int 7\n");
	check("a=1 b=2 a=3\na=1 b=2 a=4\na=1 b=2\n", "1 a=int 3|b=int 2\n2 a=int 4|b=int 2\n3 a=int 1|b=int 2\n");
}

static void test_escapes(void)
{
	check("a=\"\\\"\\\\\\/\\n\\t\\u00e9\\ud83d\\ude00\\q\\u12\"\n",
	      "1 a=string \"\\/\n\t\xc3\xa9\xf0\x9f\x98\x80\\q\\u12\n");
	check("a=\"x\\\"\nb=1\n", "2 b=int 1\n!1 a quoted value is not closed <a=\"x\\\">\n");
	check("a=\"x\nb=1\na=\"x\\", "2 b=int 1\n!1 a quoted value is not closed <a=\"x>\n"
				     "!3 a quoted value is not closed <a=\"x\\>\n");
	check("a=\"x\"y\n\"k\n\"k\"z\n=1\na = 2\nc=3\n",
	      "6 c=int 3\n!1 a value goes on behind its closing quote <a=\"x\"y>\n!2 a quoted key is not closed <\"k>\n"
	      "!3 a key goes on behind its closing quote <\"k\"z>\n!4 a value has no key <=1>\n"
	      "!5 a value has no key <a = 2>\n");
}

static void test_options(void)
{
	static const char *const names[] = {"b"};
	static const struct decode_options want = {names, 1};
	const char *text = "a=1 b=2\na=\"x\nc=3\nb=4 @key=k\n";
	FEED_CHECK(logfmt_decoder_new(&want), text, strlen(text),
		   "1 b=int 2\n3 \n4 @key=string k|b=int 4\n!2 a quoted value is not closed <a=\"x>\n");
	check("a=1\n@time=2026-01-02T03:04:05.5Z a=2\na=3\n@time=x a=4\n",
	      "1 a=int 1\n2 @time=time 2026-01-02T03:04:05.500Z|a=int 2\n3 a=int 3\n!4 @time is no time <@time=x "
	      "a=4>\n");
}

/* Keys without end: each line has others. */
static void test_many_keys(void)
{
	struct buf text = BUF_INIT, got = BUF_INIT;
	for (int i = 0; i < 80000; i++)
		buf_printf(&text, "k%d=%d same=1\n", i, i);
	feed_all(logfmt_decoder_new(NULL), text.data, text.len, (struct feed){0, 65536}, &got);
	size_t lines = 0;
	for (size_t i = 0; i < got.len; i++)
		lines += got.data[i] == '\n';
	CHECK(lines == 80000 && !memchr(got.data, '!', got.len));
	buf_release(&text);
	buf_release(&got);
}

static void check_back(const char *text, const struct encode_options *o, const char *want)
{
	struct decoder *d = logfmt_decoder_new(NULL);
	struct encoder *x = logfmt_encoder_new(o);
	struct buf copy = BUF_INIT, out = BUF_INIT;
	struct batch b;
	struct error e;
	size_t used;
	batch_init(&b);
	buf_append(&copy, text, strlen(text));
	CHECK(!d->ops->decode(d, copy.data, copy.len, true, 100, &b, &used, &e) && used == copy.len);
	CHECK(!x->ops->encode(x, &b, &out, &e));
	CHECK_TEXT(buf_string(&out), out.len, want);
	d->ops->free(d);
	x->ops->free(x);
	batch_release(&b);
	buf_release(&copy);
	buf_release(&out);
}

static void test_encode(void)
{
	static const char *const same[] = {
		"a=1 b=x c=1.10 d=0870 e=true\n",
		"a=null b=\"null\" c=\"\" d=\"1\" e=\"true\" f=\"x y\" g=\"a=b\"\n",
		"a=\"say \\\"hi\\\"\\n\\t\\\\\" b=\\n c=caf\xc3\xa9\n",
		"\"a b\"=1 \"\"=2\n",
		"a=\"\\u0001\"\n",
	};
	static const struct encode_options meta = {.meta = true}, terminal = {.terminal = true};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		check_back(same[i], NULL, same[i]);
	check_back("a flag\n", NULL, "a=true flag=true\n");
	check_back("a=1 @key=k\nb=2\n", &meta, "@key=k a=1\nb=2\n");
	check_back("a=1 @key=k\n", NULL, "a=1\n");
	check_back("a=x\xe2\x80\xaey\xff\n", &terminal, "a=\"x\\u202ey\\xff\"\n");
	check_back("@key=k\n", NULL, "");
}

int main(void)
{
	test_pairs();
	test_escapes();
	test_options();
	test_many_keys();
	test_encode();
	return test_done();
}
