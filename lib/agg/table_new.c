#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

/* The end of an item of a list: a comma outside of quotes and brackets. */
static const char *item_end(const char *p)
{
	int depth = 0;
	for (char quote = 0; *p; p++) {
		if (quote) {
			if (*p == '\\' && quote != '`' && p[1])
				p++;
			else if (*p == quote)
				quote = 0;
		} else if (*p == '"' || *p == '\'' || *p == '`') {
			quote = *p;
		} else if (*p == '(' || *p == '[') {
			depth++;
		} else if (*p == ')' || *p == ']') {
			depth--;
		} else if (*p == ',' && depth <= 0) {
			break;
		}
	}
	return p;
}

static struct statement *add_statement(struct table *t)
{
	t->statements = mem_resize(t->statements, t->statement_count + 1, sizeof *t->statements);
	t->statements[t->statement_count] = (struct statement){0};
	return &t->statements[t->statement_count];
}

static void init_source(struct source *s, struct expr *x, const char *text)
{
	*s = (struct source){.field = expr_bare_field(x), .expr = x, .text = text};
}

bool table_name_taken(const struct table *t, const char *name)
{
	for (uint32_t k = 0; k < t->key_count; k++)
		if (!strcmp(t->key_names[k], name))
			return true;
	for (uint32_t o = 0; o < t->output_count; o++)
		if (!strcmp(t->outputs[o].name, name))
			return true;
	return false;
}

static int check_name(const struct table *t, const char *name, struct error *e)
{
	if (!table_name_taken(t, name))
		return OK;
	return error_set(e, ERR_USAGE, "two columns are called %s: give one another name, as in 'NAME = ...'", name);
}

static int add_key(struct table *t, const char *text, struct error *e)
{
	struct statement *s = add_statement(t);
	if (statement_parse(text, NULL, s, e))
		return e->code;
	t->statement_count++;
	if (!s->value)
		return error_set(e, ERR_USAGE, "-b %s: a key is a field or `NAME = EXPR`", text);
	const char *field = expr_bare_field(s->value);
	const char *name = s->name ? s->name : field ? field : s->text;
	if (check_name(t, name, e))
		return e->code;
	t->keys = mem_resize(t->keys, t->key_count + 1, sizeof *t->keys);
	t->key_names = mem_resize(t->key_names, t->key_count + 1, sizeof *t->key_names);
	t->key_names[t->key_count] = arena_copy(&t->arena, name, strlen(name));
	init_source(&t->keys[t->key_count++], s->value, arena_copy(&t->arena, text, strlen(text)));
	return OK;
}

static int add_keys(struct table *t, const char *list, struct error *e)
{
	for (const char *p = list;; p++) {
		const char *end = item_end(p);
		const char *item = arena_copy(&t->arena, p, (size_t)(end - p));
		if (!item[strspn(item, " \t")])
			return error_set(e, ERR_USAGE, "-b %s: a name is missing", list);
		if (add_key(t, item, e))
			return e->code;
		if (!*(p = end))
			return OK;
	}
}

/* The argument's number among the sources: a field has one, whoever reads it. */
static int source_of(struct table *t, struct expr *x, const char *text, bool numbers)
{
	const char *field = expr_bare_field(x);
	uint32_t i = 0;
	while (i < t->arg_count && !(field && t->args[i].field && !strcmp(field, t->args[i].field)))
		i++;
	if (i == t->arg_count) {
		t->args = mem_resize(t->args, t->arg_count + 1, sizeof *t->args);
		init_source(&t->args[t->arg_count++], x, text);
	}
	if (numbers && !t->args[i].wants_numbers) {
		t->args[i].wants_numbers = true;
		t->args[i].text = text;
	}
	return (int)i;
}

/* The first argument of a call, as it was written. */
static const char *argument_text(struct table *t, const char *call)
{
	const char *p = strchr(call, '(') + 1;
	p += strspn(p, " \t");
	size_t len = 0;
	int depth = 0;
	for (char quote = 0; p[len] && (quote || depth || (p[len] != ')' && p[len] != ',')); len++) {
		if (quote)
			quote = p[len] == quote ? 0 : quote;
		else if (strchr("\"'`", p[len]))
			quote = p[len];
		else
			depth += strchr("([", p[len]) ? 1 : strchr(")]", p[len]) ? -1 : 0;
	}
	while (len && strchr(" \t", p[len - 1]))
		len--;
	return arena_copy(&t->arena, p, len);
}

static uint32_t accumulator_of(struct table *t, enum agg_state state, int source, const char *call)
{
	uint32_t i = 0;
	for (; i < t->shape.agg_count; i++)
		if (t->accumulators[i].state == state && t->accumulators[i].source == source)
			return i;
	t->accumulators = mem_resize(t->accumulators, i + 1, sizeof *t->accumulators);
	t->states = mem_resize(t->states, i + 1, sizeof *t->states);
	const char *text = source >= 0 ? argument_text(t, call) : NULL;
	t->accumulators[i] = (struct accumulator){state, source, text};
	t->states[i] = state;
	t->shape.agg_count = i + 1;
	return i;
}

