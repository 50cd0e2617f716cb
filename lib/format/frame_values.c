#include <string.h>

#include "format/frame_writer.h"

static inline bool missing(const struct value *v)
{
	return v->type <= TYPE_NULL;
}

static int value_marks_put(struct frame_writer *w, struct frame_entry *n, const struct value *v, uint32_t count,
			   bool marked)
{
	n->marked = marked;
	if (!marked)
		return 0;
	uint8_t *to = buffer_open(w, count);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++)
		to[i] = missing(&v[i]) ? v[i].type == TYPE_NULL ? MARK_NULL : MARK_ABSENT : MARK_VALUE;
	buffer_close(w, count);
	return 0;
}

/* -- ints -- */

struct range {
	int64_t least, greatest;
};

static struct range range_of(const struct value *v, uint32_t count, bool marked)
{
	struct range r = {INT64_MAX, INT64_MIN};
	for (uint32_t i = 0; i < count; i++) {
		if (marked && missing(&v[i]))
			continue;
		r.least = v[i].i < r.least ? v[i].i : r.least;
		r.greatest = v[i].i > r.greatest ? v[i].i : r.greatest;
	}
	return r;
}

static unsigned width_of(uint64_t greatest)
{
	return greatest <= UINT8_MAX ? 1 : greatest <= UINT16_MAX ? 2 : greatest <= UINT32_MAX ? 4 : 8;
}

/* A bias only where it makes the ints narrower: kernels like none best. */
static void choose_width(struct frame_entry *n, struct range r)
{
	n->width = (uint8_t)width_of((uint64_t)r.greatest - (uint64_t)r.least);
	if (n->width < 8 && (r.least < 0 || width_of((uint64_t)r.greatest) > n->width))
		n->bias = r.least;
}

/* What lies under a mark is written as 0. */
static void narrow(void *to, unsigned width, const struct value *v, uint32_t count, int64_t bias, bool marked)
{
#define NARROW(type)                                                                                                   \
	for (uint32_t i = 0; i < count; i++)                                                                           \
	((type *)to)[i] = (type)(marked && missing(&v[i]) ? 0 : (uint64_t)v[i].i - (uint64_t)bias)
	switch (width) {
	case 1: NARROW(uint8_t); break;
	case 2: NARROW(uint16_t); break;
	case 4: NARROW(uint32_t); break;
	default: NARROW(uint64_t);
	}
#undef NARROW
}

int value_ints_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked)
{
	const struct value *some = v;
	while (missing(some))
		some++;
	struct range range = range_of(v, count, marked);
	if (!marked && range.least == range.greatest)
		return const_put(w, n, *v);
	n.form = COLUMN_INT;
	n.type = some->type;
	n.scale = some->type == TYPE_INT ? some->scale : 0;
	choose_width(&n, range);
	if (n.type == TYPE_BOOL)
		n.bias = 0;
	if (value_marks_put(w, &n, v, count, marked))
		return TOO_LARGE;
	void *to = buffer_open(w, (size_t)count * n.width);
	if (!to)
		return TOO_LARGE;
	narrow(to, n.width, v, count, n.bias, marked);
	buffer_close(w, (size_t)count * n.width);
	entry_put(w, &n);
	return 0;
}

/* -- doubles -- */

int value_floats_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked)
{
	n.form = COLUMN_FLOAT;
	if (value_marks_put(w, &n, v, count, marked))
		return TOO_LARGE;
	double *to = buffer_open(w, count * sizeof *to);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++)
		to[i] = marked && missing(&v[i]) ? 0 : v[i].f;
	buffer_close(w, count * sizeof *to);
	entry_put(w, &n);
	return 0;
}

/* -- texts -- */

static int value_offsets_put(struct frame_writer *w, const struct value *v, uint32_t count, uint64_t *total)
{
	uint32_t *to = buffer_open(w, (count + (size_t)1) * sizeof *to);
	if (!to)
		return TOO_LARGE;
	uint64_t sum = 0;
	for (uint32_t i = 0; i < count; i++) {
		to[i] = (uint32_t)sum;
		sum += missing(&v[i]) ? 0 : v[i].len;
	}
	to[count] = (uint32_t)sum;
	buffer_close(w, (count + (size_t)1) * sizeof *to);
	*total = sum;
	return 0;
}

int value_texts_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked)
{
	uint64_t total;
	n.form = COLUMN_TEXT;
	for (uint32_t i = 0; i < count && n.type <= TYPE_NULL; i++)
		n.type = v[i].type;
	if (value_marks_put(w, &n, v, count, marked) || value_offsets_put(w, v, count, &total))
		return TOO_LARGE;
	char *to = buffer_open(w, total);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++) {
		if (missing(&v[i]))
			continue;
		text_copy(to, v[i].s, v[i].len);
		to += v[i].len;
	}
	buffer_close(w, total);
	entry_put(w, &n);
	return 0;
}

int value_codes_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked,
		    const uint16_t *codes, uint32_t dict_size)
{
	n.form = COLUMN_DICT;
	n.width = dict_size <= 1 << 8 ? 1 : 2;
	if (value_marks_put(w, &n, v, count, marked))
		return TOO_LARGE;
	uint8_t *to = buffer_open(w, (size_t)count * n.width);
	if (!to)
		return TOO_LARGE;
	if (n.width == 2)
		memcpy(to, codes, count * sizeof *codes);
	else
		for (uint32_t i = 0; i < count; i++)
			to[i] = (uint8_t)codes[i];
	buffer_close(w, (size_t)count * n.width);
	entry_put(w, &n);
	return 0;
}

/* -- anything -- */

static int types_put(struct frame_writer *w, const struct value *v, uint32_t count)
{
	uint8_t *to = buffer_open(w, count);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++)
		to[i] = v[i].type;
	buffer_close(w, count);
	return 0;
}

static int scales_put(struct frame_writer *w, const struct value *v, uint32_t count)
{
	uint8_t *to = buffer_open(w, count), seen = 0;
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++)
		seen |= to[i] = v[i].type == TYPE_INT ? v[i].scale : 0;
	buffer_close(w, seen ? count : 0);
	return 0;
}

static int payloads_put(struct frame_writer *w, const struct value *v, uint32_t count, uint64_t *heap)
{
	uint64_t *to = buffer_open(w, count * sizeof *to);
	if (!to)
		return TOO_LARGE;
	*heap = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (value_has_text(v[i])) {
			to[i] = (uint32_t)*heap | (uint64_t)v[i].len << 32;
			*heap += v[i].len;
		} else {
			to[i] = missing(&v[i]) ? 0 : (uint64_t)v[i].i;
		}
	}
	buffer_close(w, count * sizeof *to);
	return 0;
}

int variant_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count)
{
	uint64_t heap;
	n.form = COLUMN_VALUES;
	if (types_put(w, v, count) || scales_put(w, v, count) || payloads_put(w, v, count, &heap))
		return TOO_LARGE;
	char *to = buffer_open(w, heap);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < count; i++) {
		if (!value_has_text(v[i]))
			continue;
		text_copy(to, v[i].s, v[i].len);
		to += v[i].len;
	}
	buffer_close(w, heap);
	entry_put(w, &n);
	return 0;
}
