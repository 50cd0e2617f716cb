#include <string.h>

#include "format/frame_writer.h"

int const_put(struct frame_writer *w, struct frame_entry n, struct value v)
{
	n.form = COLUMN_CONST;
	n.type = v.type;
	n.dict = 0;
	int r = 0;
	if (value_has_text(v)) {
		r = buffer_put(w, v.s, v.len);
	} else if (v.type > TYPE_NULL) {
		n.bias = v.i; /* or the bits of f: they share their place */
		n.scale = v.type == TYPE_INT ? v.scale : 0;
	}
	entry_put(w, &n);
	return r;
}

/* -- selected rows, gathered -- */

static void gather(void *to, const void *from, unsigned width, const uint32_t *sel, uint32_t count)
{
	switch (width) {
	case 1:
		for (uint32_t i = 0; i < count; i++)
			((uint8_t *)to)[i] = ((const uint8_t *)from)[sel[i]];
		break;
	case 2:
		for (uint32_t i = 0; i < count; i++)
			((uint16_t *)to)[i] = ((const uint16_t *)from)[sel[i]];
		break;
	case 4:
		for (uint32_t i = 0; i < count; i++)
			((uint32_t *)to)[i] = ((const uint32_t *)from)[sel[i]];
		break;
	default:
		for (uint32_t i = 0; i < count; i++)
			((uint64_t *)to)[i] = ((const uint64_t *)from)[sel[i]];
	}
}

/* Opens a buffer with the selected elements in it. */
static char *open_gathered(struct frame_writer *w, const void *from, unsigned width, const uint32_t *sel,
			   uint32_t count)
{
	char *to = buffer_open(w, (size_t)count * width);
	if (!to)
		return NULL;
	if (sel)
		gather(to, from, width, sel, count);
	else
		memcpy(to, from, (size_t)count * width);
	return to;
}

/* No buffer if nothing selected is marked. */
static int marks_put(struct frame_writer *w, struct frame_entry *n, const uint8_t *marks, const uint32_t *sel,
		     uint32_t count)
{
	if (!marks)
		return 0;
	char *to = open_gathered(w, marks, 1, sel, count);
	if (!to)
		return TOO_LARGE;
	if (!to[0] && !memcmp(to, to + 1, count - 1))
		return 0;
	n->marked = 1;
	buffer_close(w, count);
	return 0;
}

static bool all_same(const char *p, size_t width, uint32_t count)
{
	return !memcmp(p, p + width, (count - 1) * width);
}

/* Ints, doubles and codes. */
static int fixed_put(struct frame_writer *w, struct frame_entry n, const struct column *c, unsigned width,
		     const uint32_t *sel, uint32_t count)
{
	char *to = open_gathered(w, c->ints, width, sel, count);
	if (!to)
		return TOO_LARGE;
	if (!n.marked && all_same(to, width, count))
		return const_put(w, n, column_dense(c, sel ? sel[0] : 0));
	n.type = c->form == COLUMN_INT ? c->type : 0;
	n.width = c->form == COLUMN_FLOAT ? 0 : c->width;
	n.scale = c->form == COLUMN_INT && c->type == TYPE_INT ? c->scale : 0;
	n.bias = c->form == COLUMN_INT ? c->bias : 0;
	buffer_close(w, (size_t)count * width);
	entry_put(w, &n);
	return 0;
}

/* -- texts -- */

static int offsets_put(struct frame_writer *w, const struct column *c, const uint32_t *sel, uint32_t count,
		       uint64_t *total)
{
	uint32_t *to = buffer_open(w, (count + (size_t)1) * sizeof *to);
	if (!to)
		return TOO_LARGE;
	*total = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = sel ? sel[i] : i;
		to[i] = (uint32_t)*total;
		*total += c->offsets[row + 1] - c->offsets[row];
	}
	to[count] = (uint32_t)*total;
	buffer_close(w, (count + (size_t)1) * sizeof *to);
	return 0;
}

static int text_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel,
		    uint32_t count)
{
	uint64_t total;
	n.type = c->type;
	if (offsets_put(w, c, sel, count, &total))
		return TOO_LARGE;
	char *to = buffer_open(w, total);
	if (!to)
		return TOO_LARGE;
	if (!sel) {
		memcpy(to, c->bytes + c->offsets[0], total);
	} else {
		for (uint32_t i = 0; i < count; i++) {
			uint32_t at = c->offsets[sel[i]], len = c->offsets[sel[i] + 1] - at;
			memcpy(to, c->bytes + at, len);
			to += len;
		}
	}
	buffer_close(w, total);
	entry_put(w, &n);
	return 0;
}

int dense_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel, uint32_t count)
{
	n.form = c->form;
	if (marks_put(w, &n, c->marks, sel, count))
		return TOO_LARGE;
	if (c->form == COLUMN_TEXT)
		return text_put(w, n, c, sel, count);
	return fixed_put(w, n, c, c->form == COLUMN_FLOAT ? 8 : c->width, sel, count);
}
