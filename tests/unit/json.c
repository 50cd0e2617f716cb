/* JSON in and out: every text is read whole, byte by byte, five bytes at a time and row by row, with the same result. */
#include <dirent.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/json.h"
#include "format/json_number.h"
#include "format/text.h"
#include "test.h"

/* What a text is read as: a line of JSON per record; a line `LINE: reason | text` per reject. */
struct outcome {
	struct buf rows, rejects;
};

static void outcome_release(struct outcome *o)
{
	buf_release(&o->rows);
	buf_release(&o->rejects);
}

static void note(struct outcome *o, const struct batch *b)
{
	for (uint32_t i = 0; i < b->rows; i++) {
		json_write_row(b, i, true, &o->rows);
		buf_printf(&o->rows, " %llu\n", (unsigned long long)b->lines[i]);
	}
	for (uint32_t i = 0; i < b->reject_count; i++) {
		const struct reject *r = &b->rejects[i];
		buf_printf(&o->rejects, "%llu: %s | ", (unsigned long long)r->line, r->reason);
		buf_append(&o->rejects, r->text, r->len);
		buf_byte(&o->rejects, '\n');
	}
}

/* Reads the text as it comes in pieces of `step` bytes, at most `limit` rows a call. What lies behind the bytes that are
   there looks as if they went on. */
static struct outcome read_text(const char *text, size_t len, size_t step, uint32_t limit,
				const struct decode_options *options)
{
	struct decoder *d = json_decoder_new(options);
	struct outcome o = {0};
	struct batch b;
	size_t at = 0, there = 0, used;
	batch_init(&b);
	for (;;) {
		there = len - there < step ? len : there + step;
		bool last = there == len;
		char *block = mem_alloc(there - at + DECODE_SLACK);
		memcpy(block, text + at, there - at);
		memset(block + there - at, there % 3 ? there % 3 == 1 ? '"' : '7' : ' ', DECODE_SLACK);
		do {
			batch_clear(&b);
			CHECK(!d->ops->decode(d, block, there - at, last, limit, &b, &used, NULL));
			note(&o, &b);
			at += used;
			memmove(block, block + used, there - at + DECODE_SLACK); /* the records were noted */
		} while (b.rows || b.reject_count);
		free(block);
		if (last)
			break;
	}
	CHECK(at == len);
	batch_release(&b);
	d->ops->free(d);
	return o;
}

static bool outcome_equal(const struct outcome *a, const struct outcome *b)
{
	return a->rows.len == b->rows.len && a->rejects.len == b->rejects.len &&
	       (!a->rows.len || !memcmp(a->rows.data, b->rows.data, a->rows.len)) &&
	       (!a->rejects.len || !memcmp(a->rejects.data, b->rejects.data, a->rejects.len));
}

/* Reads it in all ways. */
static struct outcome read_all_ways(const char *text, size_t len, const struct decode_options *options)
{
	/* Byte by byte would copy a long text far too often here. */
	size_t small = len > 4096 ? len / 64 : 1;
	struct outcome whole = read_text(text, len, len + 1, BATCH_ROWS, options);
	const struct {
		size_t step;
		uint32_t limit;
	} ways[] = {{small, BATCH_ROWS}, {small * 5, BATCH_ROWS}, {len + 1, 1}, {small * 7, 2}};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct outcome o = read_text(text, len, ways[i].step, ways[i].limit, options);
		bool equal = outcome_equal(&whole, &o);
		CHECK(equal);
		if (!equal)
			fprintf(stderr, "way %zu of `%.*s`:\n%.*s%.*swhole:\n%.*s%.*s", i, len < 500 ? (int)len : 500,
				text, (int)o.rows.len, o.rows.data, (int)o.rejects.len, o.rejects.data,
				(int)whole.rows.len, whole.rows.data, (int)whole.rejects.len, whole.rejects.data);
		outcome_release(&o);
	}
	return whole;
}

static void check_read_bytes(const char *text, size_t len, const char *rows, const char *rejects)
{
	struct outcome o = read_all_ways(text, len, NULL);
	CHECK_TEXT(buf_string(&o.rows), o.rows.len, rows);
	CHECK_TEXT(buf_string(&o.rejects), o.rejects.len, rejects);
	outcome_release(&o);
}

static void check_read(const char *text, const char *rows, const char *rejects)
{
	check_read_bytes(text, strlen(text), rows, rejects);
}

