/* What partial results are of: the field `partial`, written, read and compared. */
#include <stdio.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "format/json.h"
#include "record/batch_rows.h"

static const char *const state_names[AGG_STATE_COUNT] = {
	[AGG_COUNT] = "count", [AGG_PRESENT] = "count",     [AGG_SUM] = "sum",     [AGG_MOMENTS] = "moments",
	[AGG_MIN] = "min",     [AGG_MAX] = "max",           [AGG_FIRST] = "first", [AGG_LAST] = "last",
	[AGG_SKETCH] = "p",    [AGG_DISTINCT] = "distinct", [AGG_TOP] = "top",     [AGG_COLLECT] = "collect",
};

/* Fields of the WINDOW frame that say what the windows are. */
static const char *const window_fields[] = {"kind", "size", "slide", "gap", "count", "offset", "lateness", "zone"};

enum { WINDOW_FIELDS = sizeof window_fields / sizeof *window_fields, PATH_MAX_LEN = 64 };

/* -- writing -- */

/* `sum(bytes)`; all values of a quantile that keeps them are `values(rt)`. */
static void accumulator_text(const struct table *t, uint32_t i, struct buf *out)
{
	const struct accumulator *a = &t->accumulators[i];
	bool values = a->state == AGG_SKETCH && t->shape.exact;
	buf_string_append(out, values ? "values" : state_names[a->state]);
	if (a->source >= 0)
		buf_printf(out, "(%s)", a->text);
}

static void put_window(const struct window_spec *spec, struct buf *out)
{
	struct batch b;
	batch_init(&b);
	window_write(spec, &b);
	buf_string_append(out, ",\"window\":{");
	for (int f = 0; f < WINDOW_FIELDS; f++) {
		struct value v = batch_get(&b, 0, window_fields[f]);
		if (value_is_missing(v))
			continue;
		buf_printf(out, "%s\"%s\":", f ? "," : "", window_fields[f]);
		json_write(v, out);
	}
	for (size_t i = 0; i < spec->by_count; i++) {
		buf_string_append(out, i ? "," : ",\"by\":[");
		json_write_string(spec->by[i], strlen(spec->by[i]), out);
	}
	buf_string_append(out, spec->by_count ? "]}" : "}");
	batch_release(&b);
}

struct value table_about(struct table *t)
{
	struct buf *out = &t->about;
	if (!out->len) {
		struct buf text = BUF_INIT;
		buf_printf(out, "{\"version\":%d", STATE_VERSION);
		if (t->has_window)
			put_window(&t->spec, out);
		buf_string_append(out, ",\"by\":[");
		for (uint32_t k = 0; k < t->key_count; k++) {
			buf_string_append(out, k ? "," : "");
			json_write_string(t->key_names[k], strlen(t->key_names[k]), out);
		}
		buf_string_append(out, "],\"of\":[");
		for (uint32_t i = 0; i < t->shape.agg_count; i++) {
			buf_clear(&text);
			accumulator_text(t, i, &text);
			buf_string_append(out, i ? "," : "");
			json_write_string(text.data, text.len, out);
		}
		buf_string_append(out, "]}");
		buf_release(&text);
	}
	return value_text(TYPE_JSON, out->data, out->len);
}

/* -- reading -- */

static struct value get(struct value about, const char *path, struct arena *a)
{
	return json_path(about.s, about.len, path, strlen(path), a);
}

static struct value get_item(struct value about, const char *list, uint32_t i, struct arena *a)
{
	char path[PATH_MAX_LEN];
	snprintf(path, sizeof path, "%s[%u]", list, i);
	return get(about, path, a);
}

/* The specification that they were made by, as a WINDOW frame would have brought it. */
static int read_window(struct value about, struct arena *a, struct window_spec *spec, struct error *e)
{
	struct batch b;
	struct field fields[WINDOW_FIELDS + 1];
	char path[PATH_MAX_LEN];
	batch_init(&b);
	for (int f = 0; f < WINDOW_FIELDS; f++) {
		snprintf(path, sizeof path, ".window.%s", window_fields[f]);
		fields[f] = (struct field){window_fields[f], get(about, path, a)};
	}
	for (uint32_t i = 0;; i++) {
		struct value by = get_item(about, ".window.by", i, a);
		if (i && by.type == TYPE_ABSENT)
			break;
		fields[i ? 0 : WINDOW_FIELDS] = (struct field){"by", by};
		batch_add_row(&b, fields, i ? 1 : WINDOW_FIELDS + 1);
	}
	int code = window_read(&b, a, spec, e);
	batch_release(&b);
	return code ? error_prefix(e, "partial results") : code;
}

/* -- comparing -- */

static bool same_text(struct value v, const char *text, size_t len)
{
	return v.type == TYPE_STRING && v.len == len && !memcmp(v.s, text, len);
}

