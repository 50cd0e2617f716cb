/*
 * Patterns against what others found in the same lines: the fields of loghub's structured tables, and recorded
 * assertions about grok. Skipped where ../shared/data is not there.
 */
#include "base/mem.h"
#include "format/text.h"
#include "pattern/pattern.h"
#include "pattern_run.h"

#define DATA "../shared/data/"

static bool load(const char *path, struct buf *text)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		printf("SKIPPED: no %s\n", path);
		return false;
	}
	size_t n;
	while ((n = fread(buf_reserve(text, 1 << 16), 1, 1 << 16, f)))
		text->len += n;
	fclose(f);
	buf_reserve(text, DECODE_SLACK);
	return true;
}

/* All records of a text; b borrows from it. */
static bool decode_all(enum format format, const char *text, size_t len, struct batch *b)
{
	struct error e;
	size_t used = 0;
	struct decoder *d = decoder_new(format, NULL);
	int code = d->ops->decode(d, text, len, true, BATCH_ROWS_MAX, b, &used, &e);
	decoder_free(d);
	return code == OK && used == len && !b->reject_count;
}

static struct value field(const struct batch *b, uint32_t row, const char *name)
{
	return column_get(batch_field(b, name, strlen(name)), row);
}

/* As text; a missing one is empty. */
static bool same_text(struct value a, struct value b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	value_plain(a, &x);
	value_plain(b, &y);
	bool same = x.len == y.len && (!x.len || !memcmp(x.data, y.data, x.len));
	buf_release(&x);
	buf_release(&y);
	return same;
}

/* -- loghub -- */

struct loghub {
	const char *log, *table, *pattern;
	const char *pairs[5][2]; /* our field, theirs */
};

/* Theirs is trimmed, and has the client of an error log before the message. */
static bool same_trimmed(struct value ours, struct value theirs)
{
	const char *close;
	if (theirs.type == TYPE_STRING && theirs.len > 8 && !memcmp(theirs.s, "[client ", 8) &&
	    (close = memchr(theirs.s, ']', theirs.len)))
		theirs = value_string(close + 2, (size_t)(theirs.s + theirs.len - close - 2));
	while (ours.type == TYPE_STRING && ours.len && ours.s[ours.len - 1] == ' ')
		ours.len--;
	for (; ours.type == TYPE_STRING && ours.len && *ours.s == ' '; ours.s++)
		ours.len--;
	return same_text(ours, theirs);
}

static void check_loghub(const struct loghub *l)
{
	struct buf log = BUF_INIT, table = BUF_INIT;
	struct batch truth;
	struct run r;
	uint32_t row = 0, wrong = 0;
	batch_init(&truth);
	run_open(&r, l->pattern);
	if (!load(l->log, &log) || !load(l->table, &table))
		goto done;
	CHECK(decode_all(FORMAT_CSV, table.data, table.len, &truth));
	for (const char *at = log.data, *end = log.data + log.len, *stop; at < end; at = stop + 1, row++) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		size_t len = (size_t)(stop - at) - (stop > at && stop[-1] == '\r');
		batch_clear(&r.batch);
		pattern_begin(r.pattern, &r.batch);
		bool good = pattern_apply(r.pattern, at, len, 1, &r.reason) == PATTERN_MATCHED;
		good = good && field(&r.batch, 0, "@time").type == TYPE_TIME;
		for (int i = 0; good && i < 5 && l->pairs[i][0]; i++)
			good = same_trimmed(field(&r.batch, 0, l->pairs[i][0]), field(&truth, row, l->pairs[i][1]));
		wrong += !good;
		if (!good && wrong <= 5)
			fprintf(stderr, "%s: `%.*s`\n", l->pattern, (int)len, at);
	}
	printf("%s: %u lines, %u differ\n", l->log, row, wrong);
	CHECK(row == truth.rows && row == 2000);
	CHECK(wrong == 0);
done:
	run_close(&r);
	batch_release(&truth);
	buf_release(&log);
	buf_release(&table);
}

/* -- grok -- */

struct tally {
	uint32_t passed, failed, unknown;
};

/* What the event holds under a name: a field, or the line itself. */
static struct value event_field(const struct run *r, bool matched, const char *name, size_t len, struct value line)
{
	struct value v = matched ? column_get(batch_field(&r->batch, name, len), 0) : value_absent();
	return v.type == TYPE_ABSENT && len == 7 && !memcmp(name, "message", 7) ? line : v;
}

/* Whether v is what an assertion says: itself, null for absent, or the last of an array (the first is the line). */
static bool is_as_said(struct value v, struct value want)
{
	if (want.type != TYPE_JSON || *want.s != '[')
		return value_is_missing(want) ? value_is_missing(v) : same_text(v, want);
	struct buf text = BUF_INIT;
	struct batch list;
	batch_init(&list);
	buf_append(&text, want.s, want.len);
	buf_reserve(&text, DECODE_SLACK);
	CHECK(decode_all(FORMAT_JSON, text.data, text.len, &list) && list.rows);
	bool same = list.rows && same_text(v, field(&list, list.rows - 1, "value"));
	batch_release(&list);
	buf_release(&text);
	return same;
}

