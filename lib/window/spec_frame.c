#include <string.h>

#include "window/spec.h"

enum field { KIND, SIZE, SLIDE, GAP, COUNT, OFFSET, LATENESS, DELAY, ZONE, BY, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {"kind",   "size",     "slide", "gap",  "count",
						     "offset", "lateness", "delay", "zone", "by"};
static const char *const kind_names[WINDOW_KIND_COUNT] = {"tumble", "hop", "cumulate", "session", "count"};

static struct value text_value(const char *s)
{
	return value_string(s, strlen(s));
}

static struct value positive_value(int64_t i)
{
	return i > 0 ? value_int(i) : value_absent();
}

void window_write(const struct window_spec *s, struct batch *b)
{
	const struct value first[FIELD_COUNT] = {
		[KIND] = text_value(kind_names[s->kind]),
		[SIZE] = positive_value(s->size),
		[SLIDE] = positive_value(s->slide),
		[GAP] = positive_value(s->gap),
		[COUNT] = positive_value(s->count),
		[OFFSET] = value_int(s->offset),
		[LATENESS] = value_int(s->lateness),
		[DELAY] = s->delay == DELAY_UNLIMITED ? value_null() : value_int(s->delay),
		[ZONE] = text_value(s->zone_name ? s->zone_name : "UTC"),
	};
	uint16_t columns[FIELD_COUNT];
	batch_reset(b);
	for (int f = 0; f < FIELD_COUNT; f++)
		columns[f] = (uint16_t)batch_column(b, field_names[f], strlen(field_names[f]));
	uint32_t shape = (uint32_t)batch_shape_of(b, columns, FIELD_COUNT);
	for (size_t i = 0; i == 0 || i < s->by_count; i++) {
		uint32_t row = batch_begin(b);
		for (int f = 0; f < BY; f++)
			b->columns[columns[f]].values[row] = i ? value_absent() : first[f];
		struct value by = s->by_count ? text_value(s->by[i]) : value_absent();
		b->columns[columns[BY]].values[row] = value_keep(by, &b->arena);
		batch_end(b, shape, 0);
	}
}

static struct value get(const struct batch *b, enum field f, uint32_t i)
{
	const char *name = field_names[f];
	return column_get(batch_field(b, name, strlen(name)), batch_row(b, i));
}

/* A whole number of at least `least`; where there is none, it is `missing`. */
static int read_int(const struct batch *b, enum field f, int64_t least, int64_t missing, int64_t *out, struct error *e)
{
	struct value v = get(b, f, 0);
	if (value_is_missing(v))
		*out = missing;
	else if (!value_is_number(v) || !number_int64(v, out))
		return error_set(e, ERR_FAILED, "window frame: `%s` is no whole number", field_names[f]);
	if (*out < least)
		return error_set(e, ERR_FAILED, "window frame: `%s` is missing or too small", field_names[f]);
	return OK;
}

static int read_kind(const struct batch *b, enum window_kind *kind, struct error *e)
{
	struct value v = get(b, KIND, 0);
	for (int k = 0; v.type == TYPE_STRING && k < WINDOW_KIND_COUNT; k++) {
		if (v.len == strlen(kind_names[k]) && !memcmp(v.s, kind_names[k], v.len)) {
			*kind = (enum window_kind)k;
			return OK;
		}
	}
	return error_set(e, ERR_FAILED, "window frame: a kind of window that this version does not know");
}

static int read_by(const struct batch *b, struct arena *a, struct window_spec *s, struct error *e)
{
	uint32_t count = batch_count(b);
	const char **by = arena_array(a, count, sizeof *by);
	s->by = by;
	for (uint32_t i = 0; i < count; i++) {
		struct value v = get(b, BY, i);
		if (value_is_missing(v))
			continue;
		if (v.type != TYPE_STRING || memchr(v.s, 0, v.len))
			return error_set(e, ERR_FAILED, "window frame: `by` is no name of a field");
		by[s->by_count++] = arena_copy(a, v.s, v.len);
	}
	return OK;
}

static int read_zone(const struct batch *b, struct arena *a, struct window_spec *s, struct error *e)
{
	struct value v = get(b, ZONE, 0);
	if (value_is_missing(v))
		return OK;
	if (v.type != TYPE_STRING || memchr(v.s, 0, v.len))
		return error_set(e, ERR_FAILED, "window frame: `zone` is no name of a zone");
	return window_set_zone(s, arena_copy(a, v.s, v.len), a, e) ? error_prefix(e, "window frame") : OK;
}

int window_read(const struct batch *b, struct arena *a, struct window_spec *s, struct error *e)
{
	*s = (struct window_spec){0};
	if (!batch_count(b))
		return error_set(e, ERR_FAILED, "window frame: it is empty");
	if (read_kind(b, &s->kind, e))
		return e->code;
	bool sized = s->kind <= WINDOW_CUMULATE, slides = s->kind == WINDOW_HOP || s->kind == WINDOW_CUMULATE;
	if (read_int(b, SIZE, sized, 0, &s->size, e) || read_int(b, SLIDE, slides, 0, &s->slide, e) ||
	    read_int(b, GAP, s->kind == WINDOW_SESSION, 0, &s->gap, e) ||
	    read_int(b, COUNT, s->kind == WINDOW_COUNT, 0, &s->count, e) ||
	    read_int(b, OFFSET, INT64_MIN, 0, &s->offset, e) || read_int(b, LATENESS, 0, 0, &s->lateness, e) ||
	    read_int(b, DELAY, 0, DELAY_UNLIMITED, &s->delay, e))
		return e->code;
	if (slides && (s->slide > s->size || (s->kind == WINDOW_CUMULATE && s->size % s->slide)))
		return error_set(e, ERR_FAILED, "window frame: size and slide do not go together");
	if (read_zone(b, a, s, e))
		return e->code;
	return read_by(b, a, s, e);
}
