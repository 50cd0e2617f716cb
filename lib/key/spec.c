#include "key/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "key/encode.h"

/* -- the option -- */

/* Where the part that begins at p ends: at a comma outside of brackets and quotes. */
static const char *part_end(const char *p)
{
	int depth = 0;
	char quote = 0;
	for (; *p && (quote || depth || *p != ','); p++) {
		if (quote) {
			if (*p == '\\' && quote != '`' && p[1])
				p++;
			else if (*p == quote)
				quote = 0;
		} else if (*p == '"' || *p == '\'' || *p == '`') {
			quote = *p;
		} else {
			depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		}
	}
	return p;
}

/* Takes `:asc` or `:desc` off the end. */
static int take_order(const char *p, size_t *len, enum key_order order, bool *descending, struct error *e)
{
	*descending = order == KEY_DESCENDING;
	const char *colon = memrchr(p, ':', *len);
	if (!colon || memchr(colon, '`', *len - (size_t)(colon - p)))
		return 0;
	size_t n = *len - (size_t)(colon + 1 - p);
	bool desc = n == 4 && !memcmp(colon + 1, "desc", 4), asc = n == 3 && !memcmp(colon + 1, "asc", 3);
	if (order == KEY_PLAIN)
		return error_set(e, ERR_USAGE, "-k %.*s: this key has no order; leave the `:` out", (int)*len, p);
	if (!desc && !asc)
		return error_set(e, ERR_USAGE, "-k %.*s: behind the colon stands asc or desc", (int)*len, p);
	*descending = desc;
	*len = (size_t)(colon - p);
	return 0;
}

static void add_fields(struct key_spec *s, const struct expr *x)
{
	const char *const *names;
	size_t count = expr_fields(x, &names);
	s->fields = mem_resize(s->fields, s->field_count + count + 1, sizeof *s->fields);
	for (size_t i = 0; i < count; i++) {
		bool known = false;
		for (size_t k = 0; k < s->field_count; k++)
			known |= !strcmp(s->fields[k], names[i]);
		if (!known)
			s->fields[s->field_count++] = names[i];
	}
}

int key_spec_parse(const char *text, enum key_order order, struct key_spec *s, struct error *e)
{
	*s = (struct key_spec){0};
	for (const char *p = text;; p++) {
		const char *end = part_end(p);
		size_t len = (size_t)(end - p);
		struct key_part part = {0};
		int r = len ? take_order(p, &len, order, &part.descending, e)
			    : error_set(e, ERR_USAGE, "-k %s: a field is missing", text);
		if (!r)
			r = expr_parse(p, len, &part.expr, e);
		if (r)
			return r;
		s->parts = mem_resize(s->parts, s->count + 1, sizeof *s->parts);
		s->parts[s->count++] = part;
		add_fields(s, part.expr);
		p = end;
		if (!*p)
			return 0;
	}
}

void key_spec_release(struct key_spec *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		expr_free(s->parts[i].expr);
	free(s->parts);
	free(s->fields);
	*s = (struct key_spec){0};
}

bool key_spec_order(const struct key_spec *s, struct order_field *out)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const char *field = expr_bare_field(s->parts[i].expr);
		if (!field)
			return false;
		out[i] = (struct order_field){field, s->parts[i].descending};
	}
	return true;
}

/* -- keys of rows -- */

void key_list_release(struct key_list *l)
{
	buf_release(&l->bytes);
	free(l->at);
	*l = (struct key_list){0};
}

static void start(struct key_list *l, uint32_t count)
{
	if (l->cap < count + 1) {
		l->cap = (uint32_t)mem_grow(l->cap, count + 1);
		l->at = mem_resize(l->at, l->cap, sizeof *l->at);
	}
	buf_clear(&l->bytes);
	l->count = count;
	l->at[0] = 0;
}

/* A field is read where it stands; an expression is computed, and where that fails the row is rejected. */
static void evaluate(struct key_part *part, struct batch *b)
{
	const char *field = expr_bare_field(part->expr);
	if (field) {
		part->column = *batch_field(b, field, strlen(field));
		return;
	}
	struct value *values = arena_array(&b->arena, b->rows, sizeof *values);
	uint32_t kept = 0, count = batch_count(b), *rows = arena_array(&b->arena, count, sizeof *rows);
	expr_eval(part->expr, b, NULL, b->rows, values);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(b, i);
		if (values[row].type == TYPE_ERROR)
			batch_reject_row(b, row, "%.*s", (int)values[row].len, values[row].s);
		else
			rows[kept++] = row;
	}
	if (kept < count)
		batch_select(b, rows, kept);
	part->column = (struct column){.form = COLUMN_VALUES, .values = values};
}

void key_spec_apply(struct key_spec *s, struct batch *b, struct key_list *keys)
{
	for (uint32_t k = 0; k < s->count; k++)
		evaluate(&s->parts[k], b);
	uint32_t count = batch_count(b);
	start(keys, count);
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < s->count; k++)
			key_append(column_get(&s->parts[k].column, batch_row(b, i)), s->parts[k].descending,
				   &keys->bytes);
		keys->at[i + 1] = keys->bytes.len;
	}
}

bool key_row_lacks(const struct key_spec *s, uint32_t row)
{
	for (uint32_t k = 0; k < s->count; k++)
		if (value_is_missing(column_get(&s->parts[k].column, row)))
			return true;
	return false;
}

bool key_is_missing(const struct key_spec *s, const char *key)
{
	unsigned char tag = (unsigned char)(s->parts[0].descending ? ~*key : *key);
	return tag <= 1 + TYPE_NULL; /* see key_append */
}

/* -- keys of records -- */

static int compare_names(const void *x, const void *y)
{
	const struct column *a = *(const struct column *const *)x, *b = *(const struct column *const *)y;
	uint32_t shorter = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, shorter);
	return order ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

void key_of_records(const struct batch *b, struct key_list *keys)
{
	uint32_t count = batch_count(b), n = 0;
	const struct column **sorted = mem_array(b->column_count + 1, sizeof *sorted);
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name)
			sorted[n++] = &b->columns[c];
	qsort(sorted, n, sizeof *sorted, compare_names);
	start(keys, count);
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t c = 0; c < n; c++) {
			struct value v = column_get(sorted[c], batch_row(b, i));
			if (v.type == TYPE_ABSENT)
				continue;
			key_append(value_string(sorted[c]->name, sorted[c]->name_len), false, &keys->bytes);
			key_append(v, false, &keys->bytes);
		}
		keys->at[i + 1] = keys->bytes.len;
	}
	free(sorted);
}
