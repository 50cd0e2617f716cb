/* Functions on strings. Positions and lengths count characters; a byte that is no UTF-8 counts as one. */
#include <string.h>
#include <wctype.h>

#include "codec/hash.h"
#include "expr/function.h"
#include "expr/utf8.h"

static int64_t characters(const char *p, const char *end)
{
	int64_t n = 0;
	for (uint32_t code; p < end; n++)
		p += (unsigned char)*p < 0x80 ? 1 : utf8_get(p, end, &code);
	return n;
}

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
		return value_int(characters(a->s, a->s + a->len));
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

static struct value call_trim(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *p = a->s, *end = p + a->len;
	(void)ev, (void)n;
	while (p < end && is_blank(*p))
		p++;
	while (p < end && is_blank(end[-1]))
		end--;
	return value_string(p, (size_t)(end - p));
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

static const char *skip_characters(const char *p, const char *end, int64_t count)
{
	for (uint32_t code; p < end && count > 0; count--)
		p += utf8_get(p, end, &code);
	return p;
}

static struct value call_substr(struct eval *ev, const struct node *n, const struct value *a)
{
	const char *p = a[0].s, *end = p + a[0].len;
	int64_t start = a[1].i, length = n->arg_count > 2 ? a[2].i : INT64_MAX;
	if (length < 0)
		return eval_error(ev, n, "the length is negative");
	if (start < 0) {
		start += characters(p, end);
		start = start < 0 ? 0 : start;
	}
	p = skip_characters(p, end, start);
	return value_string(p, (size_t)(skip_characters(p, end, length) - p));
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

static struct value call_xxh3(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)n;
	return value_string(arena_printf(ev->arena, "%016llx", (unsigned long long)hash64(a->s, a->len)), 16);
}

const struct function functions_text[] = {
	{"length", "a", "length(s)", call_length, 0, OP_CALL},
	{"lower", "s", "lower(s)", call_lower, 0, OP_CALL},
	{"upper", "s", "upper(s)", call_upper, 0, OP_CALL},
	{"trim", "s", "trim(s)", call_trim, 0, OP_CALL},
	{"starts_with", "ss", "starts_with(s, t)", call_starts_with, 0, OP_CALL},
	{"ends_with", "ss", "ends_with(s, t)", call_ends_with, 0, OP_CALL},
	{"contains", "ss", "contains(s, t)", call_contains, 0, OP_CALL},
	{"substr", "si|i", "substr(s, start[, length])", call_substr, 0, OP_CALL},
	{"replace", "sss", "replace(s, from, to)", call_replace, 0, OP_CALL},
	{"xxh3", "b", "xxh3(s)", call_xxh3, 0, OP_CALL},
	{0},
};
