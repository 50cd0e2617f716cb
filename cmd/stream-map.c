/* stream-map: computes fields, then renames, drops and keeps. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "record/batch_rows.h"

struct map {
	const char *rename, *drop, *keep; /* comma-separated lists as given */
	struct statement *sets;
	size_t set_count;
	const char **fields; /* all that the expressions read and the lists name */
	size_t field_count;
	struct arena names;
};

static bool is_listed(const char *list, const char *name, size_t name_len)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		if (len == name_len && !memcmp(list, name, len))
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* `part` makes `part`, and what a path that begins with it reaches: `part[1]`, `part.x`. */
static bool makes(const struct statement *s, const char *name)
{
	size_t len = strlen(s->name);
	return !strncmp(s->name, name, len) && (!name[len] || name[len] == '.' || name[len] == '[');
}

/* Notes a field that must come in; those that one of the first `sets` operands makes need not. `name` is borrowed. */
static void note_field(struct map *map, const char *name, size_t sets)
{
	for (size_t s = 0; s < sets; s++)
		if (makes(&map->sets[s], name))
			return;
	map->fields = mem_resize(map->fields, map->field_count + 1, sizeof *map->fields);
	map->fields[map->field_count++] = name;
}

static void note_fields(struct map *map, const struct expr *x)
{
	const char *const *names;
	size_t count = expr_fields(x, &names);
	for (size_t i = 0; i < count; i++)
		note_field(map, names[i], map->set_count - 1);
}

static bool is_renamed(const struct map *map, const char *name, size_t len)
{
	for (const char *pair = map->rename; pair && *pair;) {
		size_t pair_len = strcspn(pair, ",");
		const char *to = memchr(pair, '=', pair_len);
		if (to && (size_t)(pair + pair_len - to - 1) == len && !memcmp(to + 1, name, len))
			return true;
		pair += pair_len + (pair[pair_len] == ',');
	}
	return false;
}

/* --drop passwrod must not pass for done: what the options name has to be there, by its name of before --rename. */
static int note_list(struct map *map, const char *list, bool pairs, struct error *e)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		const char *equals = memchr(list, '=', len);
		if (pairs && !equals)
			return error_set(e, ERR_USAGE, "--rename %.*s: write OLD=NEW", (int)len, list);
		size_t name_len = pairs ? (size_t)(equals - list) : len;
		if (name_len && (pairs || !is_renamed(map, list, len)))
			note_field(map, arena_copy(&map->names, list, name_len), map->set_count);
		list += len + (list[len] == ',');
	}
	return 0;
}

static int add_set(struct map *map, const char *text, struct error *e)
{
	map->sets = mem_resize(map->sets, map->set_count + 1, sizeof *map->sets);
	struct statement *s = &map->sets[map->set_count];
	int r = statement_parse(text, NULL, s, e);
	if (r)
		return r;
	map->set_count++;
	if (!s->name)
		return error_set(e, ERR_USAGE, "`%s`: where is it to go? Write NAME = %s", text, text);
	note_fields(map, s->value);
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct map *map = self;
	while (o->count > o->dashed && statement_looks_like(o->items[0])) {
		const char *text;
		int r = operand_take(o, "FIELD = EXPR", &text, e);
		if (!r)
			r = add_set(map, text, e);
		if (r)
			return r;
	}
	int r = note_list(map, map->rename, true, e);
	if (!r)
		r = note_list(map, map->drop, false, e);
	if (!r)
		r = note_list(map, map->keep, false, e);
	flow_fields(f, map->fields, map->field_count);
	return r;
}

/* -- the fields that are computed -- */

/* Row numbers without those that are an error in `results`, which are rejected. */
static uint32_t reject_errors(struct batch *b, const struct value *results, uint32_t *rows, uint32_t count)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (results[i].type == TYPE_ERROR)
			batch_reject_row(b, rows[i], "%.*s", (int)results[i].len, results[i].s);
		else
			rows[kept++] = rows[i];
	}
	return kept;
}

static int apply_set(struct flow *f, struct statement *s, struct batch *b, uint32_t *rows, uint32_t *count,
		     struct error *e)
{
	size_t len = strlen(s->name);
	const char *bare = expr_bare_field(s->value);
	if (bare) {
		struct column copy = *batch_field(b, bare, strlen(bare));
		return batch_set(b, s->name, len, copy) < 0 ? error_set(e, ERR_FAILED, "too many fields") : 0;
	}
	struct value *results = arena_array(&b->arena, *count, sizeof *results);
	struct value *values = arena_array(&b->arena, b->rows, sizeof *values);
	expr_eval(s->value, b, rows, *count, results);
	for (const char *warning; (warning = expr_warning(s->value));)
		flow_warn(f, "%s", warning);
	for (uint32_t i = 0; i < *count; i++)
		values[rows[i]] = results[i];
	uint32_t before = *count;
	*count = reject_errors(b, results, rows, *count);
	if (*count < before || b->sel)
		batch_select(b, rows, *count);
	struct column column = {.form = COLUMN_VALUES, .values = values};
	return batch_set(b, s->name, len, column) < 0 ? error_set(e, ERR_FAILED, "too many fields") : 0;
}

