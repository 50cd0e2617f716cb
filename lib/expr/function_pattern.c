/* Functions with patterns: sub, gsub, redact, extract, split. */
#include <string.h>

#include "codec/regex.h"
#include "expr/function.h"
#include "expr/text.h"
#include "expr/utf8.h"
#include "format/json.h"

/* A match, at the greatest `from`; groups beyond `count` took no part. */
struct found {
	const size_t *spans;
	int count;
};

static void add_group(struct text *t, const char *s, struct found f, uint64_t group)
{
	if (group < (uint64_t)f.count && f.spans[2 * group] != REGEX_UNSET)
		text_add(t, s + f.spans[2 * group], f.spans[2 * group + 1] - f.spans[2 * group]);
}

static int group_number(const struct regex *r, const char *name, size_t len)
{
	for (uint32_t g = 1; g <= regex_group_count(r); g++) {
		const char *has = regex_group_name(r, g);
		if (has && strlen(has) == len && !memcmp(has, name, len))
			return (int)g;
	}
	return -1;
}

/* `$1`, `${name}`, `$$` at p; returns what is behind it, or p if it is none. */
static const char *add_reference(struct text *t, const struct regex *r, const char *p, const char *end, const char *s,
				 struct found f)
{
	const char *q = p + 1;
	if (q < end && *q == '$') {
		text_add(t, "$", 1);
		return q + 1;
	}
	bool brace = q < end && *q == '{';
	const char *name = q += brace, *close = brace ? memchr(q, '}', (size_t)(end - q)) : NULL;
	uint64_t group = 0;
	for (; q < end && *q >= '0' && *q <= '9' && group < 1000; q++)
		group = group * 10 + (uint64_t)(*q - '0');
	if (q > name && (!brace || q == close)) {
		add_group(t, s, f, group);
		return q + brace;
	}
	int named = close ? group_number(r, name, (size_t)(close - name)) : -1;
	if (named < 0)
		return p;
	add_group(t, s, f, (uint64_t)named);
	return close + 1;
}

static void add_replacement(struct text *t, const struct regex *r, struct value to, const char *s, struct found f)
{
	const char *p = to.s, *end = p + to.len;
	while (p < end) {
		const char *dollar = memchr(p, '$', (size_t)(end - p));
		if (!dollar) {
			text_add(t, p, (size_t)(end - p));
			return;
		}
		text_add(t, p, (size_t)(dollar - p));
		p = add_reference(t, r, dollar, end, s, f);
		if (p == dollar) {
			text_add(t, "$", 1);
			p++;
		}
	}
}

/* Where to look on after a match: an empty one must not be found again. */
static size_t step(struct value s, size_t at)
{
	uint32_t code;
	return at < s.len ? at + utf8_get(s.s + at, s.s + s.len, &code) : at + 1;
}

enum { FIRST = 0, ALL = 1, AS_IT_IS = 2 /* no references in `to` */ };

static struct value substitute(struct eval *ev, const struct node *n, const struct value *a, struct value to, int how)
{
	struct regex *r = n->args[1]->regex;
	struct text t = {.arena = ev->arena};
	struct error e;
	size_t kept = 0, at = 0;
	bool any = false;
	while (at <= a[0].len) {
		struct found f;
		f.count = regex_match(r, a[0].s, a[0].len, at, &f.spans, &e);
		if (f.count < 0)
			return eval_error(ev, n, "%s", e.text);
		if (!f.count)
			break;
		size_t begin = f.spans[0], end = f.spans[1];
		text_add(&t, a[0].s + kept, begin - kept);
		if (how & AS_IT_IS)
			text_add(&t, to.s, to.len);
		else
			add_replacement(&t, r, to, a[0].s, f);
		if (t.len > TEXT_RESULT_MAX)
			break;
		any = true;
		kept = end;
		at = end > begin ? end : step(a[0], end);
		if (!(how & ALL))
			break;
	}
	if (!any)
		return a[0];
	text_add(&t, a[0].s + kept, a[0].len - kept);
	return text_value(ev, n, TYPE_STRING, &t);
}

static struct value call_sub(struct eval *ev, const struct node *n, const struct value *a)
{
	return substitute(ev, n, a, a[2], FIRST);
}

static struct value call_gsub(struct eval *ev, const struct node *n, const struct value *a)
{
	return substitute(ev, n, a, a[2], ALL);
}

static struct value call_redact(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value to = n->arg_count > 2 ? a[2] : value_string("[redacted]", 10);
	return substitute(ev, n, a, to, ALL | AS_IT_IS);
}

/* The group asked for: by number, by name; without: the first, or the whole if there is none. -1: there is no such. */
static int64_t wanted_group(const struct node *n, const struct value *a, const struct regex *r)
{
	uint32_t count = regex_group_count(r);
	int64_t g;
	if (n->arg_count < 3)
		return count ? 1 : 0;
	if (a[2].type == TYPE_STRING)
		return group_number(r, a[2].s, a[2].len);
	return value_is_number(a[2]) && number_int64(a[2], &g) && g >= 0 && g <= count ? g : -1;
}