static void test_values(void)
{
	check_read("{\"a\":9007199254740993,\"b\":\"0870\",\"c\":1.10,\"d\":null,\"e\":{\"x\":[1,2]},\"f\":1e400}\n",
		   "{\"a\":9007199254740993,\"b\":\"0870\",\"c\":1.10,\"d\":null,\"e\":{\"x\":[1,2]},\"f\":1e400} 1\n",
		   "");
	check_read("{\"a\":true,\"b\":false,\"c\":[],\"d\":{},\"e\":\"\"}",
		   "{\"a\":true,\"b\":false,\"c\":[],\"d\":{},\"e\":\"\"} 1\n", "");
	check_read("{}", "{} 1\n", "");
	check_read(" { } \n\n{ }", "{} 1\n{} 3\n", "");
	check_read("", "", "");
	check_read(" \r\n\t", "", "");
	check_read("{\"\":1,\" \":2}", "{\"\":1,\" \":2} 1\n", "");
	check_read("{\"a\\n\\u0062\":1}", "{\"a\\nb\":1} 1\n", "");
	check_read("{\"a\":-0,\"b\":-0.0,\"c\":0.00,\"d\":-5,\"e\":1E5,\"f\":12345678901234567890}",
		   "{\"a\":-0,\"b\":-0.0,\"c\":0.00,\"d\":-5,\"e\":1E5,\"f\":12345678901234567890} 1\n", "");
	check_read("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e9\\ud83d\\ude00\"}",
		   "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\303\251\360\237\230\200\"} 1\n", "");
}

static void test_duplicates(void)
{
	check_read("{\"a\":1,\"b\":2,\"a\":3}\n{\"a\":1,\"b\":2,\"a\":\"x\"}",
		   "{\"a\":3,\"b\":2} 1\n{\"a\":\"x\",\"b\":2} 2\n", "");
	check_read("{\"a\":1,\"\\u0061\":2}", "{\"a\":2} 1\n", "");
}

static void test_shapes(void)
{
	check_read("{\"a\":1,\"b\":2}\n{\"b\":3}\n{\"b\":4,\"a\":5}\n{}\n{\"a\":1, \"b\" : 2 "
		   "}\n{\"c\":1,\"a\":7}\n{\"a\":1,\"b\":2}\n",
		   "{\"a\":1,\"b\":2} 1\n{\"b\":3} 2\n{\"b\":4,\"a\":5} 3\n{} 4\n{\"a\":1,\"b\":2} "
		   "5\n{\"c\":1,\"a\":7} 6\n"
		   "{\"a\":1,\"b\":2} 7\n",
		   "");
	/* Keys longer than a vector, alike at the start. */
	check_read("{\"a_long_name_that_goes_on_1\":1}{\"a_long_name_that_goes_on_2\":2}{\"a_long_name_that_goes_on_"
		   "1\":3}",
		   "{\"a_long_name_that_goes_on_1\":1} 1\n{\"a_long_name_that_goes_on_2\":2} 1\n"
		   "{\"a_long_name_that_goes_on_1\":3} 1\n",
		   "");
}

static void test_lines(void)
{
	check_read("{\"a\":\n1,\n\"b\":{\"c\":\n2}}\n{\"a\":3}", "{\"a\":1,\"b\":{\"c\":2}} 1\n{\"a\":3} 5\n", "");
	check_read("{\r\n  \"a\" : 1\r\n}\r\n{\r\n  \"a\" : 2\r\n}\r\n", "{\"a\":1} 1\n{\"a\":2} 4\n", "");
	/* Blanks in a nested value stay unless there is a line's end in them. */
	check_read("{\"e\":{ \"x\" : [1, 2] }}\n{\"e\":{\n  \"x\": [\n    1\n  ],\n  \"y\": \"a\\nb  c\"\n}}",
		   "{\"e\":{ \"x\" : [1, 2] }} 1\n{\"e\":{\"x\": [1],\"y\": \"a\\nb  c\"}} 2\n", "");
	check_read("\xef\xbb\xbf{\"a\":1}\n", "{\"a\":1} 1\n", "");
	check_read("\xef\xbb", "", "1: column 1: expected a value | \xef\xbb\n");
	check_read("{\"a\":1}{\"a\":2} {\"a\":3}", "{\"a\":1} 1\n{\"a\":2} 1\n{\"a\":3} 1\n", "");
}

static void test_plain_values(void)
{
	check_read(
		"1\n\"x\" null true\n-1.50\n",
		"{\"value\":1} 1\n{\"value\":\"x\"} 2\n{\"value\":null} 2\n{\"value\":true} 2\n{\"value\":-1.50} 3\n",
		"");
	check_read("12", "{\"value\":12} 1\n", "");
	check_read("12x\n13", "{\"value\":13} 2\n", "1: column 3: something follows the value | 12x\n");
	check_read("01\n", "", "1: column 2: malformed number | 01\n");
	check_read("truex\n1", "{\"value\":1} 2\n", "1: column 5: something follows the value | truex\n");
	check_read("\"a\":1\n2", "{\"value\":2} 2\n", "1: column 4: something follows the value | \"a\":1\n");
}

