#include "expr/function.h"

#include <stdio.h>
#include <string.h>

#include "base/opt.h"

const struct function functions_choice[] = {
	{"if", "aaa", "if(condition, then, else)", "one of two values", NULL, 0, OP_IF},
	{"try", "aa", "try(expression, instead)", "what to take where the first is an error", NULL, 0, OP_TRY},
	{"present", "f", "present(field)", "whether the record has it", NULL, 0, OP_PRESENT},
	{0},
};

const struct function *const function_tables[] = {
	functions_choice, functions_text,    functions_form, functions_pattern, functions_number,
	functions_time,   functions_convert, functions_code, functions_json,    functions_place,
};
const size_t function_table_count = sizeof function_tables / sizeof *function_tables;

const struct function *function_find(const char *name, size_t len)
{
	for (size_t i = 0; i < function_table_count; i++)
		for (const struct function *f = function_tables[i]; f->name; f++)
			if (strlen(f->name) == len && !memcmp(f->name, name, len))
				return f;
	return NULL;
}

/* What other languages call it, and what it is here. */
static const char *known_elsewhere(const char *name, size_t len)
{
	static const char *const words[][2] = {
		{"len", "length(s)"},
		{"size", "length(s)"},
		{"strlen", "length(s)"},
		{"count", "stream-agg count"},
		{"sum", "stream-agg, which aggregates"},
		{"avg", "stream-agg, which aggregates"},
		{"ifnull", "a ?? b"},
		{"coalesce", "a ?? b"},
		{"nvl", "a ?? b"},
		{"isnull", "x == null"},
		{"is_null", "x == null"},
		{"exists", "present(field)"},
		{"not", "!"},
		{"number", "int(x) or float(x)"},
		{"str", "string(x)"},
		{"tostring", "string(x)"},
		{"match", "s =~ /pattern/"},
		{"ceiling", "ceil(x)"},
		{"ln", "log(x)"},
		{"concat", "a + b"},
		{"tolower", "lower(s)"},
		{"toupper", "upper(s)"},
		{"date_trunc", "trunc(time, 1h), or trunc(time, \"month\")"},
		{"hash", "xxh3(s)"},
		{"char_length", "length(s)"},
		{"lcase", "lower(s)"},
		{"ucase", "upper(s)"},
		{"downcase", "lower(s)"},
		{"ascii_downcase", "lower(s)"},
		{"ascii_upcase", "upper(s)"},
		{"strip", "trim(s)"},
		{"lstrip", "ltrim(s)"},
		{"rstrip", "rtrim(s)"},
		{"btrim", "trim(s)"},
		{"startswith", "starts_with(s, t)"},
		{"endswith", "ends_with(s, t)"},
		{"substring", "substr(s, start[, length])"},
		{"left", "substr(s, 0, length)"},
		{"right", "substr(s, -length)"},
		{"instr", "index(s, t)"},
		{"strpos", "index(s, t)"},
		{"position", "index(s, t)"},
		{"locate", "index(s, t)"},
		{"indexof", "index(s, t)"},
		{"leftpad", "lpad(s, width)"},
		{"rightpad", "rpad(s, width)"},
		{"printf", "format(\"{} and {}\", a, b)"},
		{"sprintf", "format(\"{} and {}\", a, b)"},
		{"fmtnum", "format(\"{:.2}\", x)"},
		{"ssub", "replace(s, from, to)"},
		{"regexp_replace", "gsub(s, /pattern/, to)"},
		{"regex_replace", "gsub(s, /pattern/, to)"},
		{"regexp_extract", "extract(s, /pattern/, group)"},
		{"regex_extract", "extract(s, /pattern/, group)"},
		{"capture", "extract(s, /pattern/, group)"},
		{"regexp", "s =~ /pattern/"},
		{"test", "s =~ /pattern/"},
		{"split_index", "split(s, separator)[i]"},
		{"splitax", "split(s, separator)"},
		{"tonumber", "int(x) or float(x)"},
		{"to_json", "json_encode(x)"},
		{"tojson", "json_encode(x)"},
		{"parse_json", "json(s)"},
		{"fromjson", "json(s)"},
		{"json_decode", "json(s)"},
		{"hex", "hex_encode(s)"},
		{"unhex", "hex_decode(s)"},
		{"base64", "base64_encode(s)"},
		{"to_base64", "base64_encode(s)"},
		{"from_base64", "base64_decode(s)"},
		{"unbase64", "base64_decode(s)"},
		{"urlencode", "url_encode(s)"},
		{"urldecode", "url_decode(s)"},
		{"log10", "log(x, 10)"},
		{"log2", "log(x, 2)"},
		{"power", "pow(x, y)"},
		{"mod", "a % b"},
		{"signum", "sign(x)"},
		{"timestamp", "time(x)"},
		{"to_timestamp", "time(x), or strptime(s, format)"},
		{"date_format", "strftime(time, format)"},
		{"todate", "string(time)"},
		{"floor_time", "trunc(time, 1h)"},
		{"dayofmonth", "day(time)"},
		{"dayofweek", "weekday(time)"},
		{"dayofyear", "yearday(time)"},
		{"epoch", "int(time), or float(time)"},
		{"unix_timestamp", "int(time)"},
		{"systime", "now()"},
		{"sysdate", "now()"},
		{"between", "x >= a && x <= b"},
		{"hmac", "hmac_sha256(s, key)"},
		{"sha", "sha256(s)"},
		{"sha2", "sha256(s)"},
		{"crc32", "xxh3(s)"},
		{"cidrmatch", "cidr(ip, network)"},
		{"cidr_match", "cidr(ip, network)"},
		{"distance", "haversine(lat1, lon1, lat2, lon2)"},
		{"case", "if(condition, then, else)"},
		{"iif", "if(condition, then, else)"},
		{"typeof", "type(x)"},
		{"is_present", "present(field)"},
		{"array_contains", "has(array, x)"},
		{"has_key", "has(object, key)"},
		{"map", "object(key, x, ...)"},
		{"struct", "object(key, x, ...)"},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i][0]) == len && !memcmp(words[i][0], name, len))
			return words[i][1];
	return NULL;
}

