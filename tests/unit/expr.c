/* The expression language: what it means, and what it answers to mistakes. The examples of the manual are run too. */
#include "expr/expr.h"

#include <stdlib.h>

#include "base/buf.h"
#include "expr/function.h"
#include "format/json.h"
#include "test.h"

/* -- a batch of one row -- */

struct cell {
	const char *name;
	struct value value;
};

static struct value text(const char *s)
{
	return value_string(s, strlen(s));
}

static struct value number(const char *s)
{
	struct value v;
	number_read(s, s + strlen(s), &v);
	return v;
}

static struct value json(const char *s)
{
	return value_text(TYPE_JSON, s, strlen(s));
}

/* As the manual describes it. */
static void sample(struct batch *b)
{
	static const char nested[] = "{\"city\":\"Bonn\",\"at\":[50.7,7.1],\"x-y\":{\"z\":true}}";
	struct cell cells[] = {
		{"status", number("503")},
		{"bytes", number("2048")},
		{"rt", number("1.10")},
		{"big", number("9007199254740993")},
		{"path", text("/a/b?x=1")},
		{"zip", text("0870")},
		{"ua", text("Mozilla/5.0 (X11; Linux)")},
		{"ok", value_bool(true)},
		{"none", value_null()},
		{"user-agent", text("curl")},
		{"geo", json(nested)},
		{"a.b", text("dotted")},
		{"tags", json("[\"x\", \"y\"]")},
		{"e", number("1E5")},
		{"long", number("12345678901234567890")},
		{"f", value_float(0.1)},
		{"word", text("\xc3\x84pfel")},
	};
	uint16_t columns[sizeof cells / sizeof *cells];
	uint32_t count = sizeof cells / sizeof *cells;
	uint32_t row = batch_begin(b);
	for (uint32_t i = 0; i < count; i++) {
		int c = batch_column(b, cells[i].name, strlen(cells[i].name));
		columns[i] = (uint16_t)c;
		b->columns[c].values[row] = cells[i].value;
	}
	/* 2026-11-22T19:37:33.5Z */
	batch_meta(b, META_TIME)[row] = value_time(1795376253500000000);
	batch_end(b, (uint32_t)batch_shape_of(b, columns, count), 1);
}

/* -- what an expression gives, as text -- */

static void result_text(struct value v, struct buf *out)
{
	buf_clear(out);
	if (v.type == TYPE_ERROR)
		buf_printf(out, "error: %.*s", (int)v.len, v.s);
	else if (v.type == TYPE_ABSENT)
		buf_string_append(out, "absent");
	else if (v.type == TYPE_TIME)
		value_plain(v, out);
	else
		json_write(v, out);
}

/* The result, or the error of parsing; valid until the next call. */
static const char *eval_in(struct batch *b, const char *source)
{
	static struct buf out;
	struct expr *x;
	struct error e;
	struct value v;
	if (expr_parse(source, strlen(source), &x, &e)) {
		buf_clear(&out);
		buf_printf(&out, "refused: %s", e.text);
		return buf_string(&out);
	}
	expr_eval(x, b, NULL, 1, &v);
	result_text(v, &out);
	expr_free(x);
	return buf_string(&out);
}

static struct batch row;

#define GIVES(source, want)                                                                                            \
	do {                                                                                                           \
		const char *got_ = eval_in(&row, source);                                                              \
		CHECK_TEXT(got_, strlen(got_), want);                                                                  \
	} while (0)

/* The answer must contain this. */
#define ANSWERS(source, part)                                                                                          \
	do {                                                                                                           \
		const char *got_ = eval_in(&row, source);                                                              \
		if (!strstr(got_, part))                                                                               \
			fprintf(stderr, "%s\n", got_);                                                                 \
		CHECK(strstr(got_, part));                                                                             \
	} while (0)

