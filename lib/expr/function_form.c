/* Functions that give texts a form: pad, repeat, mask, format. */
#include <math.h>
#include <stdio.h>

#include "expr/arith.h"
#include "expr/function.h"
#include "expr/text.h"
#include "expr/utf8.h"

enum { WIDTH_MAX = 1 << 20, PLACES_MAX = VALUE_SCALE_MAX };

/* `count` characters of the run that repeats `fill`. */
static void add_fill(struct text *t, struct value fill, int64_t count)
{
	const char *end = fill.s + fill.len;
	for (const char *p = fill.s; count > 0; count--) {
		const char *next = utf8_skip(p, end, 1);
		text_add(t, p, (size_t)(next - p));
		p = next == end ? fill.s : next;
	}
}

static struct value padded(struct eval *ev, const struct node *n, const struct value *a, bool left)
{
	struct value s = plain_text(ev, a[0]), fill = n->arg_count > 2 ? a[2] : value_string(" ", 1);
	int64_t missing = a[1].i - utf8_count(s.s, s.s + s.len);
	if (a[1].i > WIDTH_MAX)
		return eval_error(ev, n, "the width is more than %d", WIDTH_MAX);
	if (missing <= 0 || !fill.len)
		return s;
	struct text t = {.arena = ev->arena};
	if (left)
		add_fill(&t, fill, missing);
	text_add(&t, s.s, s.len);
	if (!left)
		add_fill(&t, fill, missing);
	return text_value(ev, n, TYPE_STRING, &t);
}

static struct value call_lpad(struct eval *ev, const struct node *n, const struct value *a)
{
	return padded(ev, n, a, true);
}

static struct value call_rpad(struct eval *ev, const struct node *n, const struct value *a)
{
	return padded(ev, n, a, false);
}

static struct value call_repeat(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	if (a[1].i < 0)
		return eval_error(ev, n, "the count is negative");
	if (a[0].len && a[1].i > WIDTH_MAX / a[0].len)
		return eval_error(ev, n, "the result is longer than 1 MiB");
	char *to = text_reserve(&t, a[0].len * (size_t)(a[0].len ? a[1].i : 0));
	for (int64_t i = 0; a[0].len && i < a[1].i; i++, t.len += a[0].len)
		memcpy(to + t.len, a[0].s, a[0].len);
	return text_value(ev, n, TYPE_STRING, &t);
}

static struct value call_reverse(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)n;
	char *text = arena_alloc(ev->arena, a->len), *to = text + a->len;
	uint32_t code;
	for (const char *p = a->s, *end = p + a->len; p < end;) {
		size_t size = utf8_get(p, end, &code);
		to -= size;
		memcpy(to, p, size);
		p += size;
	}
	return value_string(text, a->len);
}

/* All but the last (a negative number: the first) characters become the third argument. */
static struct value call_mask(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value s = plain_text(ev, a[0]), with = n->arg_count > 2 ? a[2] : value_string("*", 1);
	const char *end = s.s + s.len;
	int64_t keep = n->arg_count > 1 ? a[1].i : 0, count = utf8_count(s.s, end);
	bool first = keep < 0;
	keep = first ? keep < -count ? count : -keep : keep > count ? count : keep;
	const char *edge = utf8_skip(s.s, end, first ? keep : count - keep);
	struct text t = {.arena = ev->arena};
	if (first)
		text_add(&t, s.s, (size_t)(edge - s.s));
	for (int64_t i = keep; i < count; i++)
		text_add(&t, with.s, with.len);
	if (!first)
		text_add(&t, edge, (size_t)(end - edge));
	return text_value(ev, n, TYPE_STRING, &t);
}

/* -- format -- */

/* What stands in braces: [<|>][0][WIDTH][.PLACES] behind a colon. */
struct field {
	char align; /* 0: numbers to the right, texts to the left */
	bool zeros;
	int64_t width;
	int places; /* -1: as it is */
};

static int64_t field_number(const char **p, const char *end)
{
	int64_t i = 0;
	for (; *p < end && **p >= '0' && **p <= '9' && i < WIDTH_MAX; ++*p)
		i = i * 10 + (**p - '0');
	return i;
}

