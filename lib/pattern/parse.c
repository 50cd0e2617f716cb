#include "pattern/parse.h"

#include <string.h>

#include "base/timestamp.h"

/* The rows of `to`, and the rows of `from` that they came from. */
struct work {
	struct parse *parse;
	const struct batch *from;
	struct batch *to;
	const struct column *line;
	uint32_t *origin;
	uint32_t consumed;
};

/* False when `to` has no room for it. */
static bool parse_row(struct work *w, uint32_t row)
{
	struct batch *to = w->to;
	struct value v = column_get(w->line, row);
	uint64_t number = w->from->lines ? w->from->lines[row] : 0;
	const char *reason = NULL;
	uint32_t at = to->rows;
	if (v.type != TYPE_STRING && v.type != TYPE_BYTES) {
		batch_reject_text(to, number, "", 0, "the record has no text in a field `line`, but %s",
				  value_type_name(v));
		return true;
	}
	enum pattern_result result = PATTERN_NONE;
	for (size_t i = 0; i < w->parse->count && result == PATTERN_NONE; i++)
		result = pattern_apply(w->parse->patterns[i], v.s, v.len, number, &reason);
	switch (result) {
	case PATTERN_MATCHED: w->origin[at] = row; return true;
	case PATTERN_CONSUMED: w->consumed++; return true;
	case PATTERN_FULL:
		/* Not even an empty batch takes it. */
		if (!to->rows && !to->reject_count) {
			batch_reject_text(to, number, v.s, v.len, "the line has too many fields");
			return true;
		}
		return false;
	case PATTERN_NONE:
	case PATTERN_REJECTED: break;
	}
	batch_reject_text(to, number, v.s, v.len, "%s", reason);
	return true;
}

static bool is_absent(const struct column *c)
{
	return c->form == COLUMN_CONST && c->value.type == TYPE_ABSENT;
}

/* The column's values in the order of the rows of `to`. */
static struct value *gather(const struct work *w, const struct column *c)
{
	struct value *values = arena_array(&w->to->arena, w->to->rows, sizeof *values);
	column_gather(c, w->origin, w->to->rows, values);
	return values;
}

/* What the line itself had goes before what its record had. */
static void carry_meta(const struct work *w)
{
	struct batch *to = w->to;
	for (int m = 0; m < META_COUNT; m++) {
		const struct column *c = &w->from->meta[m];
		if (is_absent(c))
			continue;
		struct column *own = &to->meta[m];
		if (c->form == COLUMN_CONST && is_absent(own)) {
			own->value = c->value;
			continue;
		}
		struct value *values = gather(w, c);
		for (uint32_t row = 0; row < to->rows && !is_absent(own); row++) {
			struct value v = column_get(own, row);
			if (v.type != TYPE_ABSENT)
				values[row] = v;
		}
		own->form = COLUMN_VALUES;
		own->values = values;
	}
}

static void carry_fields(const struct work *w)
{
	for (uint32_t i = 0; i < w->from->column_count; i++) {
		const struct column *c = &w->from->columns[i];
		if (c == w->line || !c->name || batch_find(w->to, c->name, c->name_len) >= 0)
			continue;
		batch_set(w->to, c->name, c->name_len, (struct column){.form = COLUMN_VALUES, .values = gather(w, c)});
	}
}

uint32_t parse_batch(struct parse *p, const struct batch *from, uint32_t first, struct batch *to, uint32_t *consumed)
{
	uint32_t count = batch_count(from), i = first;
	batch_clear(to);
	struct work w = {.parse = p, .from = from, .to = to, .line = batch_field(from, "line", 4)};
	w.origin = arena_array(&to->arena, count - first, sizeof *w.origin);
	to->source = from->source;
	for (size_t k = 0; k < p->count; k++)
		pattern_begin(p->patterns[k], to);
	while (i < count && to->rows < BATCH_ROWS_MAX && parse_row(&w, batch_row(from, i)))
		i++;
	if (to->rows) {
		carry_meta(&w);
		carry_fields(&w);
		if (p->time)
			event_time_apply(p->time, to, timestamp_now());
	}
	*consumed = w.consumed;
	return i - first;
}
