/* Rows of partial results, back into panes. */
#include <string.h>

#include "agg/table_private.h"
#include "base/base64.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/hash.h"

/* What a row says beside its states. */
struct loaded {
	struct span span;
	int64_t least, greatest; /* event times; least > greatest: not said */
	int64_t records;
	bool quiet;
	struct value *by, *keys;
	struct state_reader states;
};

/* The columns of a batch. */
struct source_columns {
	const struct column *about, *state, *start, *end;
	const struct column **keys;
};

/* -- a cell -- */

static bool has_sum(const struct buf *cell)
{
	if (cell->len < 2 + STATE_SUM_SIZE)
		return false;
	size_t len = cell->len - STATE_SUM_SIZE;
	uint64_t sum = hash64(cell->data, len);
	for (int i = 0; i < STATE_SUM_SIZE; i++)
		if ((uint8_t)cell->data[len + (size_t)i] != (uint8_t)(sum >> 8 * i))
			return false;
	return true;
}

/* The bytes, into t->cell: a frame has them as they are, text in base64. */
static bool read_bytes(struct table *t, struct value v)
{
	size_t len = v.len;
	buf_clear(&t->cell);
	if (v.type == TYPE_BYTES)
		buf_append(&t->cell, v.s, v.len);
	else if (v.type == TYPE_STRING && base64_read(v.s, v.len, buf_reserve(&t->cell, len / 4 * 3 + 3), &len))
		t->cell.len = len;
	return has_sum(&t->cell);
}

void table_read_values(struct state_reader *r, struct value *values, uint32_t count)
{
	r->bad |= state_varint(r) != count;
	for (uint32_t i = 0; i < count; i++)
		values[i] = state_value(r);
}

static bool read_cell(const struct table *t, const char *cell, size_t len, struct loaded *l)
{
	struct state_reader *r = &l->states;
	*r = (struct state_reader){.p = cell, .end = cell + len - STATE_SUM_SIZE};
	if (state_byte(r) != STATE_VERSION)
		return false;
	uint64_t flags = state_varint(r);
	bool wants_by = t->has_window && t->spec.kind >= WINDOW_SESSION;
	l->least = TIMESTAMP_MAX;
	l->greatest = TIMESTAMP_MIN;
	l->records = 0;
	l->quiet = flags & CELL_QUIET;
	if (flags & CELL_TIMES) {
		l->least = state_zigzag(r);
		l->greatest = state_zigzag(r);
	}
	if (flags & CELL_RECORDS)
		l->records = (int64_t)state_varint(r);
	if (flags & CELL_BY)
		table_read_values(r, l->by, (uint32_t)t->spec.by_count);
	if (flags & CELL_KEYS)
		table_read_values(r, l->keys, t->key_count);
	return !r->bad && flags < CELL_UNKNOWN && wants_by == !!(flags & CELL_BY) && l->records >= 0;
}

void table_load_states(struct table *t, struct pane *p, uint32_t group, struct state_reader *r)
{
	for (uint32_t i = 0; i < t->shape.agg_count; i++)
		agg_load(pane_aggs(p, &t->shape)[i], group, r);
}

bool table_load_group(struct table *t, struct pane *p, struct value *keys, struct state_reader *r)
{
	uint32_t group = groups_number(&p->groups, keys);
	if (t->tracks && p->id)
		table_note_rows(t, p, &group, 1);
	table_load_states(t, p, group, r);
	return !r->bad && r->p == r->end;
}

bool table_load_cell(struct table *t, struct pane *p, struct value cell, struct value *keys)
{
	struct loaded l = {.keys = keys};
	return cell.type == TYPE_BYTES && cell.len > STATE_SUM_SIZE && read_cell(t, cell.s, cell.len, &l) &&
	       table_load_group(t, p, keys, &l.states);
}

/* -- a row -- */

static bool read_time(struct value v, int64_t missing, int64_t *out)
{
	if (value_is_missing(v))
		*out = missing;
	else if (v.type == TYPE_TIME)
		*out = v.i;
	else
		return v.type == TYPE_STRING && timestamp_read(v.s, v.len, out) == v.len;
	return true;
}

static const char *read_row(struct table *t, const struct source_columns *c, uint32_t row, struct loaded *l)
{
	if (!read_bytes(t, column_get(c->state, row)))
		return "no partial result, or a damaged one: `state` does not fit its checksum";
	for (uint32_t k = 0; k < t->key_count; k++)
		l->keys[k] = column_get(c->keys[k], row);
	if (!read_cell(t, t->cell.data, t->cell.len, l))
		return "a partial result that this version can't read";
	if (!t->has_window)
		return NULL;
	if (!read_time(column_get(c->start, row), TIMESTAMP_MIN, &l->span.start) ||
	    !read_time(column_get(c->end, row), TIMESTAMP_MAX, &l->span.end) || l->span.start > l->span.end)
		return "a partial result whose window_start and window_end are no times";
	return NULL;
}

