#include <stdlib.h>

#include "base/mem.h"
#include "format/frame_writer.h"

enum {
	ROWS_MIN = 64,      /* fewer rows say nothing about a column */
	REST_MAX = 64,      /* batches */
	PASS_MAX = 1 << 16, /* values of a dictionary that is passed on */
};

/* -- what the reader holds -- */

/* The same dictionary for ever: one that came from elsewhere by its id, ours by its generation. */
struct content {
	bool passed;
	uint64_t id;
};

static bool is_known(const struct frame_writer *w, const struct dict *d)
{
	return !w->alone && d->held.epoch == w->scopes[0].epoch;
}

/* How many values of it the reader has. */
static uint32_t held_of(const struct frame_writer *w, const struct dict *d, struct content c)
{
	return is_known(w, d) && d->held.passed == c.passed && d->held.id == c.id ? d->held.values : 0;
}

/* Notes that the reader gets `count` values behind the `first` it has, and says so in n. False: it would hold too much. */
static bool reserve(struct frame_writer *w, struct dict *d, struct content c, uint32_t first, uint32_t count,
		    uint64_t bytes, struct frame_entry *n)
{
	struct scope *s = writer_scope(w);
	bool replaces = is_known(w, d) && !first;
	uint64_t values_after = s->dict_values + count - (replaces ? d->held.values : 0);
	uint64_t bytes_after = s->dict_bytes + bytes - (replaces ? d->held.bytes : 0);
	if (values_after > FRAME_DICT_VALUES_MAX / 2 || bytes_after > FRAME_DICT_BYTES_MAX / 2)
		return false;
	s->dict_values = values_after;
	s->dict_bytes = bytes_after;
	*n = (struct frame_entry){.role = ROLE_DICT, .first = first, .count = count};
	n->id = is_known(w, d) ? d->held.number : s->dicts++;
	if (w->alone)
		return true;
	if (first)
		bytes += d->held.bytes;
	d->held.epoch = s->epoch;
	d->held.number = n->id;
	d->held.passed = c.passed;
	d->held.id = c.id;
	d->held.values = first + count;
	d->held.bytes = bytes;
	return true;
}

/* -- a dictionary of our own -- */

static uint32_t offset_of(const struct dict *d, uint32_t code)
{
	return ((const uint32_t *)(const void *)d->offsets.data)[code];
}

static int own_values_put(struct frame_writer *w, struct frame_entry n, const struct dict *d)
{
	uint32_t base = offset_of(d, n.first), end = offset_of(d, d->count);
	uint32_t *to = buffer_open(w, (n.count + (size_t)1) * sizeof *to);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i <= n.count; i++)
		to[i] = offset_of(d, n.first + i) - base;
	buffer_close(w, (n.count + (size_t)1) * sizeof *to);
	n.form = COLUMN_TEXT;
	n.type = d->type;
	entry_put(w, &n);
	return buffer_put(w, d->bytes.data + base, end - base);
}

static void give_up(struct dict *d)
{
	dict_clear(d, d->type);
	d->next_rest = d->next_rest ? d->next_rest * 2 : 1;
	if (d->next_rest > REST_MAX)
		d->next_rest = REST_MAX;
	d->rest = d->next_rest;
}

static enum type text_type(const struct value *v)
{
	while (v->type <= TYPE_NULL)
		v++;
	return v->type;
}

/* Codes for all rows, if the dictionary pays: alone, a frame carries all of it; in a chain, what is new. */
static bool find_codes(struct frame_writer *w, const struct value *v, uint32_t count, struct dict *d)
{
	enum type type = text_type(v);
	if (d->type != type || (w->alone && d->count > count / 4))
		dict_clear(d, type);
	if (w->codes_cap < count) {
		free(w->codes);
		w->codes_cap = count;
		w->codes = mem_array(count, sizeof *w->codes);
	}
	if (!dict_codes(d, v, count, w->codes))
		return false;
	uint32_t held = held_of(w, d, (struct content){false, d->generation});
	return w->alone ? d->count <= count / 2 : d->count - held <= count / 4 * 3;
}

int texts_by_dict(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked,
		  struct dict *d, bool *done)
{
	*done = false;
	if (count < ROWS_MIN || (d->rest && d->rest--))
		return 0;
	if (!find_codes(w, v, count, d)) {
		give_up(d);
		return 0;
	}
	d->next_rest = 0;
	struct content ours = {false, d->generation};
	uint32_t held = held_of(w, d, ours);
	struct frame_entry values;
	if (held < d->count) {
		uint64_t bytes = d->bytes.len - offset_of(d, held);
		if (!reserve(w, d, ours, held, d->count - held, bytes, &values))
			return 0;
		if (own_values_put(w, values, d))
			return TOO_LARGE;
		n.dict = values.id;
	} else {
		n.dict = d->held.number;
	}
	*done = true;
	return value_codes_put(w, n, v, count, marked, w->codes, d->count);
}

/* -- a dictionary that the column came with -- */

static uint64_t text_bytes(const struct value *v, uint32_t count)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += value_has_text(v[i]) ? v[i].len : 0;
	return sum;
}

static bool texts_of_one_type(const struct value *v, uint32_t count)
{
	if (!count || !value_has_text(*v))
		return false;
	for (uint32_t i = 1; i < count; i++)
		if (v[i].type != v->type)
			return false;
	return true;
}

static int passed_values_put(struct frame_writer *w, struct frame_entry n, const struct value *v)
{
	return texts_of_one_type(v, n.count) ? value_texts_put(w, n, v, n.count, false) : variant_put(w, n, v, n.count);
}

/* Our reader gives valid codes under marks too, but who else makes columns may not. */
static bool codes_are_valid(const struct column *c, const uint32_t *sel, uint32_t count)
{
	bool bad = false;
	for (uint32_t i = 0; i < count; i++)
		bad |= column_raw(c, sel ? sel[i] : i) >= c->dict_size;
	return !bad;
}

int dict_pass(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel, uint32_t count,
	      struct dict *d, bool *done)
{
	*done = false;
	if (!c->dict_size || c->dict_size > PASS_MAX || (!w->alone && !c->dict_id))
		return 0;
	if (c->marks && !codes_are_valid(c, sel, count))
		return 0;
	struct content its = {true, c->dict_id};
	uint32_t held = held_of(w, d, its);
	/* In a chain it is sent once, and need not pay at once. */
	if (held < c->dict_size && (w->alone ? c->dict_size > count / 2 : count < ROWS_MIN))
		return 0;
	struct frame_entry values;
	if (held < c->dict_size) {
		const struct value *v = c->dict + held;
		if (!reserve(w, d, its, held, c->dict_size - held, text_bytes(v, c->dict_size - held), &values))
			return 0;
		if (passed_values_put(w, values, v))
			return TOO_LARGE;
		n.dict = values.id;
	} else {
		n.dict = d->held.number;
	}
	*done = true;
	return dense_put(w, n, c, sel, count);
}