static void test_numbers(void)
{
	GIVES("1 + 2 * 3", "7");
	GIVES("(1 + 2) * 3", "9");
	GIVES("1.10 + 2.20", "3.30");
	GIVES("0.1 + 0.2", "0.3");
	GIVES("rt * 2", "2.20");
	GIVES("rt * rt", "1.2100");
	GIVES("f + 0.2", "0.30000000000000004");
	GIVES("7 / 2", "3.5");
	GIVES("6 / 3", "2");
	GIVES("7 // 2", "3");
	GIVES("-7 // 2", "-4");
	GIVES("-7 % 3", "2");
	GIVES("7 % -3", "-2");
	GIVES("7.5 % 2", "1.5");
	GIVES("-7.5 // 2", "-4");
	GIVES("big + 0", "9007199254740993");
	GIVES("big + 0.10", "9007199254740993.10");
	GIVES("9223372036854775807 - 1", "9223372036854775806");
	GIVES("-9223372036854775808", "-9223372036854775808");
	GIVES("-9223372036854775808 // 1", "-9223372036854775808");
	ANSWERS("9223372036854775807 + status", "error: 9223372036854775807 + status: the result does not fit");
	ANSWERS("-9223372036854775808 - status", "error");
	ANSWERS("9223372036854775807 * bytes", "error");
	ANSWERS("-9223372036854775808 // -1 + status", "error");
	ANSWERS("status / 0", "division by zero");
	ANSWERS("status // 0", "division by zero");
	ANSWERS("status % 0", "division by zero");
	ANSWERS("long + 1", "does not fit 64 bits");
	GIVES("float(long) + 0", "1.2345678901234567e+19");
	GIVES("long", "12345678901234567890");
	GIVES("e", "1E5");
	GIVES("e + 1", "100001");
	GIVES("0.000000000000000001 * 0.1", "1.0000000000000001e-19");
	GIVES("-rt", "-1.10");
	GIVES("- (-3)", "3");
	GIVES("2 - -2", "4");
	GIVES("bytes-1", "2047");
}

static void test_durations(void)
{
	GIVES("5m", "300");
	GIVES("250ms", "0.25");
	GIVES("1.5h", "5400");
	GIVES("@time + 1m", "2026-11-22T19:38:33.500Z");
	GIVES("@time - 500ms", "2026-11-22T19:37:33Z");
	GIVES("@time - @time", "0");
	GIVES("@time - \"2026-11-22T19:37:30Z\"", "3.5");
	GIVES("\"2026-11-22T19:37:40Z\" - @time", "6.5");
	GIVES("@time > \"2026-11-22\"", "true");
	GIVES("\"2026-11-22\" > @time", "false");
	GIVES("@time in (\"2026-11-22T19:37:33.5Z\")", "true");
	GIVES("@time == \"2026-11-22T20:37:33.5+01:00\"", "true");
	ANSWERS("@time > \"soon\"", "no time");
	ANSWERS("@time > 5", "have no order");
	GIVES("@time == 5", "false");
	GIVES("trunc(@time, 1h)", "2026-11-22T19:00:00Z");
	ANSWERS("@time + 1e30", "1677");
	ANSWERS("5 - @time", "does not take int and time");
}

static void test_comparisons(void)
{
	GIVES("status == 503", "true");
	GIVES("status == 503.0", "true");
	GIVES("rt == 1.1", "true");
	GIVES("f == 0.1", "true");
	GIVES("0.1 + 0.2 == 0.3", "true");
	GIVES("big == 9007199254740992", "false");
	GIVES("big > 9007199254740992.5", "true");
	GIVES("e == 100000", "true");
	GIVES("long > 9223372036854775807", "true");
	GIVES("status == \"503\"", "false");
	GIVES("status != \"503\"", "true");
	ANSWERS("status < \"503\"", "int and string have no order");
	GIVES("path < \"/b\"", "true");
	GIVES("ok == true", "true");
	GIVES("ok > false", "true");
	GIVES("none == null", "true");
	GIVES("nothere == null", "true");
	GIVES("null == none", "true");
	GIVES("status != null", "true");
	GIVES("none == 1", "null");
	GIVES("none < 1", "null");
	GIVES("none + 1", "null");
	GIVES("nothere", "absent");
	GIVES("nothere + 1", "null");
	GIVES("present(none)", "true");
	GIVES("present(nothere)", "false");
	GIVES("status in (200, 503)", "true");
	GIVES("status in [200, 404]", "false");
	GIVES("status in (bytes, 503.0)", "true");
	GIVES("none in (1, 2)", "null");
	GIVES("none in (1, null)", "true");
	GIVES("status in (1, none)", "null");
	GIVES("status in (1, null)", "false");
	GIVES("path in (\"a\", \"/a/b?x=1\")", "true");
	GIVES("status in (1,2,3,4,5,6,7,8,9,10,503)", "true");
	GIVES("status in (1,2,3,4,5,6,7,8,9,10,11,\"503\")", "false");
	GIVES("status in (1,2,3,4,5,6,7,8,9,10,11,none)", "null");
}

