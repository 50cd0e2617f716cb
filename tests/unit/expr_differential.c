/*
 * Random expressions over random columns: the vector path with its kernels and dictionaries must agree with the scalar
 * path, row by row, whatever form the columns have, whatever is selected, whatever the size of the batch. Values that a
 * dense form can't hold are turned into ones that it can, and the same values are given to the scalar path as VALUES.
 * SEED=N in the environment repeats a run.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "expr/eval.h"
#include "expr/expr.h"
#include "expr/function.h"
#include "test.h"

static uint64_t state;
static long cases; /* expressions that were tried */

static uint32_t pick(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

/* -- expressions -- */

static const char *const names[] = {"a", "b", "c", "d"};
enum { FIELDS = 4 };

static const char *const constants[] = {
	"0",
	"1",
	"-1",
	"200",
	"500",
	"0.5",
	"1.10",
	"1.1",
	"-3.25",
	"1E2",
	"9223372036854775807",
	"-9223372036854775808",
	"12345678901234567890",
	"1e400",
	"0.1",
	"65535",
	"255",
	"256",
	"1e-30",
	"true",
	"false",
	"null",
	"\"\"",
	"\"x\"",
	"\"GET\"",
	"\"500\"",
	"\"2026-01-01\"",
	"time(1767225600)",
	"5m",
	"300",
};

static const char *one_of(const char *const *list, size_t count)
{
	return list[pick((uint32_t)count)];
}

static void make(struct buf *out, int depth);

static void make_constant(struct buf *out)
{
	buf_string_append(out, one_of(constants, sizeof constants / sizeof *constants));
}

static void make_leaf(struct buf *out)
{
	if (pick(3))
		buf_string_append(out, one_of(names, FIELDS));
	else
		make_constant(out);
}

static void make_argument(struct buf *out, char want, int depth)
{
	static const char *const patterns[] = {"/[0-9]+/", "/(.)(x)?/", "/^G|T$/", "/ */", "\"T\""};
	static const char *const texts[] = {
		"\"\"",           "\"x\"",    "\"GET\"",          "\" {} {:6.1}\"",   "\"10.1.2.3\"",
		"\"10.0.0.0/8\"", "\"AAA=\"", "\"[1,null,[2]]\"", "\"\\u00e4b%20+\"", "\"00ff\"",
		"\"fd00::1\""};
	static const char *const zones[] = {"\"UTC\"", "\"Europe/Berlin\"", "\"+05:30\""};
	static const char *const formats[] = {"\"%F %T\"", "\"%s\"", "\"%Y-%m-%d\"", "\"%a %d %b %j %z %Z\""};
	switch (want) {
	case 'r': buf_string_append(out, one_of(patterns, 5)); return;
	case 'z': buf_string_append(out, one_of(zones, 3)); return;
	case 'f': buf_string_append(out, one_of(names, FIELDS)); return;
	case 'd':
	case 'D': buf_string_append(out, one_of(formats, 3 + (want == 'd'))); return;
	case 'p':
		if (pick(2)) {
			buf_string_append(out, one_of(patterns, 5));
			return;
		}
		break;
	case 'i':
		if (pick(2)) {
			buf_printf(out, "%d", (int)pick(40) - 8);
			return;
		}
		break;
	default: break;
	}
	/* Of the type that is wanted more often than not, lest all be errors. */
	if (strchr("sbp", want) && pick(2))
		buf_string_append(out, one_of(texts, sizeof texts / sizeof *texts));
	else
		make(out, depth - 1);
}

/* Any function of the table, with as many arguments as it takes. */
static void make_call(struct buf *out, int depth)
{
	const struct function *f;
	do {
		f = function_tables[pick((uint32_t)function_table_count)];
		for (uint32_t skip = pick(20); skip && f[1].name; skip--)
			f++;
	} while (!strcmp(f->name, "now"));
	size_t least = strcspn(f->args, "|"), most = strlen(f->args) - (f->args[least] == '|');
	if (strchr(f->args, '*')) {
		least = most - 1;
		most = least + 2;
	}
	uint32_t count = (uint32_t)least + pick((uint32_t)(most - least) + 1);
	buf_printf(out, "%s(", f->name);
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			buf_byte(out, ',');
		make_argument(out, function_arg(f, i), depth);
	}
	buf_byte(out, ')');
	if (!strcmp(f->name, "split") && pick(2))
		buf_printf(out, "[%d]", (int)pick(4) - 1);
}

static void make_in(struct buf *out, int depth)
{
	make(out, depth - 1);
	buf_string_append(out, " in (");
	bool constant = pick(3);
	for (uint32_t i = 0, n = 1 + pick(12); i < n; i++) {
		if (i)
			buf_byte(out, ',');
		if (constant)
			make_constant(out);
		else
			make_leaf(out);
	}
	buf_byte(out, ')');
}

