/* Functions on strings. Positions and lengths count characters; a byte that is no UTF-8 counts as one. */
#include <string.h>
#include <wctype.h>

#include "expr/function.h"
#include "expr/utf8.h"

/* Elements of an array, members of an object: the commas of the outermost level. The text is valid JSON. */
static int64_t members(const char *p, const char *end)
{
	int64_t commas = 0, depth = 0;
	bool any = false;
	for (; p < end; p++) {
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
			any = true;
		} else if (*p == '[' || *p == '{') {
			any |= depth++ > 0;
		} else if (*p == ']' || *p == '}') {
			depth--;
		} else if (*p == ',') {
			commas += depth == 1;
		} else {
			any |= *p > ' ';
		}
	}
	return any ? commas + 1 : 0;
}

static struct value call_length(struct eval *ev, const struct node *n, const struct value *a)
{
	if (a->type == TYPE_STRING)
		return value_int(utf8_count(a->s, a->s + a->len));
	if (a->type == TYPE_BYTES)
		return value_int(a->len);
	if (a->type == TYPE_JSON)
		return value_int(members(a->s, a->s + a->len));
	return eval_error(ev, n, "length wants a string, not %s", value_type_name(*a));
}

static locale_t unicode(struct expr *x)
{
	if (!x->locale)
		x->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return x->locale;
}

static uint32_t change_case(uint32_t code, bool up, locale_t locale)
{
	if (code < 0x80) {
		bool letter = up ? code >= 'a' && code <= 'z' : code >= 'A' && code <= 'Z';
		return letter ? code ^ 0x20 : code;
	}
	if (!locale)
		return code;
	return (uint32_t)(up ? towupper_l((wint_t)code, locale) : towlower_l((wint_t)code, locale));
}

static struct value with_case(struct eval *ev, const struct node *n, struct value s, bool up)
{
	if (s.len > UINT32_MAX / 4)
		return eval_error(ev, n, "a string of more than 1 GiB");
	/* A character may grow by its change of case (two bytes to three), so room for four each. */
	bool ascii = true;
	for (uint32_t i = 0; i < s.len; i++)
		ascii &= (unsigned char)s.s[i] < 0x80;
	char *text = arena_alloc(ev->arena, ascii ? s.len : (size_t)s.len * 4), *out = text;
	locale_t locale = ascii ? (locale_t)0 : unicode(ev->x);
	for (const char *p = s.s, *end = p + s.len; p < end;) {
		uint32_t code;
		size_t size = utf8_get(p, end, &code);
		if (code == UTF8_INVALID)
			*out++ = *p;
		else
			out += utf8_put(change_case(code, up, locale), out);
		p += size;
	}
	return value_string(text, (size_t)(out - text));
}

static struct value call_lower(struct eval *ev, const struct node *n, const struct value *a)
{
	return with_case(ev, n, *a, false);
}

static struct value call_upper(struct eval *ev, const struct node *n, const struct value *a)
{
	return with_case(ev, n, *a, true);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether the character at p, of `size` bytes, is one of those to be taken off: white space if none are given. */
static bool is_margin(const char *p, size_t size, const struct value *set)
{
	uint32_t code;
	if (!set)
		return size == 1 && is_blank(*p);
	for (const char *q = set->s, *end = q + set->len; q < end;) {
		size_t n = utf8_get(q, end, &code);
		if (n == size && !memcmp(p, q, n))
			return true;
		q += n;
	}
	return false;
}

/* Where the last character of [p, end) begins. */
static const char *last_character(const char *p, const char *end)
{
	uint32_t code;
	for (int back = 4; back > 1; back--)
		if (end - p >= back && utf8_get(end - back, end, &code) == (size_t)back)
			return end - back;
	return end - 1;
}

static struct value trimmed(const struct node *n, const struct value *a, bool front, bool back)
{
	const struct value *set = n->arg_count > 1 ? &a[1] : NULL;
	const char *p = a->s, *end = p + a->len;
	uint32_t code;
	for (size_t size; front && p < end && is_margin(p, size = utf8_get(p, end, &code), set); p += size)
		;
	while (back && p < end) {
		const char *last = last_character(p, end);
		if (!is_margin(last, (size_t)(end - last), set))
			break;
		end = last;
	}
	return value_string(p, (size_t)(end - p));
}

static struct value call_trim(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return trimmed(n, a, true, true);
}

static struct value call_ltrim(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return trimmed(n, a, true, false);
}

static struct value call_rtrim(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev;
	return trimmed(n, a, false, true);
}

/* In characters; null if it is not there. */
static struct value call_index(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	const char *found = !a[1].len ? a->s : a->len ? memmem(a->s, a->len, a[1].s, a[1].len) : NULL;
	return found || !a[1].len ? value_int(utf8_count(a->s, found)) : value_null();
}

static struct value call_starts_with(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_bool(a[1].len <= a[0].len && (!a[1].len || !memcmp(a[0].s, a[1].s, a[1].len)));
}

static struct value call_ends_with(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_bool(a[1].len <= a[0].len &&
			  (!a[1].len || !memcmp(a[0].s + a[0].len - a[1].len, a[1].s, a[1].len)));
}

static struct value call_contains(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)ev, (void)n;
	return value_bool(!a[1].len || (a[0].len && memmem(a[0].s, a[0].len, a[1].s, a[1].len)));
}

