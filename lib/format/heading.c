#include "format/heading.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void heading_release(struct heading *h)
{
	buf_release(&h->names);
	free(h->fields);
	free(h->known);
	free(h->strangers);
	*h = (struct heading){0};
}

static bool is_called(const struct batch *b, uint32_t column, const char *name, size_t len)
{
	const struct column *c = &b->columns[column];
	return c->name && c->name_len == len && !memcmp(c->name, name, len);
}

/* Nearly always the columns are in the order of the fields. */
static int find_column(const struct batch *b, uint32_t guess, const char *name, size_t len)
{
	if (guess < b->column_count && is_called(b, guess, name, len))
		return (int)guess;
	return batch_find(b, name, len);
}

static void list_strangers(struct heading *h, const struct batch *b)
{
	h->stranger_count = 0;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (!h->known[c])
			h->strangers[h->stranger_count++] = c;
}

void heading_map(struct heading *h, const struct batch *b)
{
	if (h->column_cap < b->column_count) {
		h->column_cap = (uint32_t)mem_grow(h->column_cap, b->column_count);
		h->known = mem_resize(h->known, h->column_cap, sizeof *h->known);
		h->strangers = mem_resize(h->strangers, h->column_cap, sizeof *h->strangers);
	}
	for (uint32_t c = 0; c < b->column_count; c++)
		h->known[c] = false;
	for (uint32_t i = 0, guess = 0; i < h->count; i++) {
		struct heading_field *f = &h->fields[i];
		f->column = find_column(b, guess, heading_name(h, i), f->len);
		if (f->column < 0)
			continue;
		h->known[f->column] = true;
		guess = (uint32_t)f->column + 1;
	}
	list_strangers(h, b);
}

const struct column *heading_stranger(const struct heading *h, const struct batch *b, uint32_t row)
{
	for (uint32_t i = 0; i < h->stranger_count; i++)
		if (column_get(&b->columns[h->strangers[i]], row).type != TYPE_ABSENT)
			return &b->columns[h->strangers[i]];
	return NULL;
}

static void add_field(struct heading *h, const struct column *c, int column)
{
	if (h->count == h->cap) {
		h->cap = (uint32_t)mem_grow(h->cap, 16);
		h->fields = mem_resize(h->fields, h->cap, sizeof *h->fields);
	}
	h->fields[h->count++] = (struct heading_field){h->names.len, c->name_len, column};
	buf_reserve(&h->names, c->name_len);
	buf_append(&h->names, c->name, c->name_len);
}

void heading_take(struct heading *h, const struct batch *b, uint32_t row)
{
	const struct shape *s = batch_shape(b, row);
	for (uint32_t i = 0; i < s->count; i++) {
		uint16_t c = s->columns[i];
		if (h->known[c] || column_get(&b->columns[c], row).type == TYPE_ABSENT)
			continue;
		add_field(h, &b->columns[c], c);
		h->known[c] = true;
	}
	list_strangers(h, b);
}