/* A comparison of the kind that has a kernel. */
static void make_simple(struct buf *out)
{
	static const char *const ops[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
	bool turned = pick(4) == 0;
	if (turned)
		make_constant(out);
	else
		buf_string_append(out, one_of(names, FIELDS));
	buf_string_append(out, one_of(ops, 6));
	if (turned)
		buf_string_append(out, one_of(names, FIELDS));
	else
		make_constant(out);
}

static void make_binary(struct buf *out, int depth)
{
	static const char *const ops[] = {" + ",  " - ", " * ",  " / ",  " // ", " % ",  " == ", " != ", " < ",
					  " <= ", " > ", " >= ", " && ", " || ", " ?? ", " && ", " || "};
	make(out, depth - 1);
	buf_string_append(out, one_of(ops, sizeof ops / sizeof *ops));
	make(out, depth - 1);
}

static void make(struct buf *out, int depth)
{
	if (depth <= 0) {
		make_leaf(out);
		return;
	}
	buf_byte(out, '(');
	switch (pick(12)) {
	case 10:
	case 11:
	case 0: make_call(out, depth); break;
	case 1: make_in(out, depth); break;
	case 2:
		buf_byte(out, pick(2) ? '!' : '-');
		make(out, depth - 1);
		break;
	case 3:
		buf_string_append(out, "if(");
		make(out, depth - 1);
		buf_byte(out, ',');
		make(out, depth - 1);
		buf_byte(out, ',');
		make(out, depth - 1);
		buf_byte(out, ')');
		break;
	case 4:
		buf_string_append(out, one_of(names, FIELDS));
		buf_string_append(out, pick(2) ? " =~ /[0-9]/" : " !~ /^G/");
		break;
	case 5:
	case 6: make_simple(out); break;
	default: make_binary(out, depth);
	}
	buf_byte(out, ')');
}

/* -- columns -- */

static struct value random_number(void)
{
	static const char *const texts[] = {
		"1E5", "1E2", "-0", "12345678901234567890", "1e400", "-9223372036854775808"};
	switch (pick(8)) {
	case 0: return value_int((int64_t)((uint64_t)pick(UINT32_MAX) << 32 | pick(UINT32_MAX)));
	case 1: return value_int(pick(2) ? INT64_MAX : INT64_MIN);
	case 2: return value_decimal((int64_t)pick(2000) - 1000, pick(5));
	case 3: return value_float(((double)pick(2000) - 1000) / 8);
	case 4: {
		struct value v;
		const char *s = one_of(texts, sizeof texts / sizeof *texts);
		number_read(s, s + strlen(s), &v);
		return v;
	}
	case 5: return value_int((int64_t)pick(70000) - 1000);
	default: return value_int((int64_t)pick(4) * 100 + 200);
	}
}

static struct value random_text(void)
{
	static const char *const texts[] = {"", "x", "GET", "POST", "500", "2026-01-01", "a b", "\xc3\xa4"};
	const char *s = one_of(texts, sizeof texts / sizeof *texts);
	return value_string(s, strlen(s));
}

static struct value random_value(uint32_t kind)
{
	switch (kind) {
	case 0: return random_number();
	case 1: return random_text();
	case 2: return value_bool(pick(2));
	case 3: return value_time(INT64_C(1767225600000000000) + ((int64_t)pick(3) - 1) * 1000000000);
	case 4: return pick(2) ? value_null() : value_absent();
	case 5: return value_text(TYPE_BYTES, "\0x", 2);
	default: return value_text(TYPE_JSON, "[1,2]", 5);
	}
}

/* Values for COLUMN_VALUES, of one kind or of several. */
static void fill_values(struct value *v, uint32_t rows)
{
	uint32_t kind = pick(8);
	for (uint32_t i = 0; i < rows; i++)
		v[i] = kind == 7 ? random_value(pick(7)) : pick(12) ? random_value(kind % 4) : random_value(4);
}

static const uint8_t *random_marks(struct arena *a, uint32_t rows)
{
	if (pick(2))
		return NULL;
	uint8_t *marks = arena_alloc(a, rows);
	for (uint32_t i = 0; i < rows; i++)
		marks[i] = pick(5) ? MARK_VALUE : (uint8_t)(1 + pick(2));
	return marks;
}

static struct column dense_ints(struct arena *a, uint32_t rows)
{
	static const uint8_t widths[] = {1, 2, 4, 8}, types[] = {TYPE_INT, TYPE_INT, TYPE_INT, TYPE_BOOL, TYPE_TIME};
	struct column c = {.form = COLUMN_INT, .type = types[pick(5)], .width = widths[pick(4)]};
	if (c.type == TYPE_BOOL)
		c.width = 1;
	if (c.type == TYPE_INT) {
		c.scale = pick(2) ? 0 : (uint8_t)pick(4);
		c.bias = pick(2) ? 0 : (int64_t)pick(1000) - 500;
	} else if (c.type == TYPE_TIME) {
		c.bias = INT64_C(1767225600000000000) - (pick(2) ? 0 : 100);
	}
	char *raw = arena_alloc(a, (size_t)rows * c.width);
	for (uint32_t i = 0; i < rows; i++) {
		uint64_t v = c.type == TYPE_BOOL ? pick(2) : pick(3) ? pick(600) : (uint64_t)pick(UINT32_MAX) << 20;
		/* Of an 8-byte column the sum must be an int64 for there to be a meaning. */
		if (c.width == 8 && pick(4) == 0)
			v = 0 - (uint64_t)pick(600);
		memcpy(raw + (size_t)i * c.width, &v, c.width);
	}
	c.ints = raw;
	c.marks = random_marks(a, rows);
	return c;
}

static struct column dense_floats(struct arena *a, uint32_t rows)
{
	double *f = arena_array(a, rows, sizeof *f);
	for (uint32_t i = 0; i < rows; i++)
		f[i] = pick(4) ? ((double)pick(2000) - 1000) / 10 : pick(2) ? 1.1 : 0.1 * pick(4);
	return (struct column){.form = COLUMN_FLOAT, .floats = f, .marks = random_marks(a, rows)};
}

static struct column dense_texts(struct arena *a, uint32_t rows)
{
	static const uint8_t types[] = {TYPE_STRING, TYPE_STRING, TYPE_BYTES, TYPE_NUMBER};
	struct column c = {.form = COLUMN_TEXT, .type = types[pick(4)]};
	uint32_t *offsets = arena_array(a, rows + 1, sizeof *offsets);
	char *bytes = arena_alloc(a, (size_t)rows * 24);
	offsets[0] = 0;
	for (uint32_t i = 0; i < rows; i++) {
		struct value v = random_text();
		if (c.type == TYPE_NUMBER)
			v = pick(2) ? value_string("1E2", 3) : value_string("12345678901234567890", 20);
		memcpy(bytes + offsets[i], v.s, v.len);
		offsets[i + 1] = offsets[i] + v.len;
	}
	c.bytes = bytes;
	c.offsets = offsets;
	c.marks = random_marks(a, rows);
	return c;
}

static struct column dense_dict(struct arena *a, uint32_t rows)
{
	static const uint8_t widths[] = {1, 2, 4};
	struct column c = {.form = COLUMN_DICT, .width = widths[pick(3)], .dict_size = 1 + pick(40)};
	struct value *dict = arena_array(a, c.dict_size, sizeof *dict);
	fill_values(dict, c.dict_size);
	char *raw = arena_alloc(a, (size_t)rows * c.width);
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t code = pick(c.dict_size);
		memcpy(raw + (size_t)i * c.width, &code, c.width);
	}
	c.dict = dict;
	c.ints = raw;
	c.marks = random_marks(a, rows);
	return c;
}