static void test_arrays(void)
{
	check_read("[{\"a\":1},{\"a\":2},\n {\"a\":3}\n]\n{\"a\":4}",
		   "{\"a\":1} 1\n{\"a\":2} 1\n{\"a\":3} 2\n{\"a\":4} 4\n", "");
	check_read("[]", "", "");
	check_read("[\n]\n[1,[2,3],\"x\"]", "{\"value\":1} 3\n{\"value\":[2,3]} 3\n{\"value\":\"x\"} 3\n", "");
	check_read("[{\"a\":1},{\"a\":x},{\"a\":3}]\n4", "{\"a\":1} 1\n{\"a\":3} 1\n{\"value\":4} 2\n",
		   "1: column 15: expected a value | {\"a\":x}\n");
	check_read("[\n{\"a\":1},\n{\"a\" 2},\n{\"a\":3}\n]\n", "{\"a\":1} 2\n{\"a\":3} 4\n",
		   "3: column 6: expected : behind the key | {\"a\" 2}\n");
	/* A bad element over many lines is one reject. */
	check_read("[\n  {\n    \"a\": x,\n    \"b\": {\"c\": 1}\n  },\n  {\n    \"a\": 2\n  }\n]\n", "{\"a\":2} 6\n",
		   "2: line 3, column 10: expected a value | {\n    \"a\": x,\n    \"b\": {\"c\": 1}\n  }\n");
	check_read("[1,]\n2", "{\"value\":1} 1\n{\"value\":2} 2\n", "1: column 4: expected a value | ]\n");
	check_read("[,1]", "{\"value\":1} 1\n", "1: column 2: expected a value | ,\n");
	check_read("[1 2]", "{\"value\":1} 1\n{\"value\":2} 1\n",
		   "1: column 4: expected , or ] behind an element | \n");
	check_read("[1", "{\"value\":1} 1\n", "1: the array that begins at line 1 is not closed | \n");
	check_read("[1,2\n[3]\n[4]\n", "{\"value\":1} 1\n{\"value\":2} 1\n{\"value\":3} 2\n{\"value\":4} 3\n",
		   "2: the array that begins at line 1 is not closed | \n");
}

static void test_errors(void)
{
	check_read("{\"a\":1}\n{\"a\":oops}\n{\"a\":2}\n", "{\"a\":1} 1\n{\"a\":2} 3\n",
		   "2: column 6: expected a value | {\"a\":oops}\n");
	check_read("{\"a\":1} x {\"b\":1}\n{\"a\":2}\n", "{\"a\":1} 1\n{\"a\":2} 2\n",
		   "1: column 9: expected a value | x {\"b\":1}\n");
	check_read("{\"a\":1,}\n{\"a\":\"x\ty\"}\n{\"a\":\"\\x\"}\n{a:1}\n{\"a\";1}\n{\"a\":1]\n{\"a\":1.}\n", "",
		   "1: column 8: expected a key in quotes | {\"a\":1,}\n"
		   "2: column 8: a control character inside a string | {\"a\":\"x\ty\"}\n"
		   "3: column 7: no such escape | {\"a\":\"\\x\"}\n"
		   "4: column 2: expected a key in quotes | {a:1}\n"
		   "5: column 5: expected : behind the key | {\"a\";1}\n"
		   "6: column 7: expected , or } | {\"a\":1]\n"
		   "7: column 7: malformed number | {\"a\":1.}\n");
	/* A line that was cut off takes none of those behind it along. */
	check_read("{\"a\":1,\"b\":\"cut\n{\"a\":2}\n{\"a\":\n{\"a\":3}\n{\"a\":4}\n{\"a\":[1,\n{\"a\":5}\n{\"a\":6}\n{"
		   "\"a\":7",
		   "{\"a\":2} 2\n{\"a\":3} 4\n{\"a\":4} 5\n{\"a\":5} 7\n{\"a\":6} 8\n",
		   "1: column 16: the line ends inside a string | {\"a\":1,\"b\":\"cut\n"
		   "3: line 5, column 1: expected , or } | {\"a\":\n"
		   "6: line 8, column 1: expected , or ] | {\"a\":[1,\n"
		   "9: column 7: the input ends here, inside a record | {\"a\":7\n");
	check_read("{\n  \"a\": 1,\n  \"b\": {x},\n  \"c\": {\n    \"d\": 1\n  }\n}\n{\"a\":2}\n", "{\"a\":2} 8\n",
		   "1: line 3, column 9: expected a key in quotes | {\n  \"a\": 1,\n  \"b\": {x},\n  \"c\": {\n    "
		   "\"d\": 1\n  }\n}\n");
	check_read_bytes("{\"a\":1}\n\0\n{\"a\":2}", 17, "{\"a\":1} 1\n{\"a\":2} 3\n",
			 "2: column 1: expected a value | \n");
}

static void test_meta(void)
{
	check_read("{\"a\":0}\n{\"@time\":\"2026-11-22T19:37:33.5Z\",\"a\":1,\"@seq\":7,\"@key\":\"k\"}\n{\"a\":2,\"@"
		   "time\":1767225600,\"@arrived\":null}\n{\"a\":3}\n",
		   "{\"a\":0} 1\n{\"@time\":\"2026-11-22T19:37:33.500Z\",\"@key\":\"k\",\"@seq\":7,\"a\":1} 2\n"
		   "{\"@time\":\"2026-01-01T00:00:00Z\",\"a\":2} 3\n{\"a\":3} 4\n",
		   "");
	check_read("{\"@time\":\"noon\",\"a\":1}\n{\"@other\":1,\"@time \":2}\n", "{\"@other\":1,\"@time \":2} 2\n",
		   "1: column 1: @time is no time | {\"@time\":\"noon\",\"a\":1}\n");
}

