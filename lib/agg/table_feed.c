/* Records in: checked as a whole batch first, then added pane by pane. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

static void reserve(struct table *t, uint32_t rows)
{
	if (rows <= t->room)
		return;
	t->room = (uint32_t)mem_grow(t->room, rows);
	t->rows = mem_resize(t->rows, t->room, sizeof *t->rows);
	t->times = mem_resize(t->times, t->room, sizeof *t->times);
	t->pane_of = mem_resize(t->pane_of, t->room, sizeof *t->pane_of);
	t->groups = mem_resize(t->groups, t->room, sizeof *t->groups);
	t->scratch = mem_resize(t->scratch, t->room, sizeof *t->scratch);
	t->sorted_rows = mem_resize(t->sorted_rows, t->room, sizeof *t->sorted_rows);
	t->sorted_times = mem_resize(t->sorted_times, t->room, sizeof *t->sorted_times);
	t->bad = mem_resize(t->bad, t->room, sizeof *t->bad);
	t->touched = mem_resize(t->touched, t->room, sizeof *t->touched);
	t->touched_from = mem_resize(t->touched_from, (size_t)t->room + 1, sizeof *t->touched_from);
}

/* -- the columns of keys and arguments -- */

static void compute(struct source *s, struct batch *b, uint32_t count)
{
	if (s->cap < b->rows) {
		s->cap = (uint32_t)mem_grow(s->cap, b->rows);
		s->values = mem_resize(s->values, s->cap, sizeof *s->values);
	}
	expr_eval(s->expr, b, b->sel, count, s->values);
	/* From the i-th selected row to the row itself: backwards, for rows are not below i. */
	for (uint32_t i = count; b->sel && i-- > 0;)
		s->values[b->sel[i]] = s->values[i];
	s->column = (struct column){.form = COLUMN_VALUES, .values = s->values};
}

static void prepare(struct source *s, struct batch *b, uint32_t count)
{
	if (s->field)
		s->column = *batch_field(b, s->field, strlen(s->field));
	else
		compute(s, b, count);
}

/* -- what can't be added up -- */

static void reject(struct table *t, struct batch *b, const struct source *s, uint32_t i)
{
	if (t->bad[i])
		return;
	t->bad[i] = true;
	uint32_t row = batch_row(b, i);
	struct value v = column_get(&s->column, row);
	if (v.type == TYPE_ERROR) {
		batch_reject_row(b, row, "%s: %.*s", s->text, (int)v.len, v.s);
		return;
	}
	struct buf text = BUF_INIT;
	value_plain(v, &text);
	const char *shown = buf_string(&text);
	if (value_is_number(v))
		batch_reject_row(b, row, "%s: %.60s is out of range", s->text, shown);
	else
		batch_reject_row(b, row, "%s wants numbers, and this is a %s: %.60s", s->text, value_type_name(v),
				 shown);
	buf_release(&text);
}

static bool check(struct table *t, struct batch *b, const struct source *s, uint32_t count)
{
	/* A field as it is can always be a key. */
	uint32_t wrong = s->field && !s->wants_numbers
				 ? 0
				 : input_wrong(&s->column, b->sel, count, s->wants_numbers, t->scratch);
	for (uint32_t i = 0; i < wrong; i++)
		reject(t, b, s, t->scratch[i]);
	return wrong != 0;
}

/* times[i] of the selected rows; whether one has none that needs one. */
static bool read_times(struct table *t, struct batch *b, uint32_t count)
{
	const struct column *c = &b->meta[META_TIME];
	bool needed = t->has_window && t->spec.kind != WINDOW_COUNT, any = false;
	for (uint32_t i = 0; i < count; i++) {
		struct value v = column_get(c, batch_row(b, i));
		t->times[i] = v.type == TYPE_TIME ? v.i : TIMESTAMP_MIN;
		if (v.type == TYPE_TIME || !needed || t->bad[i])
			continue;
		t->bad[i] = any = true;
		batch_reject_row(b, batch_row(b, i),
				 "no event time: @time is missing (stream-window -t FIELD sets it)");
	}
	return any;
}

static uint32_t drop_bad(struct table *t, uint32_t count)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (t->bad[i])
			continue;
		t->rows[n] = t->rows[i];
		t->times[n++] = t->times[i];
	}
	return n;
}

/* -- adding -- */

static void note_times(struct pane *p, const int64_t *times, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (times[i] == TIMESTAMP_MIN)
			continue;
		p->least = times[i] < p->least ? times[i] : p->least;
		p->greatest = times[i] > p->greatest ? times[i] : p->greatest;
	}
}