static bool includes(const struct run *r, bool matched, struct value line, const struct batch *args, struct value path)
{
	struct value word = field(args, 0, "value");
	if (word.type == TYPE_STRING && memmem(path.s, path.len, "tags", 4))
		return !matched;
	if (word.type == TYPE_STRING)
		return event_field(r, matched, word.s, word.len, line).type > TYPE_NULL;
	const struct shape *shape = batch_shape(args, 0);
	for (uint32_t i = 0; i < shape->count; i++) {
		const struct column *c = &args->columns[shape->columns[i]];
		if (!is_as_said(event_field(r, matched, c->name, c->name_len, line), column_get(c, 0)))
			return false;
	}
	return true;
}

static bool holds(const struct run *r, bool matched, struct value line, const struct batch *cases, uint32_t row)
{
	struct value op = field(cases, row, "op"), args_text = field(cases, row, "args"),
		     path = field(cases, row, "path");
	if (op.len == 4)
		return matched;
	struct buf text = BUF_INIT, path_text = BUF_INIT;
	struct batch args, names;
	batch_init(&args);
	batch_init(&names);
	buf_append(&text, args_text.s, args_text.len);
	buf_append(&path_text, path.s, path.len);
	buf_reserve(&text, DECODE_SLACK);
	buf_reserve(&path_text, DECODE_SLACK);
	bool good = decode_all(FORMAT_JSON, text.data, text.len, &args) && args.rows;
	if (good && op.len == 7) {
		good = includes(r, matched, line, &args, path);
	} else if (good) {
		CHECK(decode_all(FORMAT_JSON, path_text.data, path_text.len, &names) && names.rows == 1);
		struct value name = field(&names, 0, "value");
		good = is_as_said(event_field(r, matched, name.s, name.len, line), field(&args, 0, "value"));
	}
	batch_release(&args);
	batch_release(&names);
	buf_release(&text);
	buf_release(&path_text);
	return good;
}

/* A bare name becomes a reference; `exact` is anchored. NULL: there is no such name here. */
static bool make_grok(struct value pattern, bool exact, struct buf *out)
{
	bool bare = !memmem(pattern.s, pattern.len, "%{", 2);
	char *name = mem_copy(pattern.s, pattern.len);
	struct buf ignored = BUF_INIT;
	bool known = !bare || pattern_show(name, &ignored, NULL) == OK;
	buf_release(&ignored);
	free(name);
	buf_printf(out, "%s%s%.*s%s%s", exact ? "^" : "", bare ? "%{" : "", (int)pattern.len, pattern.s,
		   bare ? ":whole}" : "", exact ? "$" : "");
	return known;
}

static void check_case(const struct batch *cases, uint32_t row, struct tally *t)
{
	struct value mode = field(cases, row, "mode"), line = field(cases, row, "message");
	struct buf grok = BUF_INIT;
	bool known = make_grok(field(cases, row, "pattern"), field(cases, row, "exact").i, &grok);
	if (!known || (mode.type == TYPE_STRING && mode.len == 6 && !memcmp(mode.s, "ecs-v1", 6))) {
		t->unknown++;
		buf_release(&grok);
		return;
	}
	struct run r;
	run_open_as(&r, buf_string(&grok), true);
	pattern_begin(r.pattern, &r.batch);
	bool matched = pattern_apply(r.pattern, line.s, line.len, 0, &r.reason) == PATTERN_MATCHED;
	bool good = holds(&r, matched, line, cases, row) != field(cases, row, "negate").i;
	t->passed += good;
	t->failed += !good;
	if (!good)
		fprintf(stderr, "case %u: %s on `%.*s`: %smatched\n", row + 1, grok.data, (int)line.len, line.s,
			matched ? "" : "not ");
	run_close(&r);
	buf_release(&grok);
}

static void test_grok_cases(void)
{
	struct buf text = BUF_INIT;
	struct batch cases;
	struct tally t = {0};
	batch_init(&cases);
	if (load(DATA "grok/cases.jsonl", &text)) {
		CHECK(decode_all(FORMAT_JSON, text.data, text.len, &cases));
		for (uint32_t row = 0; row < cases.rows; row++)
			check_case(&cases, row, &t);
		printf("grok: %u cases hold, %u do not, %u are of names or field names that are not ours\n", t.passed,
		       t.failed, t.unknown);
		CHECK(t.failed == 0);
		CHECK(t.passed > 140);
	}
	batch_release(&cases);
	buf_release(&text);
}

int main(void)
{
	static const struct loghub logs[] = {
		{DATA "loghub/OpenSSH/OpenSSH_2k.log",
		 DATA "loghub/OpenSSH/OpenSSH_2k.log_structured.csv",
		 "syslog",
		 {{"host", "Component"}, {"pid", "Pid"}, {"message", "Content"}}},
		{DATA "loghub/Linux/Linux_2k.log",
		 DATA "loghub/Linux/Linux_2k.log_structured.csv",
		 "syslog",
		 {{"host", "Level"}, {"program", "Component"}, {"pid", "PID"}, {"message", "Content"}}},
		{DATA "loghub/Apache/Apache_2k.log",
		 DATA "loghub/Apache/Apache_2k.log_structured.csv",
		 "apache-error",
		 {{"time", "Time"}, {"level", "Level"}, {"message", "Content"}}},
	};
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
		check_loghub(&logs[i]);
	test_grok_cases();
	return test_done();
}