static void test_logic(void)
{
	GIVES("true && false", "false");
	GIVES("none && false", "false");
	GIVES("none && true", "null");
	GIVES("none || true", "true");
	GIVES("none || false", "null");
	GIVES("!none", "null");
	GIVES("!ok", "false");
	GIVES("!(status == 200)", "true");
	GIVES("false && 1 / 0 > 1", "false");
	GIVES("status == 503 || 1 / 0 > 1", "true");
	ANSWERS("ok && status", "&& wants true or false, not int");
	ANSWERS("!status", "! wants true or false, not int");
	GIVES("none ?? 5", "5");
	GIVES("nothere ?? none ?? 7", "7");
	GIVES("none ?? nothere", "null");
	GIVES("none ?? 0 > 5", "false");
	ANSWERS("1 / (status - 503) ?? 5", "division by zero");
	GIVES("if(status >= 500, \"bad\", \"good\")", "\"bad\"");
	GIVES("if(none, 1, 2)", "null");
	GIVES("if(ok, 1, 1 / 0)", "1");
	ANSWERS("if(status, 1, 2)", "if() wants true or false");
	GIVES("try(int(path), -1)", "-1");
	GIVES("try(int(zip), -1)", "870");
	GIVES("try(1 / 0, none)", "null");
}

static void test_strings(void)
{
	GIVES("'it\\'s'", "\"it's\"");
	GIVES("\"a\\u00e4\\n\"", "\"a\xc3\xa4\\n\"");
	GIVES("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	GIVES("path + \"&y\"", "\"/a/b?x=1&y\"");
	ANSWERS("path + 1", "string()");
	GIVES("path =~ /^\\/a/", "true");
	GIVES("path =~ /^\\/A/i", "true");
	GIVES("path !~ /^[/]a/", "false");
	GIVES("path =~ \"b\\\\?\"", "true");
	GIVES("none =~ /x/", "null");
	ANSWERS("status =~ /5/", "string()");
	GIVES("length(word)", "5");
	GIVES("length(tags)", "2");
	GIVES("lower(word)", "\"\xc3\xa4pfel\"");
	GIVES("upper(word)", "\"\xc3\x84PFEL\"");
	GIVES("trim('  a b\\n')", "\"a b\"");
	GIVES("starts_with(path, '/a')", "true");
	GIVES("ends_with(path, 'x=1')", "true");
	GIVES("contains(path, '?')", "true");
	GIVES("contains(path, '')", "true");
	GIVES("substr(word, 1, 2)", "\"pf\"");
	GIVES("substr(word, -2)", "\"el\"");
	GIVES("substr(word, 9)", "\"\"");
	GIVES("replace(path, '/', '')", "\"ab?x=1\"");
	GIVES("sub(path, /[a-z]/, '<$0>')", "\"/<a>/b?x=1\"");
	GIVES("gsub(path, /([a-z])/, '<$1>')", "\"/<a>/<b>?<x>=1\"");
	GIVES("gsub('abc', /x*/, '-')", "\"-a-b-c-\"");
	GIVES("gsub('a.b', /(?<l>\\w)/, '${l}$$')", "\"a$.b$\"");
	GIVES("extract(path, /x=(\\d+)/)", "\"1\"");
	GIVES("extract(path, /\\w/)", "\"a\"");
	GIVES("extract(path, /(?<key>\\w)=(?<v>\\d)/, 'v')", "\"1\"");
	GIVES("extract(path, /(\\w)=(\\d)/, 0)", "\"x=1\"");
	GIVES("extract(path, /nope/)", "null");
	ANSWERS("extract(path, /nope/, 3)", "no such group");
	GIVES("split('a,b,,c', ',')", "[\"a\",\"b\",\"\",\"c\"]");
	GIVES("split(path, '/')[2]", "\"b?x=1\"");
	GIVES("split(path, '/')[-1]", "\"b?x=1\"");
	GIVES("split(path, '/')[7]", "null");
	GIVES("split(path, /[\\/?]/)[1]", "\"a\"");
	GIVES("split('a1b22c', /\\d+/)", "[\"a\",\"b\",\"c\"]");
	GIVES("split('a,b', ',')[-1]", "\"b\"");
	GIVES("xxh3('')", "\"2d06800538d394c2\"");
}