/* p is behind the opening brace; returns what is behind the closing one, or NULL. */
static const char *field_read(const char *p, const char *end, struct field *f)
{
	*f = (struct field){.places = -1};
	if (p < end && *p == ':') {
		p++;
		if (p < end && (*p == '<' || *p == '>'))
			f->align = *p++;
		f->zeros = p < end && *p == '0';
		f->width = field_number(&p, end);
		if (p + 1 < end && *p == '.' && p[1] >= '0' && p[1] <= '9') {
			p++;
			f->places = (int)field_number(&p, end);
		}
	}
	return p < end && *p == '}' && f->places <= PLACES_MAX && f->width < WIDTH_MAX ? p + 1 : NULL;
}

/* A number with exactly so many decimals. */
static struct value fixed_text(struct eval *ev, const struct node *n, struct value v, int places)
{
	struct text t = {.arena = ev->arena};
	v = number_round(ev, n, v, places);
	if (v.type == TYPE_ERROR)
		return v;
	if (v.type != TYPE_INT) {
		char *to = text_reserve(&t, 350);
		t.len = (size_t)snprintf(to, 350, "%.*f", places, number_double(v));
		return text_value(ev, n, TYPE_STRING, &t);
	}
	t.len = int_text(v.i, v.scale, text_reserve(&t, NUMBER_TEXT_MAX));
	if (places && !v.scale)
		text_byte(&t, '.');
	for (int i = v.scale; i < places; i++)
		text_byte(&t, '0');
	return text_value(ev, n, TYPE_STRING, &t);
}

static struct value add_field(struct eval *ev, const struct node *n, struct text *t, const struct field *f,
			      struct value v)
{
	bool number = value_is_number(v);
	if (f->places >= 0 && !number)
		return eval_error(ev, n, "decimals are for a number, not for %s", value_type_name(v));
	struct value s = f->places >= 0 ? fixed_text(ev, n, v, f->places) : plain_text(ev, v);
	if (s.type == TYPE_ERROR)
		return s;
	int64_t missing = f->width - utf8_count(s.s, s.s + s.len);
	bool right = f->align ? f->align == '>' : number;
	if (f->zeros && number && right) {
		bool sign = s.len && s.s[0] == '-';
		text_add(t, s.s, sign);
		add_fill(t, value_string("0", 1), missing);
		text_add(t, s.s + sign, s.len - sign);
		return s;
	}
	if (right)
		add_fill(t, value_string(" ", 1), missing);
	text_add(t, s.s, s.len);
	if (!right)
		add_fill(t, value_string(" ", 1), missing);
	return s;
}

static struct value call_format(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	uint32_t used = 1;
	for (const char *p = a->s, *end = p + a->len; p < end;) {
		struct field f;
		if ((*p == '{' || *p == '}') && p + 1 < end && p[1] == *p) {
			text_byte(&t, *p);
			p += 2;
			continue;
		}
		if (*p != '{') {
			text_byte(&t, *p++);
			continue;
		}
		p = field_read(p + 1, end, &f);
		if (!p)
			return eval_error(ev, n, "what is in braces is like {} {:8} {:<8} {:08} {:.2}; a brace is {{");
		if (used == n->arg_count)
			return eval_error(ev, n, "there are more braces than arguments");
		struct value v = add_field(ev, n, &t, &f, a[used++]);
		if (v.type == TYPE_ERROR)
			return v;
	}
	if (used < n->arg_count)
		return eval_error(ev, n, "there are more arguments than braces");
	return text_value(ev, n, TYPE_STRING, &t);
}

const struct function functions_form[] = {
	{"lpad", "ai|s", "lpad(x, width[, fill])", "filled up at the front", call_lpad, 0, OP_CALL},
	{"rpad", "ai|s", "rpad(x, width[, fill])", "filled up at the end", call_rpad, 0, OP_CALL},
	{"repeat", "si", "repeat(s, count)", "s so many times", call_repeat, 0, OP_CALL},
	{"reverse", "s", "reverse(s)", "the last character first", call_reverse, 0, OP_CALL},
	{"format", "sa*", "format(template, x, ...)", "each {} or {:8.2} becomes the next argument", call_format, 0,
	 OP_CALL},
	{"mask", "a|is", "mask(x[, keep[, with]])", "stars for all but the last characters", call_mask, 0, OP_CALL},
	{0},
};
