#include "agg/call.h"

#include <string.h>

enum { TOP_DEFAULT = 10, TOP_MAX = 10000 };

const char *const agg_function_names[] = {"count",  "sum",    "avg",      "min",      "max", "first", "last",    "var",
					  "stddev", "median", "quantile", "distinct", "top", "rate",  "collect", NULL};

struct signature {
	const char *name;
	enum function function;
	uint8_t least, most; /* arguments */
};

static const struct signature signatures[] = {
	{"count", CALL_COUNT, 0, 1},     {"sum", CALL_SUM, 1, 1},           {"avg", CALL_AVG, 1, 1},
	{"min", CALL_MIN, 1, 1},         {"max", CALL_MAX, 1, 1},           {"first", CALL_FIRST, 1, 1},
	{"last", CALL_LAST, 1, 1},       {"var", CALL_VAR, 1, 1},           {"stddev", CALL_STDDEV, 1, 1},
	{"median", CALL_QUANTILE, 1, 1}, {"quantile", CALL_QUANTILE, 2, 2}, {"distinct", CALL_DISTINCT, 1, 1},
	{"top", CALL_TOP, 1, 2},         {"rate", CALL_RATE, 0, 1},         {"collect", CALL_COLLECT, 1, 1},
};

static const struct signature percentile = {"p", CALL_QUANTILE, 1, 1};

static bool is_percentile(const char *name, size_t len)
{
	if (len < 2 || len > VALUE_SCALE_MAX || name[0] != 'p')
		return false;
	for (size_t i = 1; i < len; i++)
		if (name[i] < '0' || name[i] > '9')
			return false;
	return true;
}

static const struct signature *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
		if (strlen(signatures[i].name) == len && !memcmp(signatures[i].name, name, len))
			return &signatures[i];
	return is_percentile(name, len) ? &percentile : NULL;
}

bool agg_is_function(const char *name, size_t len)
{
	return find(name, len) != NULL;
}

/* p5, p99, p999: the digits behind the first two are decimals of a percent. */
static int read_percentile(const char *name, struct quantile *q, struct error *e)
{
	size_t digits = strlen(name) - 1;
	int64_t number = 0;
	for (size_t i = 1; i <= digits; i++)
		number = number * 10 + (name[i] - '0');
	if (!strcmp(name, "p100") || !number)
		return error_set(e, ERR_USAGE, "%s: write %s", name, number ? "max(x)" : "min(x)");
	*q = (struct quantile){number, digits == 1 ? 2 : (unsigned)digits};
	return OK;
}

/* An argument that reads no field: its value, the same for all records. */
static int read_constant(const struct statement *s, size_t i, struct arena *a, struct value *v, struct error *e)
{
	const char *const *names;
	if (expr_fields(s->args[i], &names))
		return error_set(e, ERR_USAGE, "%s: argument %zu of %s must be a constant", s->text, i + 1,
				 s->function);
	struct batch b;
	batch_init(&b);
	batch_end(&b, (batch_begin(&b), (uint32_t)batch_shape_of(&b, NULL, 0)), 0);
	expr_eval(s->args[i], &b, NULL, 1, v);
	*v = value_keep(*v, a);
	batch_release(&b);
	return OK;
}

static int read_quantile(const struct statement *s, struct value v, struct quantile *q, struct error *e)
{
	char text[NUMBER_TEXT_MAX];
	double f = value_is_number(v) ? number_double(v) : -1;
	if (!(f >= 0 && f <= 1))
		return error_set(e, ERR_USAGE,
				 "%s: the second argument of quantile goes from 0 to 1, as in quantile(rt, 0.99)",
				 s->text);
	/* A decimal of 18 places says as much as any double in this range. */
	if (v.type != TYPE_INT) {
		size_t len = float_text(f, text);
		if (number_read(text, text + len, &v) != text + len || v.type != TYPE_INT)
			v = value_decimal((int64_t)(f * 1e15 + 0.5), 15);
	}
	*q = (struct quantile){v.i, v.scale};
	return OK;
}

static int read_top(const struct statement *s, struct value v, uint32_t *n, struct error *e)
{
	int64_t i;
	if (!value_is_number(v) || !number_int64(v, &i) || i < 1 || i > TOP_MAX)
		return error_set(e, ERR_USAGE, "%s: the second argument of top is a whole number from 1 to %d", s->text,
				 TOP_MAX);
	*n = (uint32_t)i;
	return OK;
}

static int read_second(const struct statement *s, struct call *c, struct error *e)
{
	struct arena a = {0};
	struct value v;
	int code = read_constant(s, 1, &a, &v, e);
	if (!code)
		code = c->function == CALL_TOP ? read_top(s, v, &c->n, e) : read_quantile(s, v, &c->q, e);
	arena_release(&a);
	return code;
}

int call_parse(const struct statement *s, struct call *c, struct error *e)
{
	const struct signature *f = find(s->function, strlen(s->function));
	if (!f)
		return error_set(e, ERR_USAGE, "there is no aggregate %s", s->function);
	if (s->arg_count < f->least || s->arg_count > f->most)
		return error_set(e, ERR_USAGE, "%s: %s takes %s", s->text, s->function,
				 f->most == 2 ? f->least == 2 ? "two arguments" : "one argument or two"
				 : f->least   ? "one argument"
					      : "one argument or none");
	*c = (struct call){.function = f->function, .has_argument = s->arg_count != 0, .q = {5, 1}, .n = TOP_DEFAULT};
	if (f == &percentile)
		return read_percentile(s->function, &c->q, e);
	return s->arg_count == 2 ? read_second(s, c, e) : OK;
}

const char *call_name(const struct statement *s, struct arena *a)
{
	size_t len = strlen(s->text), n = 0;
	char *name = arena_alloc(a, len + 1);
	bool gap = false;
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)s->text[i];
		bool keep = ch >= 0x80 || ch == '@' || (ch >= '0' && ch <= '9') ||
			    ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z');
		if (keep && gap && n)
			name[n++] = '_';
		if (keep)
			name[n++] = (char)ch;
		gap = !keep;
	}
	name[n] = 0;
	return name;
}