static struct value call_extract(struct eval *ev, const struct node *n, const struct value *a)
{
	struct regex *r = n->args[1]->regex;
	const size_t *spans;
	struct error e;
	int64_t group = wanted_group(n, a, r);
	if (group < 0)
		return eval_error(ev, n, "the pattern has no such group");
	int count = regex_match(r, a[0].s, a[0].len, 0, &spans, &e);
	if (count < 0)
		return eval_error(ev, n, "%s", e.text);
	if (group >= count || spans[2 * group] == REGEX_UNSET)
		return value_null();
	return value_string(a[0].s + spans[2 * group], spans[2 * group + 1] - spans[2 * group]);
}

/* -- split -- */

/* The next separator from `at` on: its ends. 1; 0 if there is none; an error. */
static int next_separator(const struct node *n, const struct value *a, size_t at, size_t *begin, size_t *end,
			  struct error *e)
{
	struct regex *r = n->args[1]->pattern ? n->args[1]->regex : NULL;
	if (!r) {
		const char *p = a[1].len && at < a[0].len ? memmem(a[0].s + at, a[0].len - at, a[1].s, a[1].len) : NULL;
		if (!p)
			return 0;
		*begin = (size_t)(p - a[0].s);
		*end = *begin + a[1].len;
		return 1;
	}
	/* An empty match separates characters, but nothing before the first or behind the last. */
	for (size_t from = at; from <= a[0].len; from = step(a[0], from)) {
		const size_t *spans;
		int got = regex_match(r, a[0].s, a[0].len, from, &spans, e);
		if (got <= 0)
			return got;
		*begin = spans[0];
		*end = spans[1];
		if (*end > *begin || (*begin > at && *end < a[0].len))
			return 1;
	}
	return 0;
}

static struct value call_split(struct eval *ev, const struct node *n, const struct value *a)
{
	struct buf out = BUF_INIT;
	struct error e;
	size_t at = 0, begin, end;
	int got;
	buf_byte(&out, '[');
	while ((got = next_separator(n, a, at, &begin, &end, &e)) > 0) {
		json_write_string(a[0].s + at, begin - at, &out);
		buf_byte(&out, ',');
		at = end;
	}
	json_write_string(a[0].s + at, a[0].len - at, &out);
	buf_byte(&out, ']');
	struct value v;
	if (got < 0)
		v = eval_error(ev, n, "%s", e.text);
	else if (out.len > UINT32_MAX)
		v = eval_error(ev, n, "the result is longer than 4 GiB");
	else
		v = value_text(TYPE_JSON, arena_copy(ev->arena, out.data, out.len), out.len);
	buf_release(&out);
	return v;
}

static struct value slice(struct value s, size_t begin, size_t end)
{
	return value_string(s.s + begin, end - begin);
}

/* split(s, sep)[i], without the array; -1 is the last. Null where there is none. */
static struct value call_split_part(struct eval *ev, const struct node *n, const struct value *a)
{
	struct error e;
	size_t at = 0, begin, end;
	int64_t want = a[2].i, count = 1;
	int got;
	if (want < 0) {
		while ((got = next_separator(n, a, at, &begin, &end, &e)) > 0) {
			at = end;
			count++;
		}
		if (got < 0)
			return eval_error(ev, n, "%s", e.text);
		want += count;
	}
	if (want < 0)
		return value_null();
	for (at = 0; (got = next_separator(n, a, at, &begin, &end, &e)) > 0; at = end)
		if (want-- == 0)
			return slice(a[0], at, begin);
	if (got < 0)
		return eval_error(ev, n, "%s", e.text);
	return want == 0 ? slice(a[0], at, a[0].len) : value_null();
}

const struct function function_split_part = {
	"split", "spi", "split(s, separator)[i]", "an array of the parts", call_split_part, 0, OP_CALL};

bool function_is_split(const struct function *f)
{
	return f && f->call == call_split;
}

const struct function functions_pattern[] = {
	{"sub", "srs", "sub(s, /pattern/, to)", "the first match becomes to", call_sub, 0, OP_CALL},
	{"gsub", "srs", "gsub(s, /pattern/, to)", "every match becomes to", call_gsub, 0, OP_CALL},
	{"redact", "sr|s", "redact(s, /pattern/[, with])", "every match is blotted out", call_redact, 0, OP_CALL},
	{"extract", "sr|a", "extract(s, /pattern/[, group])", "a group of the first match", call_extract, 0, OP_CALL},
	{"split", "sp", "split(s, separator)", "an array of the parts", call_split, 0, OP_CALL},
	{0},
};