static void test_functions(void)
{
	GIVES("int('0870')", "870");
	GIVES("int(' -007 ')", "-7");
	GIVES("int('+1')", "1");
	GIVES("int(3.7)", "3");
	GIVES("int(-3.7)", "-3");
	GIVES("int(ok)", "1");
	GIVES("int(@time)", "1795376253");
	ANSWERS("int(path)", "int(path): \"/a/b?x=1\" is no number");
	GIVES("float('1.5')", "1.5");
	GIVES("string(rt)", "\"1.10\"");
	GIVES("string(@time)", "\"2026-11-22T19:37:33.500Z\"");
	GIVES("bool('true')", "true");
	GIVES("bool(0.0)", "false");
	GIVES("abs(-1.10)", "1.10");
	GIVES("floor(-1.5)", "-2");
	GIVES("ceil(1.01)", "2");
	GIVES("round(2.5)", "3");
	GIVES("round(-2.5)", "-3");
	GIVES("round(1.005, 2)", "1.01");
	GIVES("round(f * 3, 2)", "0.30");
	GIVES("round(bytes, -2)", "2000");
	GIVES("round(2050, -2)", "2100");
	GIVES("sqrt(9)", "3");
	ANSWERS("sqrt(-1 * status)", "no finite number");
	GIVES("log(1)", "0");
	GIVES("log(1000, 10)", "3");
	GIVES("exp(0)", "1");
	GIVES("pow(2, 62)", "4611686018427387904");
	ANSWERS("pow(2, status)", "does not fit");
	GIVES("pow(2, -1)", "0.5");
	GIVES("least(3, 2.5)", "2.5");
	GIVES("greatest(1, 5, 3)", "5");
	ANSWERS("least(status, path)", "no order");
	GIVES("time('2026-11-22')", "2026-11-22T00:00:00Z");
	GIVES("time(1795376253)", "2026-11-22T19:37:33Z");
	GIVES("time(1795376253.5)", "2026-11-22T19:37:33.500Z");
	GIVES("time(1795376253500000001)", "2026-11-22T19:37:33.500000001Z");
	GIVES("strptime('22/Nov/2026:19:37:33 +0000', '%d/%b/%Y:%H:%M:%S %z')", "2026-11-22T19:37:33Z");
	GIVES("strftime(@time, '%Y-%m-%d')", "\"2026-11-22\"");
	GIVES("year(@time)", "2026");
	GIVES("hour(@time)", "19");
	GIVES("second(@time)", "33");
	GIVES("now() - now()", "0");
	ANSWERS("hour(path)", "wants a time, not string; time()");
	GIVES("type(rt)", "\"float\"");
	GIVES("type(status)", "\"int\"");
	GIVES("type(nothere)", "\"absent\"");
	GIVES("type(none)", "\"null\"");
	GIVES("lower(none)", "null");
	ANSWERS("lower(status)", "lower(status): lower wants a string, not int");
}

