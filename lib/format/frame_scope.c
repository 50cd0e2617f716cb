#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/frame_reader.h"

enum { SLOTS_MIN = 64 };

static void clear_names(struct reader_scope *s)
{
	s->field_count = 0;
	s->name_bytes = 0;
	s->block = NULL;
	s->block_len = 0;
	if (s->slots)
		memset(s->slots, 0, s->slot_count * sizeof *s->slots);
	arena_clear(&s->names);
}

static void clear_shapes(struct reader_scope *s)
{
	s->shape_count = 0;
	s->shape_words = 0;
	arena_clear(&s->shape_lists);
}

void scope_clear(struct reader_scope *s)
{
	clear_names(s);
	clear_shapes(s);
	dicts_clear(s);
}

void scope_release(struct reader_scope *s)
{
	scope_clear(s);
	free(s->fields);
	free(s->slots);
	free(s->shapes);
	free(s->dicts);
	arena_release(&s->names);
	arena_release(&s->shape_lists);
}

/* -- names -- */

static uint32_t *name_place(const struct reader_scope *s, uint64_t seed, const char *name, uint32_t len)
{
	uint32_t mask = s->slot_count - 1;
	for (uint32_t at = (uint32_t)bytes_hash(name, len, seed) & mask;; at = (at + 1) & mask) {
		const struct reader_field *f = s->slots[at] ? &s->fields[s->slots[at] - 1] : NULL;
		if (!f || (f->len == len && !memcmp(f->name, name, len)))
			return &s->slots[at];
	}
}

static void grow_slots(struct reader_scope *s, uint64_t seed)
{
	free(s->slots);
	s->slot_count = s->slot_count ? s->slot_count * 2 : SLOTS_MIN;
	s->slots = mem_zero(s->slot_count * sizeof *s->slots);
	for (uint32_t i = 0; i < s->field_count; i++)
		*name_place(s, seed, s->fields[i].name, s->fields[i].len) = i + 1;
}

static int add_name(struct body *y, const char *name, uint32_t len)
{
	struct reader_scope *s = y->scope;
	if (s->field_count == FRAME_FIELDS_MAX || (s->name_bytes += len) > FRAME_NAME_BYTES_MAX)
		return body_damaged(y, "it has too many names");
	if (s->field_count * 2 >= s->slot_count)
		grow_slots(s, y->r->seed);
	uint32_t *place = name_place(s, y->r->seed, name, len);
	if (*place)
		return body_damaged(y, "a name comes twice");
	if (s->field_count == s->field_cap) {
		s->field_cap = (uint32_t)mem_grow(s->field_cap, 16);
		s->fields = mem_resize(s->fields, s->field_cap, sizeof *s->fields);
	}
	s->fields[s->field_count++] = (struct reader_field){.name = name, .len = len};
	*place = s->field_count;
	return OK;
}

static int add_names(struct body *y, const char *p, size_t len)
{
	const char *end = p + len;
	for (uint32_t i = 0; i < y->h.fields; i++) {
		uint32_t n;
		if (end - p < (ptrdiff_t)sizeof n)
			return body_damaged(y, "its names don't fit");
		memcpy(&n, p, sizeof n);
		p += sizeof n;
		if ((size_t)(end - p) < n)
			return body_damaged(y, "its names don't fit");
		int r = add_name(y, p, n);
		if (r)
			return r;
		p += n;
	}
	return p == end ? OK : body_damaged(y, "its names don't fit");
}

/* Frames that stand alone have the same names again and again: then what was made of them still holds. */
int scope_names(struct body *y)
{
	struct reader_scope *s = y->scope;
	const char *p;
	size_t len;
	int r = body_buffer(y, 0, &p, &len);
	if (r)
		return r;
	bool alone = !y->h.chain;
	if (alone && s->block && s->block_len == len && s->field_count == y->h.fields && !memcmp(s->block, p, len))
		return OK;
	if (alone)
		clear_names(s);
	if (len > FRAME_NAME_BYTES_MAX + FRAME_FIELDS_MAX * sizeof(uint32_t))
		return body_damaged(y, "it has too many names");
	const char *copy = arena_copy(&s->names, p, len);
	r = add_names(y, copy, len);
	if (alone && !r) {
		s->block = copy;
		s->block_len = len;
	}
	return r;
}

/* -- shapes -- */

/* The fields are marked with a number that no frame and no other shape has, to find one that comes twice. */
static int check_shape(struct body *y, const uint32_t *fields, uint32_t count)
{
	struct reader_scope *s = y->scope;
	uint64_t mark = ++y->r->frame;
	for (uint32_t i = 0; i < count; i++) {
		if (fields[i] >= s->field_count || s->fields[fields[i]].frame == mark)
			return body_damaged(y, "a shape is wrong");
		s->fields[fields[i]].frame = mark;
	}
	return OK;
}

static void add_shape(struct reader_scope *s, const uint32_t *fields, uint32_t count)
{
	if (s->shape_count == s->shape_cap) {
		s->shape_cap = (uint32_t)mem_grow(s->shape_cap, 16);
		s->shapes = mem_resize(s->shapes, s->shape_cap, sizeof *s->shapes);
	}
	s->shapes[s->shape_count++] = (struct reader_shape){.fields = fields, .count = count};
}

int scope_shapes(struct body *y)
{
	struct reader_scope *s = y->scope;
	const char *p;
	size_t len;
	int r = body_buffer(y, 1, &p, &len);
	if (r)
		return r;
	if (!y->h.chain)
		clear_shapes(s);
	uint64_t words = len / sizeof(uint32_t), at = 0;
	if (len % sizeof(uint32_t) || s->shape_words + words > FRAME_SHAPE_WORDS_MAX)
		return body_damaged(y, "its shapes don't fit");
	const uint32_t *list = (const uint32_t *)(const void *)arena_copy(&s->shape_lists, p, len);
	for (uint32_t i = 0; i < y->h.shapes; i++) {
		uint32_t count = at < words ? list[at++] : UINT32_MAX;
		if (count > words - at)
			return body_damaged(y, "its shapes don't fit");
		r = check_shape(y, list + at, count);
		if (r)
			return r;
		add_shape(s, list + at, count);
		at += count;
	}
	s->shape_words += words;
	return at == words ? OK : body_damaged(y, "its shapes don't fit");
}