/* Adds rows from..to of those that inputs were loaded for. */
static void add_rows(struct table *t, struct pane *p, uint32_t input, const struct batch *b, const struct input *inputs,
		     const uint32_t *rows, const int64_t *times, uint32_t from, uint32_t to)
{
	struct agg_rows r = {
		.count = to - from,
		.groups = t->groups,
		.times = times ? times + from : NULL,
		.shard = &b->meta[META_SHARD],
		.seq = &b->meta[META_SEQ],
		.rows = rows ? rows + from : NULL,
	};
	struct agg **aggs = pane_aggs(p, &t->shape);
	groups_find(&p->groups, input, t->key_columns, r.rows, r.count, t->groups, t->scratch);
	if (t->tracks)
		table_note_rows(t, p, t->groups, r.count);
	for (uint32_t i = 0; i < t->shape.agg_count; i++) {
		int source = t->accumulators[i].source;
		r.in = source < 0 ? (struct input){0} : input_from(inputs[source], from);
		agg_update(aggs[i], &r, p->groups.count);
	}
	if (times)
		note_times(p, r.times, r.count);
	p->touched = true;
	if (t->has_window && t->spec.kind == WINDOW_SESSION)
		table_touch_session(t, p);
	if (p->summed)
		table_drop_running(t);
}

/* Adds all rows, which are sorted by pane if there is more than one. */
static void add_batch(struct table *t, uint32_t input, struct batch *b, const uint32_t *rows, const int64_t *times,
		      uint32_t count)
{
	struct input *inputs = arena_array(&b->arena, t->arg_count, sizeof *inputs);
	for (uint32_t i = 0; i < t->arg_count; i++)
		inputs[i] = input_load(&t->args[i].room, &t->args[i].column, rows, count);
	if (!t->has_window) {
		if (!t->pane_count)
			table_add_pane(t, (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX});
		add_rows(t, t->panes[0], input, b, inputs, rows, times, 0, count);
		return;
	}
	for (uint32_t k = 0; k < t->touched_count; k++)
		add_rows(t, t->touched[k], input, b, inputs, rows, times, t->touched_from[k], t->touched_from[k + 1]);
}

/* Checks all that is read; returns whether a row was rejected. */
static bool check_batch(struct table *t, struct batch *b, uint32_t count)
{
	bool bad = false;
	memset(t->bad, 0, count * sizeof *t->bad);
	for (uint32_t k = 0; k < t->key_count; k++) {
		prepare(&t->keys[k], b, count);
		t->key_columns[k] = &t->keys[k].column;
	}
	for (uint32_t i = 0; i < t->arg_count; i++)
		prepare(&t->args[i], b, count);
	for (uint32_t k = 0; k < t->key_count; k++)
		bad |= check(t, b, &t->keys[k], count);
	for (uint32_t i = 0; i < t->arg_count; i++)
		bad |= check(t, b, &t->args[i], count);
	if (t->has_window || t->wants_times)
		bad |= read_times(t, b, count);
	return bad;
}

static uint32_t assign(struct table *t, uint32_t input, const struct batch *b, uint32_t count)
{
	if (t->spec.kind <= WINDOW_CUMULATE)
		return table_assign_panes(t, count);
	table_number_by(t, input, b, count);
	if (t->spec.kind == WINDOW_SESSION)
		table_assign_sessions(t, count);
	else
		table_assign_counts(t, count);
	return count;
}

uint32_t table_feed(struct table *t, uint32_t input, struct batch *b)
{
	uint32_t count = batch_count(b);
	if (!count)
		return 0;
	reserve(t, count);
	bool bad = check_batch(t, b, count);
	bool times = t->has_window || t->wants_times;
	if (!bad && !t->has_window) {
		add_batch(t, input, b, b->sel, times ? t->times : NULL, count);
		return 0;
	}
	for (uint32_t i = 0; i < count; i++)
		t->rows[i] = batch_row(b, i);
	if (bad)
		count = drop_bad(t, count);
	if (!t->has_window) {
		add_batch(t, input, b, t->rows, times ? t->times : NULL, count);
		return 0;
	}
	uint32_t in_time = assign(t, input, b, count);
	table_sort_by_pane(t, in_time);
	add_batch(t, input, b, t->sorted_rows, t->sorted_times, in_time);
	table_free_merged(t);
	return count - in_time;
}