/* What functions make of null, of absent, of other types and of what is out of range. */
static void test_arguments(void)
{
	GIVES("cidr(none, '10.0.0.0/8')", "null");
	GIVES("sha256(nothere)", "null");
	GIVES("trunc(none, 1h, 'Europe/Berlin')", "null");
	GIVES("format('{}', none)", "null");
	GIVES("json_encode(none) + json_encode(nothere)", "\"nullnull\"");
	ANSWERS("sha256(status)", "sha256 wants a string or bytes, not int; string() makes one");
	ANSWERS("haversine(path, 1, 2, 3)", "haversine wants a number, not string");
	ANSWERS("haversine(status, 1, 2, 3)", "latitudes go from -90 to 90");
	GIVES("haversine(rt, 7, rt, 7)", "0");
	GIVES("round(haversine(90, 0, -90, 123))", "20015114");
	ANSWERS("mask_ip(path)", "is no IP address");
	ANSWERS("mask_ip('10.0.0.1', 33)", "0 to 32 bits");
	GIVES("mask_ip('::ffff:10.1.2.3', 8)", "\"10.0.0.0\"");
	GIVES("mask_ip('2001:db8:1:2:3::4', 0, 33)", "\"2001:db8::\"");
	GIVES("cidr('10.127.255.255', '10.0.0.0/9')", "true");
	GIVES("cidr('10.128.0.0', '10.0.0.0/9')", "false");
	GIVES("cidr('10.128.0.0', '0.0.0.0/0')", "true");
	GIVES("cidr('::ffff:10.1.2.3', '10.0.0.0/8')", "true");
	GIVES("cidr('10.1.2.3', '::ffff:10.0.0.0/104')", "true");
	GIVES("cidr('10.1.2.3', '10.1.2.3')", "true");
	ANSWERS("cidr(path, '10.0.0.0/33')", "column 12: this is no network");
	ANSWERS("cidr('10.1.2.3', path)", "is no network");
	GIVES("ip_version(path)", "null");
	ANSWERS("trunc(@time, 1d, 'Europe/Belrin')", "column 18: there is no time zone `Europe/Belrin`; did you mean");
	ANSWERS("trunc(@time, 1d, path)", "a zone is wanted here");
	GIVES("trunc(@time, 'year', 'Europe/Berlin')", "2025-12-31T23:00:00Z");
	GIVES("trunc(@time, 'quarter')", "2026-10-01T00:00:00Z");
	GIVES("trunc('2026-01-01T00:30:00Z', 'month', 'America/New_York')", "2025-12-01T05:00:00Z");
	GIVES("trunc('1969-12-31', 'week')", "1969-12-29T00:00:00Z");
	ANSWERS("trunc(@time, 'moth')", "one of");
	ANSWERS("trunc(@time, ok)", "a duration above 0");
	ANSWERS("trunc(@time, 0)", "a duration above 0");
	ANSWERS("strftime(@time, '%Q')", "column 17: `%Q` is no time format: there is no `%Q` in one");
	ANSWERS("strftime(@time, path + '%Q')", "a directive that is not known");
	ANSWERS("strptime(path, '%L')", "there is no `%L` in one");
	GIVES("strftime(@time, '%A' + '')", "\"Sunday\"");
	ANSWERS("format('{} {}', 1)", "more braces than arguments");
	ANSWERS("format('{}', 1, 2)", "more arguments than braces");
	ANSWERS("format('{:x}', 1)", "what is in braces is like");
	ANSWERS("format('{:.2}', path)", "decimals are for a number");
	GIVES("format('{{{}}} {:.0} {:.2}', path, 2.5, 1e3)", "\"{/a/b?x=1} 3 1000.00\"");
	GIVES("format('{:08.2}|{:<8.2}|{:4}', -rt, rt, word)", "\"-0001.10|1.10    |\u00c4pfel\"");
	GIVES("lpad(word, 7, 'xyz') + rpad('a', 3, '')", "\"xy\xc3\x84pfela\"");
	ANSWERS("lpad(path, 1e7)", "the width is more than");
	ANSWERS("repeat(path, -1)", "negative");
	ANSWERS("repeat(path, 1e9)", "longer than 1 MiB");
	GIVES("repeat('', 1e9)", "\"\"");
	GIVES("mask(status, 1)", "\"**3\"");
	GIVES("mask(path, 99) + mask(word)", "\"/a/b?x=1*****\"");
	GIVES("join(split('a,b', ','), '')", "\"ab\"");
	GIVES("join(json('[1, null, [2], \"x\"]'), '-')", "\"1--[2]-x\"");
	GIVES("join(json(' [ ] '), '-')", "\"\"");
	ANSWERS("join(path, '-')", "join wants an array, not string");
	ANSWERS("join(geo, '-')", "join wants an array, not an object");
	GIVES("object(path, object('a', array(none, nothere, 1.10, true, @time)))",
	      "{\"/a/b?x=1\":{\"a\":[null,null,1.10,true,\"2026-11-22T19:37:33.500Z\"]}}");
	GIVES("length(object('a', nothere)) + length(array(none))", "1");
	ANSWERS("object('a')", "1 argument, but it is object(key, x, ...)");
	ANSWERS("object('a', 1, 'b')", "a value is missing behind the last key");
	ANSWERS("object(status, 1)", "a key is a string");
	GIVES("has(json('[1.0, \"x\", [2]]'), 1) && has(geo, 'city') && !has(geo, 'Bonn')", "true");
	GIVES("has(array(array(2)), array(2))", "true");
	GIVES("has(tags, none) == null", "true");
	ANSWERS("has(path, 'a')", "contains() into a string");
	ANSWERS("json('{')", "no JSON");
	ANSWERS("json('1 2')", "column 3: something behind the value");
	GIVES("json(' 1.10 ')", "1.10");
	ANSWERS("hex_decode('0g')", "no hexadecimal");
	ANSWERS("hex_decode('000')", "odd number");
	ANSWERS("base64_decode('!')", "no base64");
	GIVES("type(hex_decode('ff'))", "\"bytes\"");
	GIVES("url_decode('%zz%4')", "\"%zz%4\"");
	GIVES("index(word, 'l') + index(path, '')", "4");
	GIVES("index(path, 'nope')", "null");
	GIVES("trim('\u00e4a\u00e4', '\u00e4')", "\"a\"");
	GIVES("rtrim('  a  ') + ltrim('  a  ')", "\"  aa  \"");
	GIVES("weekday('2026-11-23') + weekday('1969-12-31')", "4");
	GIVES("week('2026-01-01') + week('2024-12-30')", "2");
	GIVES("time('2026-07-01T12:00:00', '+02:00')", "2026-07-01T10:00:00Z");
	GIVES("time('2026-07-01T12:00:00Z', '+02:00')", "2026-07-01T12:00:00Z");
	GIVES("time('2026-07-01', 'Europe/Berlin')", "2026-06-30T22:00:00Z");
	GIVES("time(1795376253, 'Europe/Berlin')", "2026-11-22T19:37:33Z");
	GIVES("sign(none) ?? sign(0.0)", "0");
	ANSWERS("min(status, path)", "int and string have no order");
	ANSWERS("max(@time, 'soon')", "no time");
	ANSWERS("path =~ /(.+)+x$/ && repeat('a', 40) + path =~ /(a+)+$/", "false");
	ANSWERS("repeat('a', 400) + path =~ /(a+)+$/", "the pattern backtracks too much");
	GIVES("try(repeat('a', 400) + path =~ /(a+)+$/, none)", "null");
	ANSWERS("length(gsub(repeat(path, 3000), /./, repeat(path, 2000)))", "longer than 64 MiB");
}