static void test_want(void)
{
	static const char *const want[] = {"b", "d"};
	static const struct decode_options options = {want, 2};
	const char *text = "{\"a\":\"\\n\",\"b\":1,\"c\":[1],\"d\":2,\"@seq\":1}\n{\"a\":1,\"c\":-1}\n5\n{\"a\":"
			   "\"\\x\"}\n{\"d\":3,\"a\":01}\n";
	struct outcome o = read_all_ways(text, strlen(text), &options);
	CHECK_TEXT(buf_string(&o.rows), o.rows.len, "{\"@seq\":1,\"b\":1,\"d\":2} 1\n{} 2\n{} 3\n");
	CHECK_TEXT(
		buf_string(&o.rejects), o.rejects.len,
		"4: column 7: no such escape | {\"a\":\"\\x\"}\n5: column 13: malformed number | {\"d\":3,\"a\":01}\n");
	outcome_release(&o);
}

static void test_depth(void)
{
	for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX; depth++) {
		struct buf text = BUF_INIT;
		buf_string_append(&text, "{\"a\":");
		buf_fill(&text, '[', (size_t)depth);
		buf_fill(&text, ']', (size_t)depth);
		buf_string_append(&text, "}\n{\"a\":1}");
		struct outcome o = read_all_ways(text.data, text.len, NULL);
		CHECK(depth == JSON_DEPTH_MAX
			      ? !!strstr(buf_string(&o.rejects), "1: column 517: nested deeper than 512 |")
			      : !o.rejects.len);
		CHECK(o.rows.len > 8 && !memcmp(o.rows.data + o.rows.len - 10, "{\"a\":1} 2\n", 10));
		outcome_release(&o);
		buf_release(&text);
	}
}

static void test_many_fields(void)
{
	struct buf text = BUF_INIT, rows = BUF_INIT;
	for (int r = 0; r < 3; r++) {
		for (int f = 0; f < 1000; f++)
			buf_printf(&text, "%s\"field%d\":%d", f ? "," : "{", f, f * r);
		buf_string_append(&text, "}\n");
	}
	for (size_t at = 0, row = 1; at < text.len; row++) {
		size_t len = (size_t)((char *)memchr(text.data + at, '\n', text.len - at) - (text.data + at));
		buf_append(&rows, text.data + at, len);
		buf_printf(&rows, " %zu\n", row);
		at += len + 1;
	}
	check_read_bytes(text.data, text.len, buf_string(&rows), "");
	buf_release(&text);
	buf_release(&rows);
}

/* A record of more fields than a batch has columns is a reject, and the next one is fine. */
static void test_too_many_fields(void)
{
	struct buf text = BUF_INIT;
	for (int f = 0; f < BATCH_COLUMNS_MAX + 1; f++)
		buf_printf(&text, "%s\"f%d\":%d", f ? "," : "{", f, f);
	buf_string_append(&text, "}\n{\"g\":1}\n");
	struct outcome o = read_text(text.data, text.len, text.len, BATCH_ROWS, NULL);
	CHECK_TEXT(buf_string(&o.rows), o.rows.len, "{\"g\":1} 2\n");
	CHECK(o.rejects.len > 40 && !memcmp(o.rejects.data, "1: column 1: more than 65535 fields | {", 39));
	outcome_release(&o);
	buf_release(&text);
}

/* Records whose keys are all different: the batch closes early, none is lost. */
static void test_many_shapes(void)
{
	struct buf text = BUF_INIT, rows = BUF_INIT;
	for (int i = 0; i < 9000; i++) {
		buf_printf(&text, "{\"k%d\":%d}\n", i, i);
		buf_printf(&rows, "{\"k%d\":%d} %d\n", i, i, i + 1);
	}
	struct outcome o = read_text(text.data, text.len, 1000, BATCH_ROWS, NULL);
	CHECK_TEXT(buf_string(&o.rows), o.rows.len, buf_string(&rows));
	CHECK(!o.rejects.len);
	outcome_release(&o);
	o = read_text(text.data, text.len, text.len, BATCH_ROWS, NULL);
	CHECK_TEXT(buf_string(&o.rows), o.rows.len, buf_string(&rows));
	outcome_release(&o);
	buf_release(&text);
	buf_release(&rows);
}

