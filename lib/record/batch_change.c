#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch.h"
#include "record/batch_store.h"

/* Sets the decoder's schema aside, so that batch_clear can bring it back: changes are for this batch alone. */
static void save(struct batch *b)
{
	struct batch_store *s = b->store;
	if (s->saved)
		return;
	if (s->saved_column_cap < b->column_count) {
		s->saved_column_cap = b->column_cap;
		s->saved_columns = mem_resize(s->saved_columns, s->saved_column_cap, sizeof *s->saved_columns);
	}
	if (s->saved_shape_cap < b->shape_count) {
		s->saved_shape_cap = b->shape_cap;
		s->saved_shapes = mem_resize(s->saved_shapes, s->saved_shape_cap, sizeof *s->saved_shapes);
	}
	if (b->column_count)
		memcpy(s->saved_columns, b->columns, b->column_count * sizeof *b->columns);
	if (b->shape_count)
		memcpy(s->saved_shapes, b->shapes, b->shape_count * sizeof *b->shapes);
	s->saved_column_count = b->column_count;
	s->saved_shape_count = b->shape_count;
	s->saved = true;
}

static bool shape_has(const struct shape *s, uint32_t column)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->columns[i] == column)
			return true;
	return false;
}

static void shape_append(struct batch *b, struct shape *s, uint32_t column)
{
	uint16_t *columns = arena_array(&b->arena, s->count + 1, sizeof *columns);
	if (s->count)
		memcpy(columns, s->columns, s->count * sizeof *columns);
	columns[s->count] = (uint16_t)column;
	*s = (struct shape){columns, s->count + 1};
}

static void shape_remove(struct batch *b, struct shape *s, uint32_t column)
{
	if (!shape_has(s, column))
		return;
	uint16_t *columns = arena_array(&b->arena, s->count, sizeof *columns);
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->count; i++)
		if (s->columns[i] != column)
			columns[n++] = s->columns[i];
	*s = (struct shape){columns, n};
}

int batch_set(struct batch *b, const char *name, size_t len, struct column c)
{
	int m = meta_find(name, len);
	if (m >= 0) {
		c.name = meta_names[m];
		c.name_len = (uint32_t)len;
		b->meta[m] = c;
		return 0;
	}
	save(b);
	int at = batch_find(b, name, len);
	if (at < 0) {
		if (b->column_count == BATCH_COLUMNS_MAX)
			return -1;
		if (b->column_count == b->column_cap) {
			b->column_cap = (uint32_t)mem_grow(b->column_cap, 16);
			b->columns = mem_resize(b->columns, b->column_cap, sizeof *b->columns);
		}
		at = (int)b->column_count++;
		c.name = arena_copy(&b->arena, name, len);
	} else {
		c.name = b->columns[at].name;
	}
	c.name_len = (uint32_t)len;
	b->columns[at] = c;
	for (uint32_t s = 0; s < b->shape_count; s++)
		if (!shape_has(&b->shapes[s], (uint32_t)at))
			shape_append(b, &b->shapes[s], (uint32_t)at);
	return at;
}

bool batch_drop(struct batch *b, const char *name, size_t len)
{
	int at = batch_find(b, name, len);
	if (at < 0)
		return false;
	save(b);
	for (uint32_t s = 0; s < b->shape_count; s++)
		shape_remove(b, &b->shapes[s], (uint32_t)at);
	/* Out of the shapes means out of the records; without a name nobody finds it either. */
	b->columns[at] = column_const(value_absent());
	return true;
}

bool batch_rename(struct batch *b, const char *from, size_t from_len, const char *to, size_t to_len)
{
	int at = batch_find(b, from, from_len);
	if (at < 0)
		return false;
	save(b);
	if (from_len != to_len || memcmp(from, to, to_len))
		batch_drop(b, to, to_len);
	b->columns[at].name = arena_copy(&b->arena, to, to_len);
	b->columns[at].name_len = (uint32_t)to_len;
	return true;
}

/* -- rejects -- */

static const char *reason_text(struct batch *b, const char *format, va_list args)
{
	char text[1024];
	int n = vsnprintf(text, sizeof text, format, args);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	return arena_copy(&b->arena, text, len);
}

void batch_reject_row(struct batch *b, uint32_t row, const char *format, ...)
{
	struct reject *r = batch_reject_add(b);
	r->row = row;
	r->line = b->lines ? b->lines[row] : 0;
	va_list args;
	va_start(args, format);
	r->reason = reason_text(b, format, args);
	va_end(args);
}

void batch_reject_text(struct batch *b, uint64_t line, const char *text, size_t len, const char *format, ...)
{
	struct reject *r = batch_reject_add(b);
	r->row = b->rows;
	r->line = line;
	r->text = text ? text : "";
	r->len = len;
	va_list args;
	va_start(args, format);
	r->reason = reason_text(b, format, args);
	va_end(args);
}