static int add_call(struct table *t, const char *text, struct error *e)
{
	struct statement *s = add_statement(t);
	struct output o;
	if (statement_parse(text, agg_is_function, s, e))
		return e->code;
	t->statement_count++;
	if (!s->function)
		return error_set(e, ERR_USAGE, "`%s` is no aggregate: write FUNC(EXPR), as in sum(bytes)", text);
	if (call_parse(s, &o.call, e))
		return e->code;
	o.name = s->name ? arena_copy(&t->arena, s->name, strlen(s->name)) : call_name(s, &t->arena);
	if (check_name(t, o.name, e))
		return e->code;
	enum agg_state state = agg_state_of(&o.call);
	const char *copy = arena_copy(&t->arena, s->text, strlen(s->text));
	int source = o.call.has_argument ? source_of(t, s->args[0], copy, agg_wants_numbers(state)) : -1;
	o.agg = accumulator_of(t, state, source, copy);
	t->wants_times |= agg_wants_order(state) || o.call.function == CALL_RATE;
	t->outputs = mem_resize(t->outputs, t->output_count + 1, sizeof *t->outputs);
	t->outputs[t->output_count++] = o;
	return OK;
}

void table_add_field(struct table *t, const char *name)
{
	for (uint32_t i = 0; i < t->field_count; i++)
		if (!strcmp(t->fields[i], name))
			return;
	/* The list that was there is still borrowed by those who asked for it. */
	const char **fields = arena_array(&t->arena, (size_t)t->field_count + 1, sizeof *fields);
	if (t->field_count)
		memcpy(fields, t->fields, t->field_count * sizeof *fields);
	fields[t->field_count++] = name;
	t->fields = fields;
}

static void add_fields(struct table *t, const struct source *sources, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const char *const *names;
		size_t n = expr_fields(sources[i].expr, &names);
		for (size_t k = 0; k < n; k++)
			table_add_field(t, names[k]);
	}
}

static int fill(struct table *t, const char *const *by, size_t by_count, const char *const *calls, size_t call_count,
		struct error *e)
{
	for (size_t i = 0; i < by_count; i++)
		if (add_keys(t, by[i], e))
			return e->code;
	for (size_t i = 0; i < call_count; i++)
		if (add_call(t, calls[i], e))
			return e->code;
	if (!call_count && add_call(t, "count", e))
		return e->code;
	add_fields(t, t->keys, t->key_count);
	add_fields(t, t->args, t->arg_count);
	t->shape.key_count = t->key_count;
	t->key_columns = mem_array(t->key_count, sizeof *t->key_columns);
	t->out_columns = mem_array((size_t)t->key_count + t->output_count + 2, sizeof *t->out_columns);
	t->shape.states = t->states;
	return OK;
}

int table_new(const char *const *by, size_t by_count, const char *const *calls, size_t call_count, bool exact,
	      struct table **out, struct error *e)
{
	struct table *t = mem_zero(sizeof *t);
	t->closed = TIMESTAMP_MIN;
	t->next_due = t->oldest = TIMESTAMP_MAX;
	t->oldest_at = TIMESTAMP_MIN;
	t->shape.exact = exact;
	batch_init(&t->out);
	int code = fill(t, by, by_count, calls, call_count, e);
	if (code) {
		table_free(t);
		return code;
	}
	*out = t;
	return OK;
}

static void release_source(struct source *s)
{
	input_room_release(&s->room);
	free(s->values);
}

static void free_room(struct table *t)
{
	free(t->rows);
	free(t->times);
	free(t->pane_of);
	free(t->groups);
	free(t->scratch);
	free(t->sorted_rows);
	free(t->sorted_times);
	free(t->bad);
	free(t->touched);
	free(t->touched_from);
}

static void free_panes(struct table *t)
{
	for (uint32_t i = 0; i < t->pane_count; i++)
		pane_free(t->panes[i], &t->shape);
	for (uint32_t i = 0; i < t->by_cap; i++)
		free(t->by_panes[i].panes);
	table_restoring_free(t);
	pane_free(t->running, &t->shape);
	groups_release(&t->by);
	free(t->changes.changed);
	free(t->changes.gone);
	buf_release(&t->changes.entries);
	free(t->by_panes);
	free(t->panes);
	free(t->done);
	free(t->index);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	free_panes(t);
	free_room(t);
	for (uint32_t i = 0; i < t->key_count; i++)
		release_source(&t->keys[i]);
	for (uint32_t i = 0; i < t->arg_count; i++)
		release_source(&t->args[i]);
	for (uint32_t i = 0; i < t->statement_count; i++)
		statement_release(&t->statements[i]);
	free(t->statements);
	free(t->keys);
	free(t->key_names);
	free(t->key_columns);
	free(t->out_columns);
	free(t->args);
	free(t->accumulators);
	free(t->states);
	free(t->outputs);
	batch_release(&t->out);
	state_rows_release(&t->partials);
	state_rows_release(&t->spilled);
	spool_free(t->spool);
	buf_release(&t->cell);
	buf_release(&t->about);
	buf_release(&t->about_seen);
	arena_release(&t->arena);
	free(t);
}

size_t table_fields(const struct table *t, const char *const **names)
{
	*names = t->fields;
	return t->field_count;
}

int table_partials(struct table *t, bool in, bool out, struct error *e)
{
	for (int i = 0; i < 2; i++)
		if (table_name_taken(t, i ? table_state : table_partial))
			return error_set(e, ERR_USAGE,
					 "partial results have fields of their own called partial and state: give your "
					 "column another name");
	t->takes_partials = in;
	t->gives_partials = out;
	if (in) {
		t->field_count = 0;
		for (uint32_t k = 0; k < t->key_count; k++)
			table_add_field(t, t->key_names[k]);
		table_add_field(t, table_partial);
		table_add_field(t, table_state);
	}
	return OK;
}

size_t table_memory(const struct table *t)
{
	size_t bytes = groups_memory(&t->by) + t->index_size * sizeof *t->index;
	for (uint32_t i = 0; i < t->pane_count; i++)
		bytes += pane_memory(t->panes[i], &t->shape);
	return t->running ? bytes + pane_memory(t->running, &t->shape) : bytes;
}