/* One record of 100 MB that comes in pieces is looked at a few times, not once per piece. */
static void test_large_record(void)
{
	enum { LINE = 50, COUNT = 2000000, PIECE = 64 << 10 };
	struct buf text = BUF_INIT;
	buf_string_append(&text, "{\"a\":[\n");
	for (int i = 0; i < COUNT; i++)
		buf_append(&text, "{\"some\": \"text that is not at all short\", \"b\":1},\n", LINE);
	buf_string_append(&text, "0],\"b\":2}\n");
	buf_reserve(&text, DECODE_SLACK);
	struct decoder *d = json_decoder_new(NULL);
	struct batch b;
	size_t used = 0;
	batch_init(&b);
	for (size_t there = PIECE; !b.rows && there < text.len + PIECE; there += PIECE) {
		size_t len = there < text.len ? there : text.len;
		CHECK(!d->ops->decode(d, text.data, len, false, 10, &b, &used, NULL));
		CHECK(len == text.len || !used);
	}
	CHECK(b.rows == 1 && used == text.len && !b.reject_count && d->line == COUNT + 3);
	CHECK(b.columns[0].values[0].len == text.len - 13);
	batch_release(&b);
	d->ops->free(d);
	buf_release(&text);
}

/* A complete object is taken though no newline follows; a number waits for what may follow it. */
static void test_prompt(void)
{
	static const char text[] = "{\"a\":1}12"
				   "                                                                ";
	struct decoder *d = json_decoder_new(NULL);
	struct batch b;
	size_t used;
	batch_init(&b);
	CHECK(!d->ops->decode(d, text, 7, false, 10, &b, &used, NULL) && b.rows == 1 && used == 7);
	batch_clear(&b);
	CHECK(!d->ops->decode(d, text + 7, 2, false, 10, &b, &used, NULL) && b.rows == 0 && used == 0);
	CHECK(!d->ops->decode(d, text + 7, 3, false, 10, &b, &used, NULL) && b.rows == 1 && used == 3);
	batch_release(&b);
	d->ops->free(d);
}

/* -- numbers -- */

static bool same_number(const char *p, const char *end)
{
	struct value fast = {0}, slow = {0};
	const char *q = json_number(p, end, &fast), *r = number_read(p, end, &slow);
	return q == r &&
	       (!q || (fast.type == slow.type && fast.scale == slow.scale && fast.len == slow.len && fast.i == slow.i));
}

static void test_numbers(void)
{
	static const char *const texts[] = {"0",
					    "-0",
					    "-0.0",
					    "00",
					    "01",
					    "-",
					    "-x",
					    "7",
					    "-7",
					    "12345678",
					    "123456789",
					    "1234567890123456",
					    "12345678901234567",
					    "1234567812345678",
					    "999999999999999999",
					    "9223372036854775807",
					    "9223372036854775808",
					    "-9223372036854775808",
					    "0.1",
					    "0.10",
					    "1.",
					    "1.x",
					    "1.5e",
					    "1.5e3",
					    "1e5",
					    "1E+5",
					    "1e",
					    "1.2.3",
					    "0.12345678",
					    "0.123456789012345",
					    "0.1234567890123456",
					    "123456789.123456789",
					    "1234567890.123456789",
					    "12345678.",
					    "0.000000",
					    "-0.5",
					    "99999999",
					    "100000000",
					    "0.99999999",
					    "1-2",
					    "12a"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char text[128];
		memset(text, '}', sizeof text);
		memcpy(text, texts[i], strlen(texts[i]));
		CHECK(same_number(text, text + strlen(texts[i])));
	}
	uint64_t seed = 7;
	for (int i = 0; i < 200000; i++) {
		char text[160];
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		struct buf b = BUF_INIT;
		buf_printf(&b, "%s%llu", seed >> 60 & 1 ? "-" : "", (unsigned long long)(seed >> (seed >> 58)));
		if (seed >> 55 & 1)
			buf_printf(&b, ".%0*llu", 1 + (int)(seed >> 50 & 15),
				   (unsigned long long)((seed & 0xffffff) % 1000003));
		size_t len = b.len < 100 ? b.len : 100;
		memset(text, ',', sizeof text);
		memcpy(text, b.data, len);
		CHECK(same_number(text, text + len));
		buf_release(&b);
	}
}

/* -- out -- */

static void check_string(const char *bytes, size_t len, const char *text)
{
	struct buf out = BUF_INIT;
	struct arena a = {0};
	struct value v;
	bool incomplete;
	struct error e;
	json_write_string(bytes, len, &out);
	CHECK_TEXT(buf_string(&out), out.len, text);
	buf_fill(&out, ' ', DECODE_SLACK);
	CHECK(json_read(out.data, out.data + out.len - DECODE_SLACK, &a, &v, &incomplete, &e));
	CHECK(v.type == TYPE_STRING && v.len == len && (!len || !memcmp(v.s, bytes, len)));
	arena_release(&a);
	buf_release(&out);
}