static void test_fields(void)
{
	GIVES("`user-agent`", "\"curl\"");
	GIVES("a.b", "\"dotted\"");
	GIVES("geo.city", "\"Bonn\"");
	GIVES("geo.at[1]", "7.1");
	GIVES("geo.`x-y`.z", "true");
	GIVES("`geo`.city", "\"Bonn\"");
	GIVES("`geo.city`", "absent");
	GIVES("geo.nothing.more", "absent");
	GIVES("tags[0] + tags[1]", "\"xy\"");
	GIVES("status.x", "absent");
	GIVES("present(geo.city)", "true");
	GIVES("present(geo.town)", "false");
	ANSWERS("@tmie", "did you mean @time?");
}

static void test_mistakes(void)
{
	ANSWERS("status = 500", "column 8: = does not compare; did you mean ==?");
	ANSWERS("status === 500", "did you mean ==?");
	ANSWERS("status == 500 and ok", "and is written &&");
	ANSWERS("status == 500 or ok", "or is written ||");
	ANSWERS("not ok", "not is written !");
	ANSWERS("(status == 500", "column 1: what is opened here is not closed");
	ANSWERS("status == 500)", "column 14: ) closes nothing");
	ANSWERS("lowr(path)", "there is no function lowr; did you mean lower?");
	ANSWERS("lower(path", "not closed by )");
	ANSWERS("lower()", "0 arguments, but it is lower(s)");
	ANSWERS("max(status)", "stream-agg has the one over records");
	ANSWERS("status == 500 || 404", "write status in (500, 404)");
	ANSWERS("1 < status < 3", "comparisons do not chain");
	ANSWERS("!status == 3", "write !(...)");
	ANSWERS("path == /x/", "a pattern has no place here");
	ANSWERS("path =~ ua", "a pattern is wanted here");
	ANSWERS("path =~ /(/", "column 9");
	ANSWERS("path =~ \"\\d\"", "a backslash is \\\\");
	ANSWERS("ok ? 1 : 2", "if(condition, then, else)");
	ANSWERS("zip == 0870", "column 8: a number does not begin with 0");
	ANSWERS("'abc", "not closed");
	ANSWERS("`abc", "not closed");
	ANSWERS("status in 500", "a list is wanted behind in");
	ANSWERS("status in ()", "empty");
	ANSWERS("rt > 5parsecs", "5parsecs");
	ANSWERS("path like 'x'", "like is written =~ /pattern/");
	ANSWERS("if status == 503 then 1", "if is written if(condition, then, else)");
	ANSWERS("status between 1 and 2", "between is written x >= a && x <= b");
	ANSWERS("hmac(path)", "that is hmac_sha256(s, key)");
	ANSWERS("lpad(path)", "1 argument, but it is lpad(x, width[, fill]): filled up at the front");
	ANSWERS("path is null", "x == null");
	ANSWERS("none < null", "test it with ==");
	ANSWERS("status path", "an operator is wanted before path");
	ANSWERS("", "an expression is wanted");
	ANSWERS("1 +", "an operand is wanted at the end");
	ANSWERS("$1", "without $");
	ANSWERS("{", "{ has no meaning");
	ANSWERS("\xc3\xa4 == \"x\" &", "column 10");
	char deep[1000];
	memset(deep, '(', 500);
	memcpy(deep + 500, "1", 2);
	ANSWERS(deep, "nested more than 200 deep");
	memset(deep, '-', 500);
	ANSWERS(deep, "nested more than 200 deep");
}

static struct expr *parsed(const char *source)
{
	struct expr *x = NULL;
	struct error e;
	CHECK(expr_parse(source, strlen(source), &x, &e) == 0);
	return x;
}