void function_hint(const char *name, size_t len, char *out, size_t cap)
{
	const char *names[160], *known = known_elsewhere(name, len);
	size_t count = 0;
	*out = 0;
	if (known) {
		snprintf(out, cap, "; that is %s", known);
		return;
	}
	for (size_t i = 0; i < function_table_count; i++)
		for (const struct function *f = function_tables[i]; f->name && count < sizeof names / sizeof *names;
		     f++)
			names[count++] = f->name;
	const char *near = nearest_word(name, len, names, count);
	if (near)
		snprintf(out, cap, "; did you mean %s?", near);
}

char function_arg(const struct function *f, uint32_t i)
{
	char last = 0;
	for (const char *p = f->args; *p; p++) {
		if (*p == '|')
			continue;
		if (*p == '*')
			return last;
		last = *p;
		if (!i--)
			return last;
	}
	return 0;
}

static const char *arg_name(char want)
{
	switch (want) {
	case 's':
	case 'c':
	case 'd':
	case 'D':
	case 'z':
	case 'p': return "a string";
	case 'b': return "a string or bytes";
	case 'n': return "a number";
	case 'i': return "a whole number";
	case 't': return "a time";
	default: return "a value";
	}
}

static bool arg_fits(char want, struct value v)
{
	int64_t i;
	switch (want) {
	case 's':
	case 'c':
	case 'd':
	case 'D':
	case 'z':
	case 'p': return v.type == TYPE_STRING;
	case 'b': return v.type == TYPE_STRING || v.type == TYPE_BYTES;
	case 'n': return value_is_number(v);
	case 'i': return value_is_number(v) && number_int64(v, &i);
	case 't': return v.type == TYPE_TIME;
	default: return true;
	}
}

static const char *arg_hint(char want, struct value v)
{
	if (want == 't')
		return "; time() makes one";
	if (strchr("spbcdD", want) && value_is_number(v))
		return "; string() makes one";
	if (strchr("ni", want) && v.type == TYPE_STRING)
		return "; int() and float() read one";
	return "";
}

/* Reads a time from a constant, gives whole numbers as ints. An error where the argument is of the wrong type. */
static struct value prepare(struct eval *ev, const struct node *n, uint32_t i, struct value v)
{
	char want = function_arg(n->function, i);
	int64_t whole;
	if (want == 't')
		v = beside_time(ev, n->args[i], v, value_time(0));
	if (v.type == TYPE_ERROR)
		return v;
	if (!arg_fits(want, v))
		return eval_error(ev, n, "%s wants %s, not %s%s", n->function->name, arg_name(want),
				  want == 'i' && value_is_number(v) ? "a number with a fraction" : value_type_name(v),
				  arg_hint(want, v));
	return want == 'i' && number_int64(v, &whole) ? value_int(whole) : v;
}

struct value function_apply(struct eval *ev, const struct node *n, const struct value *args)
{
	const struct function *f = n->function;
	struct value ready[ARGS_MAX];
	bool missing = false;
	for (uint32_t i = 0; i < n->arg_count; i++) {
		if (args[i].type == TYPE_ERROR)
			return args[i];
		missing |= value_is_missing(args[i]);
	}
	if (f->flags & FUNCTION_MISSING)
		return f->call(ev, n, args);
	if (missing)
		return value_null();
	for (uint32_t i = 0; i < n->arg_count; i++) {
		ready[i] = prepare(ev, n, i, args[i]);
		if (ready[i].type == TYPE_ERROR)
			return ready[i];
	}
	return f->call(ev, n, ready);
}