static void test_strings(void)
{
	check_string("", 0, "\"\"");
	check_string("a\0b", 3, "\"a\\u0000b\"");
	check_string("0123456789abcdef\x80", 17, "\"0123456789abcdef\\udc80\"");
	check_string("\xff\xfe", 2, "\"\\udcff\\udcfe\"");
	check_string("\xed\xa0\x80", 3, "\"\\ud800\"");
	check_string("\xed\xb0\x80", 3, "\"\\udc00\"");
	check_string("\xed\xb2\x80", 3, "\"\\udced\\udcb2\\udc80\"");
	/* Two escapes that would become a pair. */
	check_string("\xed\xa0\x80\xed\xb0\x80", 6, "\"\\udced\\udca0\\udc80\\udc00\"");
	check_string("\xed\xa0\x80\x80", 4, "\"\\udced\\udca0\\udc80\\udc80\"");
	check_string("\xed\xa0\x81\xed\xa0\x80\xff", 7, "\"\\udced\\udca0\\udc81\\udced\\udca0\\udc80\\udcff\"");
	check_string("\xed\xa0\x81\xed\xa0\x80x\xff", 8, "\"\\ud801\\ud800x\\udcff\"");
	check_string("\xc0\x80\xf5\x80\x80\x80", 6, "\"\\udcc0\\udc80\\udcf5\\udc80\\udc80\\udc80\"");
	check_string("\xf0\x9f\x98", 3, "\"\\udcf0\\udc9f\\udc98\"");
	check_string("\xf4\x8f\xbf\xbf", 4, "\"\xf4\x8f\xbf\xbf\"");
	check_string("\x7f\xc2\x9b", 3, "\"\x7f\xc2\x9b\"");
	/* Every byte value, at every place of a vector. */
	for (int place = 0; place < 40; place++) {
		for (int c = 0; c < 256; c++) {
			char bytes[48], text[8];
			struct buf want = BUF_INIT;
			memset(bytes, 'x', sizeof bytes);
			bytes[place] = (char)c;
			static const char *const names[] = {"\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r"};
			snprintf(text, sizeof text,
				 c >= 0x80               ? "\\udc%02x"
				 : c < 0x20              ? "\\u%04x"
				 : c == '"' || c == '\\' ? "\\%c"
							 : "%c",
				 c);
			buf_byte(&want, '"');
			buf_fill(&want, 'x', (size_t)place);
			buf_string_append(&want, c >= 8 && c <= 13 ? names[c - 8] : text);
			buf_fill(&want, 'x', 40 - (size_t)place);
			buf_byte(&want, '"');
			check_string(bytes, 41, buf_string(&want));
			buf_release(&want);
		}
	}
}

/* The records that came out of the text, as the encoder writes them. */
static void check_encoded(const char *text, const struct encode_options *options, const char *want)
{
	struct decoder *d = json_decoder_new(NULL);
	struct encoder *x = json_encoder_new(options);
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct batch b;
	size_t used;
	batch_init(&b);
	buf_string_append(&in, text);
	buf_reserve(&in, DECODE_SLACK);
	CHECK(!d->ops->decode(d, in.data, in.len, true, BATCH_ROWS, &b, &used, NULL) && !b.reject_count);
	CHECK(!x->ops->encode(x, &b, &out, NULL));
	CHECK_TEXT(buf_string(&out), out.len, want);
	buf_release(&in);
	buf_release(&out);
	batch_release(&b);
	d->ops->free(d);
	x->ops->free(x);
}

static void test_encoder(void)
{
	static const struct encode_options plain = {0}, meta = {.meta = true}, terminal = {.terminal = true};
	check_encoded(
		"{\"a\":1}{}{\"b\":\"x\",\"a\":null}{\"a long name, longer than a vector \\\" \":-12.50}", &plain,
		"{\"a\":1}\n{}\n{\"b\":\"x\",\"a\":null}\n{\"a long name, longer than a vector \\\" \":-12.50}\n");
	check_encoded("{\"a\":1,\"@time\":\"2026-11-22T19:37:33Z\"}{\"a\":2}", &plain, "{\"a\":1}\n{\"a\":2}\n");
	check_encoded("{\"a\":1,\"@time\":\"2026-11-22T19:37:33Z\"}{\"a\":2}{\"@seq\":1}", &meta,
		      "{\"@time\":\"2026-11-22T19:37:33Z\",\"a\":1}\n{\"a\":2}\n{\"@seq\":1}\n");
	check_encoded("{\"\x7f\":\"\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8\xc3\xa9\",\"n\":[\"\x7f\xc2\x85\\u0000\xff\"]}",
		      &terminal,
		      "{\"\\u007f\":\"\\u007f\\u009b\\u202e\xe2\x80\xa8\xc3\xa9\",\"n\":["
		      "\"\\u007f\\u0085\\u0000\\udcff\"]}\n");
	check_encoded("{\"n\":[\"\\ud83d\\ude00\\ud800\x80\", \"\\\\ud800\x80\"]}", &plain,
		      "{\"n\":[\"\\ud83d\\ude00\\udced\\udca0\\udc80\\udc80\", \"\\\\ud800\\udc80\"]}\n");
}