static struct column random_column(struct arena *a, uint32_t rows)
{
	switch (pick(7)) {
	case 0:
	case 1: return dense_ints(a, rows);
	case 2: return dense_floats(a, rows);
	case 3: return dense_texts(a, rows);
	case 4: return dense_dict(a, rows);
	case 5: return column_const(random_value(pick(7)));
	default: {
		struct value *v = arena_array(a, rows, sizeof *v);
		fill_values(v, rows);
		return (struct column){.form = COLUMN_VALUES, .values = v};
	}
	}
}

static uint32_t random_rows(void)
{
	static const uint32_t sizes[] = {1, 2, 5, 17, 100, 1023, 1024, 1025, 2500};
	return sizes[pick(sizeof sizes / sizeof *sizes)];
}

/* The batch in random forms, and the same values as VALUES. */
static void make_batches(struct batch *dense, struct batch *plain, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++) {
		batch_begin(dense);
		batch_end(dense, (uint32_t)batch_shape_of(dense, NULL, 0), 0);
		batch_begin(plain);
		batch_end(plain, (uint32_t)batch_shape_of(plain, NULL, 0), 0);
	}
	for (uint32_t f = 0; f < FIELDS; f++) {
		if (pick(10) == 0)
			continue;
		struct column c = random_column(&dense->arena, rows);
		struct value *v = arena_array(&plain->arena, rows, sizeof *v);
		for (uint32_t i = 0; i < rows; i++)
			v[i] = column_get(&c, i);
		batch_set(dense, names[f], 1, c);
		batch_set(plain, names[f], 1, (struct column){.form = COLUMN_VALUES, .values = v});
	}
}