static void test_warnings(void)
{
	struct expr *x = parsed("status == \"503\"");
	uint32_t kept[1];
	CHECK(expr_filter(x, &row, kept) == 0);
	const char *w = expr_warning(x);
	CHECK(w && strstr(w, "status == \"503\" is never true") && strstr(w, "write 503 without quotes"));
	CHECK(!expr_warning(x));
	expr_filter(x, &row, kept);
	CHECK(!expr_warning(x));
	expr_free(x);
	x = parsed("zip != 870 && status == 503");
	CHECK(expr_filter(x, &row, kept) == 1);
	w = expr_warning(x);
	CHECK(w && strstr(w, "is never false") && strstr(w, "write \"870\""));
	CHECK(!expr_warning(x));
	expr_free(x);
}

static void test_names(void)
{
	static const char *const known[] = {"status", "user-agent", "geo"};
	const char *const *names;
	struct buf out = BUF_INIT;
	struct expr *x = parsed("user-agent == 'x' && stauts > 1 && geo.city == 1 && @time > 1 && x_y_z-w == 1");
	CHECK(expr_fields(x, &names) == 8);
	CHECK(expr_unknown(x, known, 3, &out) == 5);
	const char *s = buf_string(&out);
	CHECK(strstr(s, "the field user-agent is written `user-agent`"));
	CHECK(strstr(s, "no record has a field stauts; did you mean status?"));
	CHECK(strstr(s, "in backquotes: `x_y_z-w`"));
	CHECK(!strstr(s, "geo"));
	buf_release(&out);
	CHECK(!expr_bare_field(x));
	expr_free(x);
	x = parsed("(`user-agent`)");
	CHECK(expr_bare_field(x) && !strcmp(expr_bare_field(x), "user-agent"));
	expr_free(x);
}

static bool is_aggregate(const char *name, size_t len)
{
	return (len == 5 && !memcmp(name, "count", 5)) ||
	       (len == 3 && (!memcmp(name, "sum", 3) || !memcmp(name, "max", 3))) ||
	       (len == 8 && !memcmp(name, "quantile", 8));
}

static const char *refused(const char *source)
{
	static struct error e;
	struct statement s;
	if (statement_parse(source, is_aggregate, &s, &e))
		return e.text;
	statement_release(&s);
	return "";
}

static void test_statements(void)
{
	struct statement s, *list;
	struct error e;
	size_t count;
	CHECK(!statement_parse("x = bytes / 2", NULL, &s, &e) && !strcmp(s.name, "x") && s.value && !s.function);
	CHECK(!strcmp(s.text, "bytes / 2"));
	statement_release(&s);
	CHECK(!statement_parse("x=-1", NULL, &s, &e) && !strcmp(s.name, "x"));
	statement_release(&s);
	CHECK(!statement_parse("status == 5", NULL, &s, &e) && !s.name && s.value);
	statement_release(&s);
	CHECK(!statement_parse("path =~ /x/", NULL, &s, &e) && !s.name && s.value);
	statement_release(&s);
	CHECK(!statement_parse(" `a = b` = `c=d` ", NULL, &s, &e) && !strcmp(s.name, "a = b"));
	CHECK(!strcmp(expr_bare_field(s.value), "c=d") && !strcmp(s.text, "`c=d`"));
	statement_release(&s);
	CHECK(!statement_parse("@time = time(ts)", NULL, &s, &e) && !strcmp(s.name, "@time"));
	statement_release(&s);
	CHECK(!statement_parse("p = quantile(rt * 2, 0.99)", is_aggregate, &s, &e));
	CHECK(!strcmp(s.name, "p") && !strcmp(s.function, "quantile") && s.arg_count == 2 && !s.value);
	CHECK(!strcmp(s.text, "quantile(rt * 2, 0.99)"));
	statement_release(&s);
	CHECK(!statement_parse("count", is_aggregate, &s, &e) && !s.name && !strcmp(s.function, "count") &&
	      !s.arg_count);
	statement_release(&s);
	CHECK(!statement_parse("n = count()", is_aggregate, &s, &e) && !strcmp(s.function, "count") && !s.arg_count);
	statement_release(&s);
	CHECK(!statement_parse("count", NULL, &s, &e) && !s.function && s.value);
	statement_release(&s);
	CHECK(strstr(refused("user-agent = 1"), "backquotes: `user-agent`"));
	CHECK(strstr(refused("count() + 1"), "stands alone"));
	CHECK(strstr(refused("x = round(sum(a), 2)"), "aggregate and stands alone"));
	CHECK(strstr(refused("x = sum(max(a, b))"), "of values it is greatest(a, b)"));
	CHECK(strstr(refused("sum(a"), "not closed"));
	CHECK(strstr(refused("sum(a b)"), "column 7"));
	CHECK(strstr(refused("a, b"), "ends before ,"));
	CHECK(!statement_list_parse("status, h = trunc(@time, 1h), `x,y`", NULL, &list, &count, &e) && count == 3);
	CHECK(!strcmp(list[1].name, "h") && !strcmp(list[1].text, "trunc(@time, 1h)"));
	CHECK(!strcmp(expr_bare_field(list[2].value), "x,y"));
	statement_list_release(list, count);
	CHECK(statement_list_parse("status,", NULL, &list, &count, &e) == ERR_USAGE && !list);
	CHECK(statement_list_parse("a, b)", NULL, &list, &count, &e) == ERR_USAGE);
	CHECK(statement_looks_like("x = 1") && statement_looks_like("x=1") && statement_looks_like("count(a)"));
	CHECK(statement_looks_like("`a b` = 1") && statement_looks_like("@time = 1") &&
	      statement_looks_like("user-agent = 1"));
	CHECK(!statement_looks_like("access.log") && !statement_looks_like("./a=b") &&
	      !statement_looks_like("report (1).csv"));
	CHECK(!statement_looks_like("") && !statement_looks_like("a/b=c") &&
	      !statement_looks_like("access-2026=x.log"));
}

