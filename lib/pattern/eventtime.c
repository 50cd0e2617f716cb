#include "pattern/eventtime.h"

#include <string.h>

#include "base/timestamp.h"
#include "format/json.h"

int event_time_parse(const char *text, struct event_time *t, struct error *e)
{
	const char *equals = strchr(text, '=');
	*t = (struct event_time){.field = text, .field_len = equals ? (size_t)(equals - text) : strlen(text)};
	if (!t->field_len)
		return error_set(e, ERR_USAGE, "`%s` names no field: FIELD or FIELD=FORMAT, as in ts=%%d/%%b/%%Y",
				 text);
	if (!equals)
		return OK;
	t->format = equals + 1;
	if (!*t->format)
		return error_set(e, ERR_USAGE, "`%s` has an empty format: FIELD=FORMAT, as in ts=%%d/%%b/%%Y", text);
	return timestamp_format_check(t->format, e);
}

/* A number as text: `1700000000.25`. */
static bool read_digits(struct value v, int64_t *ns)
{
	struct value number;
	if (number_read(v.s, v.s + v.len, &number) != v.s + v.len)
		return false;
	return number.type == TYPE_INT ? timestamp_from_decimal(number.i, number.scale, ns)
				       : timestamp_from_number(number_double(number), ns);
}

static bool read_text(struct event_time *t, struct value v, int64_t base, int64_t *ns)
{
	bool kept = v.len && v.len <= EVENT_TIME_TEXT_MAX;
	if (kept && v.len == t->text_len && base == t->base && !memcmp(v.s, t->text, v.len)) {
		*ns = t->ns;
		return true;
	}
	size_t used = t->format ? timestamp_scan(v.s, v.len, t->format, base, ns) : timestamp_read(v.s, v.len, ns);
	if (!v.len || (used != v.len && (t->format || !read_digits(v, ns))))
		return false;
	if (kept) {
		memcpy(t->text, v.s, v.len);
		t->text_len = v.len;
		t->base = base;
		t->ns = *ns;
	}
	return true;
}

static bool read_number(struct event_time *t, struct value v, int64_t base, int64_t *ns)
{
	char text[NUMBER_TEXT_MAX];
	if (v.type == TYPE_NUMBER)
		return t->format ? read_text(t, v, base, ns) : timestamp_from_number(number_double(v), ns);
	if (t->format) {
		size_t len = v.type == TYPE_INT ? int_text(v.i, v.scale, text) : float_text(v.f, text);
		return read_text(t, value_string(text, len), base, ns);
	}
	return v.type == TYPE_INT ? timestamp_from_decimal(v.i, v.scale, ns) : timestamp_from_number(v.f, ns);
}

const char *event_time_read(struct event_time *t, struct value v, int64_t base, int64_t *ns)
{
	switch (v.type) {
	case TYPE_TIME: *ns = v.i; return NULL;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: return read_number(t, v, base, ns) ? NULL : "is no time";
	case TYPE_STRING:
		return read_text(t, v, base, ns) ? NULL : t->format ? "is no time of that format" : "is no time";
	case TYPE_ABSENT: return "is not there";
	case TYPE_NULL: return "is null";
	default: return "is no time";
	}
}

/* Where the field is: a column, and the path behind its name. */
struct place {
	const struct column *column;
	const char *path;
	size_t path_len;
};

static struct place find_field(const struct event_time *t, const struct batch *b)
{
	struct place p = {batch_field(b, t->field, t->field_len), NULL, 0};
	if (batch_find(b, t->field, t->field_len) >= 0 || meta_find(t->field, t->field_len) >= 0)
		return p;
	size_t head = 0;
	while (head < t->field_len && t->field[head] != '.' && t->field[head] != '[')
		head++;
	if (head == 0 || head == t->field_len)
		return p;
	return (struct place){batch_field(b, t->field, head), t->field + head, t->field_len - head};
}

static struct value read_place(const struct place *p, struct batch *b, uint32_t row)
{
	struct value v = column_get(p->column, row);
	if (!p->path)
		return v;
	return v.type == TYPE_JSON ? json_path(v.s, v.len, p->path, p->path_len, &b->arena) : value_absent();
}

static void reject(const struct event_time *t, struct batch *b, uint32_t row, struct value v, const char *why)
{
	bool shown = v.type == TYPE_STRING && v.len <= 200;
	batch_reject_row(b, row, "%.*s%s%.*s%s %s", (int)t->field_len, t->field, shown ? " `" : "",
			 shown ? (int)v.len : 0, shown ? v.s : "", shown ? "`" : "", why);
}

uint32_t event_time_apply(struct event_time *t, struct batch *b, int64_t base)
{
	struct place place = find_field(t, b);
	uint32_t count = batch_count(b), kept = 0;
	struct value *times = arena_array(&b->arena, b->rows, sizeof *times);
	uint32_t *sel = arena_array(&b->arena, count, sizeof *sel);
	memset(times, 0, b->rows * sizeof *times);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(b, i);
		struct value v = read_place(&place, b, row);
		int64_t ns;
		const char *why = event_time_read(t, v, base, &ns);
		if (why) {
			reject(t, b, row, v, why);
			continue;
		}
		times[row] = value_time(ns);
		sel[kept++] = row;
	}
	if (kept < count)
		batch_select(b, sel, kept);
	struct column *meta = &b->meta[META_TIME];
	*meta = (struct column){.name = meta->name, .name_len = meta->name_len, .form = COLUMN_VALUES, .values = times};
	return count - kept;
}
