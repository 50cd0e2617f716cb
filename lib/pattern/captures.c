#include "pattern/captures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/regex.h"

enum { TIME_MAX = 64, NOT_A_FIELD = -1 };

struct field {
	const char *name;
	enum capture_type type;
	const char *const *formats;
};

struct captures {
	struct pattern head;
	struct regex *regex;
	uint32_t groups;
	int *field_of; /* by group: a field, or NOT_A_FIELD */
	struct field *fields;
	uint32_t count;
	uint16_t *columns;
	struct value *values; /* of the line at hand, by field */
	int shape;
	bool has_time;       /* one of the fields is a time */
	const char *nothing; /* NULL: no text is null */
	char date[TIME_MAX]; /* the last time that was read: as in access.c */
	uint32_t date_len;
	int64_t ns;
	struct arena names;
	struct error error; /* holds the last reason */
};

/* -- values -- */

/* A decimal that RFC 8259 would not have: `+5`, `007`, `.5`, `5.`. */
static bool read_loosely(const char *p, size_t len, struct arena *a, struct value *v)
{
	char *text = arena_alloc(a, len + 3), *to = text;
	const char *end = p + len;
	if (p < end && (*p == '+' || *p == '-'))
		if (*p++ == '-')
			*to++ = '-';
	while (end - p > 1 && p[0] == '0' && p[1] >= '0' && p[1] <= '9')
		p++;
	if (p < end && *p == '.')
		*to++ = '0';
	size_t rest = (size_t)(end - p);
	if (rest > 1 && p[rest - 1] == '.')
		rest--;
	memcpy(to, p, rest);
	to[rest] = 0;
	return number_read(text, to + rest, v) == to + rest;
}

static bool read_typed(enum capture_type type, struct arena *a, struct value *v)
{
	struct value number;
	int64_t whole;
	const char *p = v->s;
	if (!v->len || (number_read(p, p + v->len, &number) != p + v->len && !read_loosely(p, v->len, a, &number)))
		return false;
	if (type == CAPTURE_INT) {
		if (!number_int64(number, &whole))
			return false;
		number = value_int(whole);
	}
	*v = number;
	return true;
}

static bool read_time(struct captures *c, struct value v, const char *const *formats)
{
	if (v.len && v.len == c->date_len && !memcmp(v.s, c->date, v.len))
		return true;
	c->date_len = 0;
	for (; *formats; formats++) {
		size_t used = **formats ? timestamp_scan(v.s, v.len, *formats, c->head.base, &c->ns)
					: timestamp_read(v.s, v.len, &c->ns);
		if (used != v.len || !used)
			continue;
		if (v.len <= TIME_MAX) {
			memcpy(c->date, v.s, v.len);
			c->date_len = v.len;
		}
		return true;
	}
	return false;
}

/* What the groups caught, each field from the first of its groups that took part. */
static void take_groups(struct captures *c, const char *line, const size_t *spans, uint32_t set)
{
	for (uint32_t f = 0; f < c->count; f++)
		c->values[f] = value_absent();
	for (uint32_t g = 1; g <= c->groups && g < set; g++) {
		int f = c->field_of[g];
		size_t start = spans[2 * g], end = spans[2 * g + 1];
		if (f == NOT_A_FIELD || start == REGEX_UNSET || end < start || c->values[f].type != TYPE_ABSENT)
			continue;
		c->values[f] = value_string(line + start, end - start);
	}
}

/* Types and the time; NULL, or why it is a reject. */
static const char *convert(struct captures *c, bool *timed)
{
	bool timeless = c->head.options.timeless;
	for (uint32_t f = 0; f < c->count; f++) {
		struct value *v = &c->values[f];
		const struct field *field = &c->fields[f];
		if (v->type != TYPE_STRING)
			continue;
		if (c->nothing && v->len == strlen(c->nothing) && !memcmp(v->s, c->nothing, v->len)) {
			*v = value_null();
			continue;
		}
		if (field->formats && !*timed && !timeless && !(*timed = read_time(c, *v, field->formats))) {
			error_set(&c->error, ERR_REJECTED, "%s `%.*s` is no time", field->name, (int)v->len, v->s);
			return c->error.text;
		}
		if (field->type != CAPTURE_STRING && !read_typed(field->type, &c->head.to->arena, v)) {
			error_set(&c->error, ERR_REJECTED, "%s `%.*s` is no %s", field->name, (int)v->len, v->s,
				  field->type == CAPTURE_INT ? "int" : "float");
			return c->error.text;
		}
	}
	return NULL;
}

