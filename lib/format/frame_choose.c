#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/frame_writer.h"

/* -- what is in these values? -- */

struct survey {
	uint32_t types; /* a bit for each type that occurs */
	bool one_scale; /* all ints have the same */
};

/* The second word of a value: len, type, scale, zero. */
static inline uint64_t second_word(const struct value *v)
{
	uint64_t x;
	memcpy(&x, (const char *)v + 8, sizeof x);
	return x;
}

/* Nearly always all have one type and scale, which one or of the differences finds out. */
static bool uniform(const struct value *v, uint32_t count)
{
	static const struct value type_and_scale = {.type = 0xff, .scale = 0xff};
	uint64_t first = second_word(v), differ = 0;
	for (uint32_t i = 1; i < count; i++)
		differ |= second_word(&v[i]) ^ first;
	return !(differ & second_word(&type_and_scale));
}

static struct survey survey_of(const struct value *v, uint32_t count)
{
	if (uniform(v, count))
		return (struct survey){UINT32_C(1) << v->type, true};
	struct survey s = {0, true};
	int scale = -1;
	for (uint32_t i = 0; i < count; i++) {
		s.types |= UINT32_C(1) << v[i].type;
		if (v[i].type != TYPE_INT)
			continue;
		s.one_scale &= scale < 0 || scale == v[i].scale;
		scale = v[i].scale;
	}
	return s;
}

static bool all_equal_texts(const struct value *v, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (v[i].len != v->len || (v[i].s != v->s && v->len && memcmp(v[i].s, v->s, v->len)))
			return false;
	return true;
}

static bool all_equal_floats(const struct value *v, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (v[i].i != v->i) /* the bits: -0 is not 0 */
			return false;
	return true;
}

/* -- the form that suits them -- */

static int texts_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count, bool marked,
		     struct dict *d)
{
	bool done = false;
	if (!marked && all_equal_texts(v, count))
		return const_put(w, n, *v);
	int r = texts_by_dict(w, n, v, count, marked, d, &done);
	return r || done ? r : value_texts_put(w, n, v, count, marked);
}

static int values_put(struct frame_writer *w, struct frame_entry n, const struct value *v, uint32_t count,
		      struct dict *d)
{
	const uint32_t gaps = 1 << TYPE_ABSENT | 1 << TYPE_NULL;
	struct survey s = survey_of(v, count);
	uint32_t kinds = s.types & ~gaps;
	bool marked = s.types & gaps;
	if (!kinds && !(s.types & (s.types - 1)))
		return const_put(w, n, *v);
	switch (kinds) {
	case 1 << TYPE_INT:
		if (!s.one_scale)
			return variant_put(w, n, v, count);
		/* fallthrough */
	case 1 << TYPE_BOOL:
	case 1 << TYPE_TIME: return value_ints_put(w, n, v, count, marked);
	case 1 << TYPE_FLOAT:
		return !marked && all_equal_floats(v, count) ? const_put(w, n, *v)
							     : value_floats_put(w, n, v, count, marked);
	case 1 << TYPE_NUMBER:
	case 1 << TYPE_STRING:
	case 1 << TYPE_BYTES:
	case 1 << TYPE_JSON: return texts_put(w, n, v, count, marked, d);
	default: return variant_put(w, n, v, count);
	}
}

static int gathered_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel,
			uint32_t count, struct dict *d)
{
	if (c->form == COLUMN_VALUES && !sel)
		return values_put(w, n, c->values, count, d);
	if (w->cells_cap < count) {
		free(w->cells);
		w->cells_cap = count;
		w->cells = mem_array(count, sizeof *w->cells);
	}
	column_gather(c, sel, count, w->cells);
	return values_put(w, n, w->cells, count, d);
}

int column_put(struct frame_writer *w, struct frame_entry n, const struct column *c, const uint32_t *sel,
	       uint32_t count, struct dict *d)
{
	bool done = false;
	int r = 0;
	if (count == 1 || c->form == COLUMN_CONST)
		return const_put(w, n, column_get(c, sel ? sel[0] : 0));
	switch (c->form) {
	case COLUMN_INT:
		/* The format has bools in one way only; who made these may have chosen another. */
		if (c->type == TYPE_BOOL && (c->width != 1 || c->bias || c->marks))
			return gathered_put(w, n, c, sel, count, d);
		return dense_put(w, n, c, sel, count);
	case COLUMN_FLOAT:
	case COLUMN_TEXT: return dense_put(w, n, c, sel, count);
	case COLUMN_DICT:
		r = dict_pass(w, n, c, sel, count, d, &done);
		return r || done ? r : gathered_put(w, n, c, sel, count, d);
	default: return gathered_put(w, n, c, sel, count, d);
	}
}