/* -- names -- */

/* Calls `each` with every item of a comma-separated list. */
static void for_each_name(const char *list, void (*each)(struct batch *b, const char *name, size_t len),
			  struct batch *b)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		each(b, list, len);
		list += len + (list[len] == ',');
	}
}

static void rename_one(struct batch *b, const char *pair, size_t len)
{
	const char *equals = memchr(pair, '=', len);
	if (equals)
		batch_rename(b, pair, (size_t)(equals - pair), equals + 1, (size_t)(pair + len - equals - 1));
}

static void drop_one(struct batch *b, const char *name, size_t len)
{
	batch_drop(b, name, len);
}

static void keep_listed(struct batch *b, const char *list)
{
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name && !is_listed(list, b->columns[c].name, b->columns[c].name_len))
			batch_drop(b, b->columns[c].name, b->columns[c].name_len);
}

/* Whether a field that came in is not what goes out under its name. */
static bool changes(const struct map *map, const char *name, size_t len)
{
	for (size_t s = 0; s < map->set_count; s++)
		if (strlen(map->sets[s].name) == len && !memcmp(map->sets[s].name, name, len))
			return true;
	for (const char *pair = map->rename; pair && *pair;) {
		size_t pair_len = strcspn(pair, ","), old = strcspn(pair, "=,");
		if (old == len && !memcmp(pair, name, len))
			return true;
		pair += pair_len + (pair[pair_len] == ',');
	}
	return is_renamed(map, name, len) || is_listed(map->drop, name, len) ||
	       (map->keep && !is_listed(map->keep, name, len));
}

/* Records stay in order, but by what is theirs no more nobody can tell. */
static uint32_t still_sorted(const struct map *map, const struct batch *b)
{
	uint32_t n = 0;
	for (; n < b->sorted && n < b->shapes[0].count; n++) {
		const struct column *c = &b->columns[b->shapes[0].columns[n]];
		if (c->name && changes(map, c->name, c->name_len))
			break;
	}
	return n;
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	const struct map *map = self;
	(void)input;
	for (uint32_t row = 0; frame->kind == FRAME_ORDER && row < body->rows; row++) {
		struct value field = batch_get(body, row, "field");
		if (field.type == TYPE_STRING && changes(map, field.s, field.len))
			return 0;
	}
	return flow_control(f, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct map *map = self;
	(void)input;
	b->sorted = still_sorted(map, b);
	uint32_t count = batch_count(b);
	uint32_t *rows = arena_array(&b->arena, count, sizeof *rows);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = batch_row(b, i);
	for (size_t i = 0; i < map->set_count; i++) {
		int r = apply_set(f, &map->sets[i], b, rows, &count, e);
		if (r)
			return r;
	}
	for_each_name(map->rename, rename_one, b);
	for_each_name(map->drop, drop_one, b);
	if (map->keep)
		keep_listed(b, map->keep);
	return flow_emit(f, b, e);
}

static void release(void *self, bool failed)
{
	struct map *map = self;
	(void)failed;
	for (size_t i = 0; i < map->set_count; i++)
		statement_release(&map->sets[i]);
	free(map->sets);
	free(map->fields);
	arena_release(&map->names);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{0, "rename", OPT_TEXT, offsetof(struct map, rename), "OLD=NEW,…", "rename fields", NULL},
		{0, "drop", OPT_TEXT, offsetof(struct map, drop), "FIELDS", "drop these fields", NULL},
		{0, "keep", OPT_TEXT, offsetof(struct map, keep), "FIELDS", "keep only these fields", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "computes, renames, drops and keeps fields, in this order",
		.operands = "['FIELD = EXPR'…] [FILE…]",
		.examples = "  stream-map 'kb = bytes / 1024' --drop bytes access.json\n"
			    "  stream-map --rename client=ip --keep ip,status access.json\n",
		.options = options,
		.traits = COMMAND_KEEPS_ORDER,
	};
	/* Nothing of one record is remembered for the next. */
	static const struct checkpoint_ops checkpoint = {0};
	static const struct stage stage = {
		.setup = setup, .batch = batch, .control = control, .close = release, .checkpoint = &checkpoint};
	struct map map = {0};
	return flow_main(argc, argv, &command, &stage, &map);
}