/* -- the manual: `EXPR \(-> RESULT` in its displays -- */

static void unescape(char *line)
{
	char *out = line;
	for (char *p = line; *p; p++) {
		if (p[0] == '\\' && p[1] == 'e') {
			*out++ = '\\';
			p++;
		} else if (p[0] == '\\' && p[1] == '&') {
			p++;
		} else if (!strncmp(p, "\\(:", 3)) { /* an A or a with two dots */
			*out++ = '\xc3';
			*out++ = p[3] == 'A' ? '\x84' : '\xa4';
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	*out = 0;
}

/* Whether the manual has an entry for the function, and an example that calls it. */
static bool is_documented(const char *manual, const char *name)
{
	char entry[64], call[64];
	snprintf(entry, sizeof entry, "Fn %s ", name);
	snprintf(call, sizeof call, "%s(", name);
	bool example = false;
	for (const char *p = manual; (p = strstr(p, call)); p++) {
		const char *end = strchr(p, '\n'), *arrow = strstr(p, "\\(->");
		example |= arrow && end && arrow < end;
	}
	if (!strcmp(name, "now"))
		snprintf(entry, sizeof entry, "Fn now\n");
	return strstr(manual, entry) && example;
}

/* The table has what the manual lists, and the manual what is in the table. */
static void test_table(void)
{
	static char manual[1 << 17];
	FILE *f = fopen("man/stream-expr.7", "r");
	size_t len = f ? fread(manual, 1, sizeof manual - 1, f) : 0, listed = 0;
	CHECK(len > 1000 && len < sizeof manual - 1);
	for (size_t i = 0; i < function_table_count; i++)
		for (const struct function *fn = function_tables[i]; fn->name; fn++) {
			bool right = is_documented(manual, fn->name) && fn->help && *fn->help &&
				     !strncmp(fn->usage, fn->name, strlen(fn->name));
			if (!right)
				fprintf(stderr, "%s\n", fn->name);
			CHECK(right);
			CHECK(function_find(fn->name, strlen(fn->name)) == fn);
		}
	for (char *p = manual; (p = strstr(p, "\n.It Fn ")); p++) {
		char *end = strchr(p + 1, '\n');
		for (char *q = p; (q = strstr(q, "Fn ")) && q < end; q++) {
			size_t n = strcspn(q + 3, " \n");
			if (!function_find(q + 3, n))
				fprintf(stderr, "%.*s is in the manual only\n", (int)n, q + 3);
			CHECK(function_find(q + 3, n));
			listed++;
		}
	}
	CHECK(listed > 60);
	if (f)
		fclose(f);
}

static void test_manual(void)
{
	FILE *f = fopen("man/stream-expr.7", "r");
	char *line = NULL;
	size_t cap = 0, examples = 0;
	CHECK(f);
	while (f && getline(&line, &cap, f) > 0) {
		char *arrow = strstr(line, " \\(-> ");
		if (!arrow)
			continue;
		char *want = arrow + 6, *end = arrow;
		want[strcspn(want, "\n")] = 0;
		while (end > line && end[-1] == ' ')
			end--;
		*end = 0;
		unescape(line);
		unescape(want);
		GIVES(line, want);
		examples++;
	}
	CHECK(examples > 60);
	free(line);
	if (f)
		fclose(f);
}

int main(void)
{
	batch_init(&row);
	sample(&row);
	test_numbers();
	test_durations();
	test_comparisons();
	test_logic();
	test_strings();
	test_functions();
	test_arguments();
	test_fields();
	test_mistakes();
	test_warnings();
	test_names();
	test_statements();
	test_table();
	test_manual();
	batch_release(&row);
	return test_done();
}