static struct value call_substr(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *p = a[0].s, *end = p + a[0].len;
	int64_t start = a[1].i, length = n->arg_count > 2 ? a[2].i : INT64_MAX;
	if (length < 0)
		return eval_error(ev, n, "the length is negative");
	if (start < 0) {
		start += utf8_count(p, end);
		start = start < 0 ? 0 : start;
	}
	p = utf8_skip(p, end, start);
	return value_string(p, (size_t)(utf8_skip(p, end, length) - p));
}

static struct value call_replace(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *p = a[0].s, *end = p + a[0].len;
	uint64_t count = 0;
	if (!a[1].len || !a[0].len)
		return a[0];
	for (const char *q = p; (q = memmem(q, (size_t)(end - q), a[1].s, a[1].len)); q += a[1].len)
		count++;
	if (!count)
		return a[0];
	uint64_t len = a[0].len - count * a[1].len;
	if (count > UINT32_MAX / (a[2].len + 1u) || (len += count * a[2].len) > UINT32_MAX)
		return eval_error(ev, n, "the result is longer than 4 GiB");
	char *text = arena_alloc(ev->arena, len), *out = text;
	for (const char *q; (q = memmem(p, (size_t)(end - p), a[1].s, a[1].len)); p = q + a[1].len) {
		out = mempcpy(out, p, (size_t)(q - p));
		if (a[2].len)
			out = mempcpy(out, a[2].s, a[2].len);
	}
	memcpy(out, p, (size_t)(end - p));
	return value_string(text, len);
}

const struct function functions_text[] = {
	{"length", "a", "length(s)", "how many characters, elements or members", call_length, 0, OP_CALL},
	{"lower", "s", "lower(s)", "in lower case", call_lower, 0, OP_CALL},
	{"upper", "s", "upper(s)", "in upper case", call_upper, 0, OP_CALL},
	{"trim", "s|s", "trim(s[, characters])", "without white space, or these, around it", call_trim, 0, OP_CALL},
	{"ltrim", "s|s", "ltrim(s[, characters])", "the same at the front", call_ltrim, 0, OP_CALL},
	{"rtrim", "s|s", "rtrim(s[, characters])", "the same at the end", call_rtrim, 0, OP_CALL},
	{"starts_with", "ss", "starts_with(s, t)", "whether t begins it", call_starts_with, 0, OP_CALL},
	{"ends_with", "ss", "ends_with(s, t)", "whether t ends it", call_ends_with, 0, OP_CALL},
	{"contains", "ss", "contains(s, t)", "whether t is in it", call_contains, 0, OP_CALL},
	{"index", "ss", "index(s, t)", "where t first stands; null if it does not", call_index, 0, OP_CALL},
	{"substr", "si|i", "substr(s, start[, length])", "a part; a negative start counts from the end", call_substr, 0,
	 OP_CALL},
	{"replace", "sss", "replace(s, from, to)", "every from becomes to", call_replace, 0, OP_CALL},
	{0},
};
