#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/frame_writer.h"

enum { SLOTS_MIN = 64 };

/* -- fields -- */

static struct writer_field **field_place(struct frame_writer *w, const char *name, size_t len)
{
	uint32_t mask = w->slot_count - 1;
	for (uint32_t at = (uint32_t)bytes_hash(name, len, 0) & mask;; at = (at + 1) & mask) {
		struct writer_field *f = w->slots[at];
		if (!f || (f->len == len && !memcmp(f->name, name, len)))
			return &w->slots[at];
	}
}

static void grow(struct frame_writer *w)
{
	struct writer_field **old = w->slots;
	uint32_t count = w->slot_count;
	w->slot_count = count ? count * 2 : SLOTS_MIN;
	w->slots = mem_zero(w->slot_count * sizeof *w->slots);
	for (uint32_t i = 0; i < count; i++)
		if (old[i])
			*field_place(w, old[i]->name, old[i]->len) = old[i];
	free(old);
}

struct writer_field *writer_field(struct frame_writer *w, const char *name, size_t len)
{
	if (w->field_count * 2 >= w->slot_count)
		grow(w);
	struct writer_field **place = field_place(w, name, len);
	if (!*place) {
		struct writer_field *f = arena_alloc(&w->names, sizeof *f);
		*f = (struct writer_field){.name = arena_copy(&w->names, name, len), .len = (uint32_t)len};
		*place = f;
		w->field_count++;
	}
	return *place;
}

uint32_t field_number(struct frame_writer *w, struct writer_field *f)
{
	struct scope *scope = writer_scope(w);
	if (f->known[w->alone].epoch != scope->epoch) {
		f->known[w->alone].epoch = scope->epoch;
		f->known[w->alone].id = scope->fields++;
		scope->name_bytes += f->len;
		buf_append(&w->new_names, &f->len, sizeof f->len);
		buf_append(&w->new_names, f->name, f->len);
		w->new_name_count++;
	}
	return f->known[w->alone].id;
}

void names_release(struct frame_writer *w)
{
	for (uint32_t i = 0; i < w->slot_count; i++)
		if (w->slots[i])
			dict_release(&w->slots[i]->dict);
	free(w->slots);
	w->slots = NULL;
	w->slot_count = w->field_count = 0;
	arena_release(&w->names);
}

/* -- shapes -- */

static uint32_t new_shape(struct frame_writer *w, const uint32_t *fields, uint32_t count)
{
	struct scope *scope = writer_scope(w);
	buf_append(&w->new_shapes, &count, sizeof count);
	buf_append(&w->new_shapes, fields, count * sizeof *fields);
	w->new_shape_count++;
	scope->shape_words += count + UINT64_C(1);
	return scope->shapes++;
}

static const uint32_t *shape_ids(const struct writer_shapes *s, const struct chain_shape *shape)
{
	return (const uint32_t *)(const void *)s->ids.data + shape->at;
}

static uint32_t *shape_place(struct writer_shapes *s, uint64_t hash, const uint32_t *fields, uint32_t count)
{
	uint32_t mask = s->slot_count - 1;
	for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
		if (!s->slots[at])
			return &s->slots[at];
		const struct chain_shape *shape = &s->list[s->slots[at] - 1];
		if (shape->hash == hash && shape->count == count &&
		    (!count || !memcmp(shape_ids(s, shape), fields, count * sizeof *fields)))
			return &s->slots[at];
	}
}

static void grow_shapes(struct writer_shapes *s)
{
	free(s->slots);
	s->slot_count = s->slot_count ? s->slot_count * 2 : SLOTS_MIN;
	s->slots = mem_zero(s->slot_count * sizeof *s->slots);
	for (uint32_t i = 0; i < s->count; i++)
		*shape_place(s, s->list[i].hash, shape_ids(s, &s->list[i]), s->list[i].count) = i + 1;
}

uint32_t shape_number(struct frame_writer *w, const uint32_t *fields, uint32_t count)
{
	struct writer_shapes *s = &w->shapes;
	if (w->alone)
		return new_shape(w, fields, count);
	if (s->count * 2 >= s->slot_count)
		grow_shapes(s);
	uint64_t hash = bytes_hash((const char *)fields, count * sizeof *fields, 0);
	uint32_t *place = shape_place(s, hash, fields, count);
	if (!*place) {
		if (s->count == s->cap) {
			s->cap = (uint32_t)mem_grow(s->cap, 16);
			s->list = mem_resize(s->list, s->cap, sizeof *s->list);
		}
		s->list[s->count++] = (struct chain_shape){hash, (uint32_t)(s->ids.len / sizeof *fields), count};
		buf_append(&s->ids, fields, count * sizeof *fields);
		*place = s->count;
		new_shape(w, fields, count);
	}
	return *place - 1;
}

void shapes_clear(struct writer_shapes *s)
{
	free(s->list);
	free(s->slots);
	buf_release(&s->ids);
	*s = (struct writer_shapes){0};
}