static uint32_t random_selection(struct batch *b, uint32_t *rows)
{
	uint32_t count = 0, of = 1 + pick(4);
	for (uint32_t i = 0; i < b->rows; i++)
		if (pick(4) < of)
			rows[count++] = i;
	return count;
}

static bool same(struct value a, struct value b)
{
	if (a.type != b.type)
		return false;
	if (a.type == TYPE_INT)
		return a.i == b.i && a.scale == b.scale;
	if (value_has_text(a))
		return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
	return a.type <= TYPE_NULL || a.i == b.i;
}

static void show(const char *source, uint32_t row, struct value got, struct value want)
{
	struct buf text = BUF_INIT;
	value_plain(got, &text);
	buf_string_append(&text, " instead of ");
	value_plain(want, &text);
	fprintf(stderr, "%s\n  row %u: %s %s (%s)\n", source, row, value_type_name(got), buf_string(&text),
		value_type_name(want));
	buf_release(&text);
}

/* What leaves for a row by the meaning alone, on plain values. */
static struct value meaning(struct expr *x, struct batch *plain, uint32_t row)
{
	struct eval ev;
	eval_begin(&ev, x, plain, 1);
	ev.plain = true;
	struct value v = scalar_eval(&ev, x->root, row);
	return v.type == TYPE_ABSENT && x->root->op != OP_FIELD ? value_null() : v;
}

static void check_eval(const char *source, struct expr *x, struct batch *dense, struct batch *plain)
{
	uint32_t *rows = arena_array(&dense->arena, dense->rows, sizeof *rows);
	bool all = pick(2);
	uint32_t count = all ? dense->rows : random_selection(dense, rows);
	struct value *out = arena_array(&dense->arena, count, sizeof *out);
	expr_eval(x, dense, all ? NULL : rows, count, out);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = all ? i : rows[i];
		struct value want = meaning(x, plain, row);
		CHECK(same(out[i], want));
		if (!same(out[i], want)) {
			show(source, row, out[i], want);
			break;
		}
	}
	CHECK(!x->scratch_used);
}

static void check_filter(const char *source, struct expr *x, struct batch *dense, struct batch *plain)
{
	uint32_t *rows = arena_array(&dense->arena, dense->rows, sizeof *rows);
	uint32_t *kept = arena_array(&dense->arena, dense->rows, sizeof *kept);
	if (pick(2))
		batch_select(dense, rows, random_selection(dense, rows));
	uint32_t n = expr_filter(x, dense, kept), at = 0, rejects = 0;
	bool right = true;
	for (uint32_t i = 0; i < batch_count(dense) && right; i++) {
		uint32_t row = batch_row(dense, i);
		struct value want = meaning(x, plain, row);
		uint8_t truth = truth_of(want);
		bool is_kept = at < n && kept[at] == row;
		bool is_reject = rejects < dense->reject_count && dense->rejects[rejects].row == row;
		right = is_kept == (truth == TRUTH_TRUE) && is_reject == (truth == TRUTH_ERROR);
		if (!right)
			show(source, row,
			     value_string(is_kept     ? "kept"
					  : is_reject ? "rejected"
						      : "dropped",
					  is_kept ? 4 : 7),
			     want);
		if (right && is_reject && want.type == TYPE_ERROR)
			right = strlen(dense->rejects[rejects].reason) == want.len &&
				!memcmp(dense->rejects[rejects].reason, want.s, want.len);
		at += is_kept;
		rejects += is_reject;
	}
	CHECK(right && at == n && rejects == dense->reject_count);
}

static void check_one(void)
{
	struct buf source = BUF_INIT;
	struct expr *x;
	struct error e;
	make(&source, (int)pick(4));
	const char *text = buf_string(&source);
	struct batch dense, plain;
	batch_init(&dense);
	batch_init(&plain);
	make_batches(&dense, &plain, random_rows());
	/* Some are refused at once, like `5 && a`: those are no cases. */
	if (!expr_parse(text, source.len, &x, &e)) {
		cases++;
		check_eval(text, x, &dense, &plain);
		check_filter(text, x, &dense, &plain);
		check_eval(text, x, &dense, &plain);
		expr_free(x);
	}
	batch_release(&dense);
	batch_release(&plain);
	buf_release(&source);
}

int main(void)
{
	const char *seed = getenv("SEED"), *rounds = getenv("ROUNDS");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
	long count = rounds ? strtol(rounds, NULL, 10) : 3000;
	for (long i = 0; i < count && test_failures < 20; i++) {
		state = (first + (uint64_t)i) * UINT64_C(0x9e3779b97f4a7c15) + 1;
		int before = test_failures;
		check_one();
		if (test_failures > before)
			fprintf(stderr, "SEED=%llu\n", (unsigned long long)(first + (uint64_t)i));
	}
	CHECK(cases * 2 > count || test_failures);
	return test_done();
}