static int differ(struct value theirs, const char *ours, const char *what, struct error *e)
{
	bool none = theirs.type != TYPE_STRING;
	return error_set(
		e, ERR_USAGE,
		"these partial results can't be merged here: they have %s%.*s%s where this has %s; give --partial "
		"and --merge the same %s",
		none ? "" : "`", none ? 7 : (int)theirs.len, none ? "nothing" : theirs.s, none ? "" : "`", ours, what);
}

static int compare_keys(const struct table *t, struct value about, struct arena *a, struct error *e)
{
	for (uint32_t k = 0; k <= t->key_count; k++) {
		struct value theirs = get_item(about, ".by", k, a);
		const char *ours = k < t->key_count ? t->key_names[k] : NULL;
		if (ours ? same_text(theirs, ours, strlen(ours)) : theirs.type == TYPE_ABSENT)
			continue;
		return differ(theirs, ours ? arena_printf(a, "`-b %s`", ours) : "no such key", "-b", e);
	}
	return OK;
}

static int compare_states(const struct table *t, struct value about, struct arena *a, struct error *e)
{
	int code = OK;
	struct buf text = BUF_INIT;
	for (uint32_t i = 0; i <= t->shape.agg_count && !code; i++) {
		struct value theirs = get_item(about, ".of", i, a);
		bool ours = i < t->shape.agg_count;
		buf_clear(&text);
		if (ours)
			accumulator_text(t, i, &text);
		if (ours ? same_text(theirs, text.data, text.len) : theirs.type == TYPE_ABSENT)
			continue;
		code = differ(theirs, ours ? arena_printf(a, "`%s`", buf_string(&text)) : "nothing",
			      t->shape.exact ? "aggregates and --exact" : "aggregates", e);
	}
	buf_release(&text);
	return code;
}

static void describe_window(const struct window_spec *spec, struct buf *out, char name[WINDOW_TEXT_MAX])
{
	memcpy(name, "none", 5);
	if (!spec)
		return;
	put_window(spec, out);
	window_text(spec, name);
}

bool table_same_window(struct table *t, const struct window_spec *spec, char ours[WINDOW_TEXT_MAX],
		       char theirs[WINDOW_TEXT_MAX])
{
	struct buf text = BUF_INIT, other = BUF_INIT;
	describe_window(t->has_window ? &t->spec : NULL, &text, ours);
	describe_window(spec, &other, theirs);
	bool same = text.len == other.len && (!text.len || !memcmp(text.data, other.data, text.len));
	buf_release(&text);
	buf_release(&other);
	return same;
}

static int compare_windows(struct table *t, const struct window_spec *spec, struct error *e)
{
	char ours[WINDOW_TEXT_MAX], theirs[WINDOW_TEXT_MAX];
	if (table_same_window(t, spec, ours, theirs))
		return OK;
	return error_set(e, ERR_USAGE, "partial results of different windows can't be merged: `%s`%s, and `%s` before",
			 theirs, strcmp(ours, theirs) ? "" : " with another offset, lateness, zone or -b", ours);
}

static int check_window(struct table *t, struct value about, struct arena *a, struct error *e)
{
	struct window_spec spec;
	bool windowed = get(about, ".window", a).type != TYPE_ABSENT;
	if (windowed && read_window(about, a, &spec, e))
		return e->code;
	if (windowed && !t->has_window && !t->pane_count)
		return table_window(t, &spec, e);
	return compare_windows(t, windowed ? &spec : NULL, e);
}

static int check(struct table *t, struct value about, struct arena *a, struct error *e)
{
	struct value version = get(about, ".version", a);
	if (version.type != TYPE_INT || version.scale)
		return error_set(e, ERR_FAILED, "no partial result: `partial` has no version");
	if (version.i != STATE_VERSION)
		return error_set(
			e, ERR_USAGE,
			"partial results of version %lld, and this stream-agg merges version %d: make and merge them "
			"by one release",
			(long long)version.i, STATE_VERSION);
	int code = compare_keys(t, about, a, e);
	if (!code)
		code = compare_states(t, about, a, e);
	return code ? code : check_window(t, about, a, e);
}

int table_check_about(struct table *t, struct value about, struct error *e)
{
	struct buf *seen = &t->about_seen;
	if (about.type != TYPE_JSON && about.type != TYPE_STRING)
		return error_set(e, ERR_FAILED, "no partial result: it has no field `partial`");
	if (seen->len == about.len && seen->len && !memcmp(seen->data, about.s, about.len))
		return OK;
	struct arena a = {0};
	int code = check(t, about, &a, e);
	arena_release(&a);
	if (code)
		return code;
	buf_clear(seen);
	buf_append(seen, about.s, about.len);
	return OK;
}
