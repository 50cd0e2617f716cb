/*
 * What depends on one field alone is evaluated once per entry of that field's dictionary, and once at all where the
 * field has one value; rows then only look up their code. The results stand behind each other: an entry of the
 * dictionary each, then those for null and for absent (in the order of the marks).
 */
#include <string.h>

#include "expr/eval.h"

enum { EXTRA = 2 };

static int32_t join_sources(int32_t a, int32_t b)
{
	if (a == SOURCE_NONE || b == SOURCE_NONE || a == b)
		return a == SOURCE_NONE ? b : a;
	return SOURCE_MANY;
}

static int32_t node_source(const struct eval *ev, const struct node *n)
{
	int32_t source = SOURCE_NONE;
	for (uint32_t i = 0; i < n->ref_count; i++)
		if (ev->fields[n->refs[i].field]->form != COLUMN_CONST)
			source = join_sources(source, (int32_t)n->refs[i].field);
	for (uint32_t i = 0; i < n->arg_count; i++)
		source = join_sources(source, n->args[i]->source);
	return source;
}

void eval_begin(struct eval *ev, struct expr *x, struct batch *b, uint32_t total)
{
	*ev = (struct eval){.x = x, .fields = x->columns, .arena = &b->arena, .total = total};
	x->serial++;
	for (uint32_t i = 0; i < x->field_count; i++)
		x->columns[i] = batch_field(b, x->fields[i], x->field_lens[i]);
	for (uint32_t i = 0; i < x->node_count; i++)
		x->nodes[i]->source = node_source(ev, x->nodes[i]);
}

/* The dictionary that n can be evaluated over, or NULL; *constant: n is the same in all rows. */
static const struct column *shortcut(const struct eval *ev, const struct node *n, bool *constant)
{
	*constant = false;
	if (ev->plain || n->op == OP_CONST || n->op == OP_FIELD || n->source == SOURCE_MANY)
		return NULL;
	if (n->source == SOURCE_NONE) {
		*constant = true;
		return NULL;
	}
	const struct column *c = ev->fields[n->source];
	return c->form == COLUMN_DICT && c->dict_size + EXTRA <= ev->total ? c : NULL;
}

/* The batch that has the dictionary's entries for rows. */
static struct eval over_dictionary(const struct eval *ev, const struct node *n, const struct column *c)
{
	struct value *entries = arena_array(ev->arena, c->dict_size + EXTRA, sizeof *entries);
	if (c->dict_size)
		memcpy(entries, c->dict, c->dict_size * sizeof *entries);
	entries[c->dict_size + MARK_NULL - 1] = value_null();
	entries[c->dict_size + MARK_ABSENT - 1] = value_absent();
	struct column *column = arena_alloc(ev->arena, sizeof *column);
	*column = (struct column){.form = COLUMN_VALUES, .values = entries};
	const struct column **fields = arena_array(ev->arena, ev->x->field_count, sizeof *fields);
	memcpy(fields, ev->fields, ev->x->field_count * sizeof *fields);
	fields[n->source] = column;
	struct eval over = *ev;
	over.fields = fields;
	over.plain = true;
	return over;
}

static uint32_t chunk_count(uint32_t total, uint32_t first)
{
	return total - first < CHUNK ? total - first : CHUNK;
}

static void make_values(struct eval *ev, struct node *n, const struct column *c)
{
	uint32_t total = c->dict_size + EXTRA;
	struct eval over = over_dictionary(ev, n, c);
	struct value *values = arena_array(ev->arena, total, sizeof *values);
	for (uint32_t first = 0; first < total; first += CHUNK)
		vector_eval(&over, n, (struct rows){.first = first, .count = chunk_count(total, first)},
			    values + first);
	n->values = values;
	n->values_serial = ev->x->serial;
}

static void make_truths(struct eval *ev, struct node *n, const struct column *c)
{
	uint32_t total = c->dict_size + EXTRA;
	struct eval over = over_dictionary(ev, n, c);
	uint8_t *truths = arena_alloc(ev->arena, total);
	for (uint32_t first = 0; first < total; first += CHUNK)
		truth_eval(&over, n, (struct rows){.first = first, .count = chunk_count(total, first)}, truths + first);
	n->truths = truths;
	n->truths_serial = ev->x->serial;
}

/* The place of a row's result. */
static inline uint32_t place(const struct column *c, uint32_t row)
{
	return c->marks && c->marks[row] ? c->dict_size + c->marks[row] - 1u : (uint32_t)column_raw(c, row);
}

/* The common case: a byte per row in, a byte per row out. */
static void map_bytes(const uint8_t *codes, const uint8_t *truths, uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = truths[codes[i]];
}

static void map_words(const uint16_t *codes, const uint8_t *truths, uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = truths[codes[i]];
}

bool memo_values(struct eval *ev, struct node *n, struct rows r, struct value *out)
{
	bool constant;
	const struct column *c = shortcut(ev, n, &constant);
	if (constant) {
		if (n->values_serial != ev->x->serial) {
			struct value *one = arena_alloc(ev->arena, sizeof *one);
			*one = scalar_eval(ev, n, 0);
			n->values = one;
			n->values_serial = ev->x->serial;
		}
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = *n->values;
		return true;
	}
	if (!c)
		return false;
	if (n->values_serial != ev->x->serial)
		make_values(ev, n, c);
	for (uint32_t i = 0; i < r.count; i++)
		out[i] = n->values[place(c, rows_get(r, i))];
	return true;
}

bool memo_truths(struct eval *ev, struct node *n, struct rows r, uint8_t *out)
{
	bool constant;
	const struct column *c = shortcut(ev, n, &constant);
	if (constant) {
		memset(out, truth_of(scalar_eval(ev, n, 0)), r.count);
		return true;
	}
	if (!c)
		return false;
	if (n->truths_serial != ev->x->serial)
		make_truths(ev, n, c);
	if (!r.list && !c->marks && c->width == 1)
		map_bytes((const uint8_t *)c->ints + r.first, n->truths, r.count, out);
	else if (!r.list && !c->marks && c->width == 2)
		map_words((const uint16_t *)c->ints + r.first, n->truths, r.count, out);
	else
		for (uint32_t i = 0; i < r.count; i++)
			out[i] = n->truths[place(c, rows_get(r, i))];
	return true;
}
