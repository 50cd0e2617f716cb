#include <math.h>
#include <string.h>

#include "format/frame_check.h"
#include "format/frame_reader.h"

/* -- the buffers that several forms have -- */

/* `next` is the buffer behind the marks. */
static int take_marks(struct body *y, const struct frame_entry *n, uint32_t rows, uint32_t *next, struct column *c)
{
	if (!n->marked)
		return OK;
	c->marks = body_array(y, (*next)++, rows, 1);
	if (!c->marks)
		return ERR_FAILED;
	return all_below(c->marks, rows, 1, MARK_ABSENT + 1) ? OK : body_damaged(y, "a mark is wrong");
}

static bool is_text_type(unsigned type)
{
	return type == TYPE_NUMBER || (type >= TYPE_STRING && type <= TYPE_JSON);
}

/* -- a form each -- */

static int take_const(struct body *y, const struct frame_entry *n, uint32_t next, struct column *c)
{
	size_t len = 0;
	const char *p = NULL;
	if (n->type > TYPE_JSON || n->scale > VALUE_SCALE_MAX || (n->scale && n->type != TYPE_INT) || n->marked)
		return body_damaged(y, "a constant is wrong");
	if (!is_text_type(n->type)) {
		c->value = (struct value){.type = n->type, .scale = n->scale};
		if (n->type > TYPE_NULL)
			c->value.i = n->bias;
		bool wrong = (n->type == TYPE_BOOL && n->bias >> 1) || (n->type == TYPE_FLOAT && !isfinite(c->value.f));
		return wrong ? body_damaged(y, "a constant is wrong") : OK;
	}
	int r = body_buffer(y, next, &p, &len);
	c->value = value_text(n->type, p, len);
	if (!r && n->type == TYPE_NUMBER && !is_number_text(p, len))
		return body_damaged(y, "a number is none");
	return r;
}

static int take_ints(struct body *y, const struct frame_entry *n, uint32_t next, uint32_t rows, struct column *c)
{
	bool width = n->width == 1 || n->width == 2 || n->width == 4 || n->width == 8;
	bool type = n->type == TYPE_INT ? n->scale <= VALUE_SCALE_MAX
					: !n->scale && (n->type == TYPE_TIME ||
							(n->type == TYPE_BOOL && n->width == 1 && !n->bias));
	if (!width || !type)
		return body_damaged(y, "a column of ints is wrong");
	c->type = n->type;
	c->width = n->width;
	c->scale = n->scale;
	c->bias = n->bias;
	int r = take_marks(y, n, rows, &next, c);
	if (!r && !(c->ints = body_array(y, next, rows, n->width)))
		return ERR_FAILED;
	if (!r && n->type == TYPE_BOOL && !all_below(c->ints, rows, 1, 2))
		return body_damaged(y, "a bool is neither 0 nor 1");
	return r;
}

static int take_floats(struct body *y, const struct frame_entry *n, uint32_t next, uint32_t rows, struct column *c)
{
	int r = take_marks(y, n, rows, &next, c);
	if (!r && !(c->floats = body_array(y, next, rows, sizeof *c->floats)))
		return ERR_FAILED;
	if (r || all_finite(c->floats, rows))
		return r;
	for (uint32_t i = 0; i < rows; i++)
		if (!isfinite(c->floats[i]) && !(c->marks && c->marks[i]))
			return body_damaged(y, "a float is not finite");
	return OK;
}

static int take_text(struct body *y, const struct frame_entry *n, uint32_t next, uint32_t rows, struct column *c)
{
	size_t len;
	if (!is_text_type(n->type))
		return body_damaged(y, "a column of text is wrong");
	c->type = n->type;
	int r = take_marks(y, n, rows, &next, c);
	if (!r && !(c->offsets = body_array(y, next, rows + UINT64_C(1), sizeof *c->offsets)))
		return ERR_FAILED;
	if (!r)
		r = body_buffer(y, next + 1, &c->bytes, &len);
	if (r)
		return r;
	if (!all_ascending(c->offsets, rows, (uint32_t)len))
		return body_damaged(y, "texts don't fit in their buffer");
	if (n->type != TYPE_NUMBER || all_numbers(c->bytes, c->offsets, c->marks, rows))
		return OK;
	return body_damaged(y, "a number is none");
}