/* Dense columns, selection and all types. */
static void test_encode_columns(void)
{
	static const uint16_t ints[] = {1, 2, 3};
	static const double floats[] = {0.5, 1e22, -2};
	static const uint32_t sel[] = {0, 2};
	static const uint8_t marks[] = {MARK_VALUE, MARK_VALUE, MARK_NULL};
	struct encoder *x = json_encoder_new(&(struct encode_options){0});
	struct buf out = BUF_INIT;
	struct batch b;
	batch_init(&b);
	b.rows = 3;
	batch_shape_of(&b, NULL, 0);
	batch_set(&b, "i", 1,
		  (struct column){
			  .form = COLUMN_INT, .type = TYPE_INT, .width = 2, .scale = 1, .bias = -2, .ints = ints});
	batch_set(&b, "f", 1, (struct column){.form = COLUMN_FLOAT, .floats = floats, .marks = marks});
	batch_set(&b, "t", 1, column_const(value_time(INT64_C(1767225600123000000))));
	batch_set(&b, "b", 1,
		  column_const(value_text(TYPE_BYTES,
					  "\0\xff"
					  "abc",
					  5)));
	batch_select(&b, sel, 2);
	static const char want[] = "{\"i\":-0.1,\"f\":0.5,\"t\":\"2026-01-01T00:00:00.123Z\",\"b\":\"AP9hYmM=\"}\n"
				   "{\"i\":0.1,\"f\":null,\"t\":\"2026-01-01T00:00:00.123Z\",\"b\":\"AP9hYmM=\"}\n";
	CHECK(!x->ops->encode(x, &b, &out, NULL));
	CHECK_TEXT(buf_string(&out), out.len, want);
	buf_clear(&out);
	/* The same names again, and others. */
	batch_rename(&b, "i", 1, "j", 1);
	batch_drop(&b, "f", 1);
	CHECK(!x->ops->encode(x, &b, &out, NULL));
	CHECK(out.len > 10 && !memcmp(out.data, "{\"j\":-0.1,\"t\":", 14));
	buf_release(&out);
	batch_release(&b);
	x->ops->free(x);
}

/* The encoder's own way to write integers is int_text's. */
static void test_ints(void)
{
	static const int64_t ints[] = {
		0, 1, 9, 10, 99, 100, 101, 999, 1000, 12345, INT64_MAX, INT64_MIN, -1, -10, 123456789012345678};
	struct buf out = BUF_INIT;
	struct batch b;
	batch_init(&b);
	b.rows = 1;
	batch_shape_of(&b, NULL, 0);
	for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
		for (unsigned scale = 0; scale <= VALUE_SCALE_MAX; scale++) {
			char text[NUMBER_TEXT_MAX];
			size_t len = int_text(ints[i], scale, text);
			batch_set(&b, "i", 1, column_const(value_decimal(ints[i], scale)));
			buf_clear(&out);
			json_write_row(&b, 0, false, &out);
			CHECK(out.len == len + 6 && !memcmp(out.data + 5, text, len));
		}
	}
	buf_release(&out);
	batch_release(&b);
}

/* -- pieces -- */

static void check_path(const char *text, const char *path, const char *want)
{
	struct arena a = {0};
	struct buf out = BUF_INIT;
	struct value v = json_path(text, strlen(text), path, strlen(path), &a);
	if (v.type == TYPE_ABSENT)
		buf_string_append(&out, "absent");
	else
		json_write(v, &out);
	CHECK_TEXT(buf_string(&out), out.len, want);
	buf_release(&out);
	arena_release(&a);
}

static void test_path(void)
{
	static const char text[] =
		"{\"b\": [1, {\"c\":\"x\\ny\"}, [ ]] , \"a b\":true,\"\\u0064\":null, \"e\":1, \"e\":{\"f.g\":2}}";
	check_path(text, ".b", "[1, {\"c\":\"x\\ny\"}, [ ]]");
	check_path(text, ".b[0]", "1");
	check_path(text, ".b[1].c", "\"x\\ny\"");
	check_path(text, ".b[2]", "[ ]");
	check_path(text, ".b[3]", "absent");
	check_path(text, ".b[2][0]", "absent");
	check_path(text, ".b.c", "absent");
	check_path(text, ".`a b`", "true");
	check_path(text, ".d", "null");
	check_path(text, ".e.`f.g`", "2");
	check_path(text, ".x", "absent");
	check_path(text, "[0]", "absent");
	check_path(text, ".", "absent");
	check_path(text, ".b[", "absent");
	check_path(text, ".b[x]", "absent");
	check_path(text, ".b[0", "absent");
	check_path("[[1,2],[3]]", "[1][0]", "3");
	check_path("[1,2", "[1]", "2");
	check_path("[1,", "[1]", "absent");
	check_path("{\"a\":1,\"b", ".a", "absent");
	check_path("{}", ".a", "absent");
	check_path("[]", "[0]", "absent");
}