/* -- the pane -- */

static struct pane *time_pane(struct table *t, const struct loaded *l, const char **wrong)
{
	struct span expected = window_pane(&t->spec, l->span.start);
	if (expected.start != l->span.start || expected.end != l->span.end) {
		*wrong = "a partial result whose window_start and window_end are not those of a window";
		return NULL;
	}
	return table_find_pane(t, l->span.start);
}

static struct pane *keyed_pane(struct table *t, const struct loaded *l, const char **wrong)
{
	if (t->spec.kind == WINDOW_SESSION && (l->span.start == TIMESTAMP_MIN || l->span.end == TIMESTAMP_MAX)) {
		*wrong = "a partial result of a session without window_start or window_end";
		return NULL;
	}
	uint32_t key = groups_number(&t->by, l->by);
	table_reserve_by(t);
	/* What is complete stands for itself: another one may have the same times. */
	if (t->spec.kind == WINDOW_COUNT && l->records >= t->spec.count) {
		struct pane *p = table_add_pane(t, (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX});
		p->key = key;
		table_put_done(t, p);
		return p;
	}
	return t->spec.kind == WINDOW_COUNT ? table_open_count(t, key) : table_join_session(t, key, l->span);
}

static struct pane *pane_of(struct table *t, const struct loaded *l, const char **wrong)
{
	if (!t->has_window)
		return t->pane_count ? t->panes[0] : table_add_pane(t, (struct span){TIMESTAMP_MIN, TIMESTAMP_MAX});
	return t->spec.kind <= WINDOW_CUMULATE ? time_pane(t, l, wrong) : keyed_pane(t, l, wrong);
}

static void note(struct table *t, struct pane *p, const struct loaded *l)
{
	p->least = l->least < p->least ? l->least : p->least;
	p->greatest = l->greatest > p->greatest ? l->greatest : p->greatest;
	p->records = l->records > p->records ? l->records : p->records;
	p->touched |= !l->quiet;
	if (t->has_window && t->spec.kind == WINDOW_SESSION) {
		table_touch_session(t, p);
		table_free_merged(t);
	}
	if (p->summed)
		table_drop_running(t);
}

/* Whether it is in time; *wrong: why it is not taken at all. */
static bool load_row(struct table *t, const struct source_columns *c, uint32_t row, struct loaded *l,
		     const char **wrong, struct error *e)
{
	*wrong = read_row(t, c, row, l);
	struct pane *p = *wrong ? NULL : pane_of(t, l, wrong);
	if (!p)
		return *wrong != NULL;
	if (!table_load_group(t, p, l->keys, &l->states))
		error_set(e, ERR_FAILED, "a partial result makes no sense, though its checksum is right");
	note(t, p, l);
	return true;
}

/* -- a batch -- */

static const struct column *field(const struct batch *b, const char *name)
{
	return batch_field(b, name, strlen(name));
}

static struct source_columns find_columns(struct table *t, const struct batch *b)
{
	for (uint32_t k = 0; k < t->key_count; k++)
		t->key_columns[k] = field(b, t->key_names[k]);
	return (struct source_columns){.about = field(b, table_partial),
				       .state = field(b, table_state),
				       .start = field(b, table_window_start),
				       .end = field(b, table_window_end),
				       .keys = t->key_columns};
}

int table_load(struct table *t, struct batch *b, uint32_t *late, struct error *e)
{
	struct source_columns c = find_columns(t, b);
	struct loaded l = {.keys = arena_array(&b->arena, t->key_count, sizeof *l.keys)};
	uint32_t by_cap = 0;
	e->code = OK;
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		const char *wrong = NULL;
		int code = table_check_about(t, column_get(c.about, row), e);
		if (code == ERR_USAGE)
			return code;
		if (t->spec.by_count > by_cap) {
			by_cap = (uint32_t)t->spec.by_count;
			l.by = arena_array(&b->arena, by_cap, sizeof *l.by);
		}
		if (code)
			batch_reject_row(b, row, "%s", e->text);
		else if (!load_row(t, &c, row, &l, &wrong, e))
			++*late;
		else if (e->code)
			return e->code;
		if (wrong)
			batch_reject_row(b, row, "%s", wrong);
		e->code = OK;
	}
	return OK;
}