static int take_codes(struct body *y, const struct frame_entry *n, uint32_t next, uint32_t rows, struct column *c)
{
	const struct reader_dict *d;
	if (n->width != 1 && n->width != 2 && n->width != 4)
		return body_damaged(y, "a column of codes is wrong");
	int r = dict_find(y, n->dict, &d);
	if (!r)
		r = take_marks(y, n, rows, &next, c);
	if (!r && !(c->ints = body_array(y, next, rows, n->width)))
		return ERR_FAILED;
	if (r)
		return r;
	c->width = n->width;
	c->dict = d->values;
	c->dict_size = d->count;
	c->dict_id = d->id;
	return all_below(c->ints, rows, c->width, c->dict_size) ? OK : body_damaged(y, "a code has no value");
}

/* -- values of any type -- */

struct variant {
	const uint8_t *types, *scales; /* scales NULL: all 0 */
	const int64_t *payloads;
	const char *heap;
	size_t heap_len;
};

static bool variant_value(const struct variant *s, uint32_t row, struct value *v)
{
	int64_t payload = s->payloads[row];
	uint8_t scale = s->scales ? s->scales[row] : 0;
	*v = (struct value){.i = payload, .type = s->types[row], .scale = scale};
	if (scale && (scale > VALUE_SCALE_MAX || v->type != TYPE_INT))
		return false;
	switch (v->type) {
	case TYPE_ABSENT:
	case TYPE_NULL: v->i = 0; return true;
	case TYPE_BOOL: return payload == 0 || payload == 1;
	case TYPE_INT:
	case TYPE_TIME: return true;
	case TYPE_FLOAT: return isfinite(v->f);
	default: break;
	}
	uint64_t at = (uint32_t)payload, len = (uint64_t)payload >> 32;
	if (!is_text_type(v->type) || at + len > s->heap_len)
		return false;
	v->s = s->heap + at;
	v->len = (uint32_t)len;
	return v->type != TYPE_NUMBER || is_number_text(v->s, len);
}

static int take_values(struct body *y, const struct frame_entry *n, uint32_t next, uint32_t rows, struct column *c)
{
	struct variant s = {0};
	if (n->marked)
		return body_damaged(y, "a column of values is wrong");
	if (!(s.types = body_array(y, next, rows, 1)))
		return ERR_FAILED;
	if (body_extent(y, next + 1).raw && !(s.scales = body_array(y, next + 1, rows, 1)))
		return ERR_FAILED;
	if (!(s.payloads = body_array(y, next + 2, rows, sizeof *s.payloads)))
		return ERR_FAILED;
	int r = body_buffer(y, next + 3, &s.heap, &s.heap_len);
	if (r)
		return r;
	c->values = arena_array(y->arena, rows, sizeof *c->values);
	bool good = true;
	for (uint32_t i = 0; i < rows; i++)
		good &= variant_value(&s, i, &c->values[i]);
	return good ? OK : body_damaged(y, "a value is wrong");
}

int column_take(struct body *y, const struct frame_entry *n, uint32_t buffers, uint32_t rows, struct column *c)
{
	*c = (struct column){.form = n->form};
	switch (n->form) {
	case COLUMN_VALUES: return take_values(y, n, buffers, rows, c);
	case COLUMN_CONST: return take_const(y, n, buffers, c);
	case COLUMN_INT: return take_ints(y, n, buffers, rows, c);
	case COLUMN_FLOAT: return take_floats(y, n, buffers, rows, c);
	case COLUMN_TEXT: return take_text(y, n, buffers, rows, c);
	case COLUMN_DICT: return take_codes(y, n, buffers, rows, c);
	default: return body_damaged(y, "a column has a form that this program does not know");
	}
}