/* -- rows -- */

static bool bind(struct captures *c)
{
	struct batch *to = c->head.to;
	for (uint32_t f = 0; f < c->count; f++) {
		int column = batch_column(to, c->fields[f].name, strlen(c->fields[f].name));
		if (column < 0)
			return false;
		c->columns[f] = (uint16_t)column;
	}
	c->shape = batch_shape_of(to, c->columns, c->count);
	if (c->has_time && !c->head.options.timeless)
		batch_meta(to, META_TIME);
	return c->head.bound = c->shape >= 0;
}

static enum pattern_result captures_apply(struct pattern *p, const char *line, size_t len, uint64_t number,
					  const char **reason)
{
	struct captures *c = (struct captures *)p;
	struct batch *to = p->to;
	const size_t *spans;
	bool timed = false;
	/* The year of a date without one depends on when it was read. */
	if (!p->bound)
		c->date_len = 0;
	int set = regex_match(c->regex, line, len, 0, &spans, &c->error);
	if (set <= 0) {
		*reason = set ? c->error.text : "does not match";
		return PATTERN_NONE;
	}
	take_groups(c, line, spans, (uint32_t)set);
	if ((*reason = convert(c, &timed)))
		return PATTERN_REJECTED;
	if (!p->bound && !bind(c))
		return PATTERN_FULL;
	uint32_t row = batch_begin(to);
	for (uint32_t f = 0; f < c->count; f++)
		to->columns[c->columns[f]].values[row] = c->values[f];
	if (timed)
		to->meta[META_TIME].values[row] = value_time(c->ns);
	else
		pattern_no_time(to, row);
	batch_end(to, (uint32_t)c->shape, number);
	return PATTERN_MATCHED;
}

static void captures_free(struct pattern *p)
{
	struct captures *c = (struct captures *)p;
	regex_free(c->regex);
	free(c->field_of);
	free(c->fields);
	free(c->columns);
	free(c->values);
	arena_release(&c->names);
	free(c);
}

/* -- making one -- */

static const struct capture *capture_of(const struct capture *captures, size_t count, const char *group)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(captures[i].group, group))
			return &captures[i];
	return NULL;
}

static int field_add(struct captures *c, const char *name, const struct capture *as)
{
	uint32_t f = 0;
	while (f < c->count && strcmp(c->fields[f].name, name))
		f++;
	struct field *field = &c->fields[f];
	if (f == c->count) {
		*field = (struct field){.name = arena_copy(&c->names, name, strlen(name))};
		c->count++;
	}
	if (as && as->type != CAPTURE_STRING)
		field->type = as->type;
	if (as && as->formats) {
		field->formats = as->formats;
		c->has_time = true;
	}
	return (int)f;
}

static void fields_make(struct captures *c, const struct capture *captures, size_t count)
{
	c->field_of = mem_array((size_t)c->groups + 1, sizeof *c->field_of);
	c->fields = mem_array(c->groups, sizeof *c->fields);
	for (uint32_t g = 1; g <= c->groups; g++) {
		const char *group = regex_group_name(c->regex, g);
		const struct capture *as = group ? capture_of(captures, count, group) : NULL;
		c->field_of[g] = group ? field_add(c, as ? as->field : group, as) : NOT_A_FIELD;
	}
	c->columns = mem_array(c->count, sizeof *c->columns);
	c->values = mem_array(c->count, sizeof *c->values);
}

int captures_new(const char *regex, const struct capture *captures, size_t count, const char *nothing,
		 struct pattern **out, struct error *e)
{
	static const struct pattern_ops ops = {captures_apply, captures_free};
	struct captures *c = mem_zero(sizeof *c);
	c->head.ops = &ops;
	c->nothing = nothing;
	int code = regex_new(regex, strlen(regex), "", &c->regex, e);
	if (code == OK) {
		c->groups = regex_group_count(c->regex);
		fields_make(c, captures, count);
		if (!c->count)
			code = error_set(e, ERR_USAGE, "the pattern names no field: %%{NAME:field} or (?<field>...)");
	}
	if (code != OK) {
		captures_free(&c->head);
		return code;
	}
	*out = &c->head;
	return OK;
}