static void test_read(void)
{
	static const struct {
		const char *text;
		int used;
		bool incomplete;
	} cases[] = {{"12", 2, false},    {" [1,{}] x", 7, false}, {"tru", -1, true},      {"trx", -1, false},
		     {"\"a", -1, true},   {"\"\\u12", -1, true},   {"\"\\u1x", -1, false}, {"[1,", -1, true},
		     {"[1,]", -1, false}, {"", -1, true},          {"-", -1, true},        {"x", -1, false},
		     {"null", 4, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf in = BUF_INIT;
		struct arena a = {0};
		struct value v;
		struct error e;
		bool incomplete;
		buf_string_append(&in, cases[i].text);
		buf_reserve(&in, DECODE_SLACK);
		const char *p = json_read(in.data, in.data + in.len, &a, &v, &incomplete, &e);
		CHECK(p ? p - in.data == cases[i].used : cases[i].used == -1);
		CHECK(incomplete == cases[i].incomplete);
		arena_release(&a);
		buf_release(&in);
	}
}

/* -- suites from outside -- */

static char *load(const char *directory, const char *name, size_t *len)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *f = fopen(path, "rb");
	struct buf b = BUF_INIT;
	size_t n = 1;
	while (f && n) {
		n = fread(buf_reserve(&b, 65536), 1, 65536, f);
		b.len += n;
	}
	if (f)
		fclose(f);
	buf_string(&b);
	return buf_detach(&b, len);
}

/* Concatenated values are records, an empty text has none: all right for a stream, though not for one text. */
static bool right_as_stream(const char *name)
{
	static const char *const names[] = {"n_single_space.json",
					    "n_structure_no_data.json",
					    "n_structure_UTF8_BOM_no_data.json",
					    "n_structure_double_array.json",
					    "n_structure_object_with_trailing_garbage.json",
					    "fail10.json"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* As the value of a field, after a record and before one. */
static void check_in_field(const char *text, size_t len, bool good)
{
	struct buf b = BUF_INIT;
	buf_string_append(&b, "{\"v\":");
	buf_append(&b, text, len);
	buf_string_append(&b, "\n}\n{\"w\":1}\n");
	struct outcome o = read_all_ways(b.data, b.len, NULL);
	CHECK(good == !o.rejects.len);
	CHECK(!good || (o.rows.len > 5 && !memcmp(o.rows.data, "{\"v\":", 5)));
	outcome_release(&o);
	buf_release(&b);
}

static void check_file(const char *directory, const char *name)
{
	bool good = !strncmp(name, "y_", 2) || !strncmp(name, "pass", 4) || !strncmp(name, "round", 5);
	bool bad = !strncmp(name, "n_", 2) || !strncmp(name, "fail", 4);
	size_t len;
	char *text = load(directory, name, &len);
	struct outcome o = read_all_ways(text, len, NULL);
	int failures = test_failures;
	if (good)
		CHECK(!o.rejects.len);
	if (bad && !right_as_stream(name))
		CHECK(o.rejects.len);
	if (good)
		check_in_field(text, len, true);
	if (bad && len < 4096)
		check_in_field(text, len, false);
	if (test_failures > failures)
		fprintf(stderr, "in %s/%s\n", directory, name);
	outcome_release(&o);
	free(text);
}

/* A file of the round trip suite, as the value of a field, is the same when it is written. */
static void check_round_trip(const char *directory, const char *name)
{
	size_t len;
	char *text = load(directory, name, &len);
	while (len && text[len - 1] == '\n')
		len--;
	struct buf b = BUF_INIT, want = BUF_INIT;
	buf_string_append(&b, "{\"v\":");
	/* Without the brackets of the array, so that numbers are read as numbers. */
	bool inner = *text == '[' && len > 2 && !memchr(text, ',', len);
	buf_append(&b, text + inner, len - 2 * inner);
	buf_string_append(&b, "}");
	buf_append(&want, b.data, b.len);
	buf_string_append(&want, " 1\n");
	check_read_bytes(b.data, b.len, buf_string(&want), "");
	buf_release(&b);
	buf_release(&want);
	free(text);
}

static void suite(const char *directory, void (*check)(const char *, const char *))
{
	DIR *d = opendir(directory);
	if (!d) {
		printf("SKIP %s is not there\n", directory);
		return;
	}
	int count = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (!strstr(entry->d_name, ".json") || strstr(entry->d_name, "EXCLUDE"))
			continue;
		check(directory, entry->d_name);
		count++;
	}
	CHECK(count > 0);
	closedir(d);
}

int main(void)
{
	test_values();
	test_duplicates();
	test_shapes();
	test_lines();
	test_plain_values();
	test_arrays();
	test_errors();
	test_meta();
	test_want();
	test_depth();
	test_many_fields();
	test_too_many_fields();
	test_many_shapes();
	test_large_record();
	test_prompt();
	test_numbers();
	test_strings();
	test_encoder();
	test_encode_columns();
	test_ints();
	test_path();
	test_read();
	suite("../shared/data/json_conformance/JSONTestSuite/test_parsing", check_file);
	suite("../shared/data/json_conformance/JSONTestSuite/test_transform", check_file);
	suite("../shared/data/json_conformance/jsonchecker", check_file);
	suite("../shared/data/json_conformance/roundtrip", check_round_trip);
	return test_done();
}
