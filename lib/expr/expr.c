#include "expr/expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/regex.h"
#include "expr/eval.h"
#include "expr/node.h"

struct expr *expr_new(const char *text, size_t len)
{
	struct expr *x = mem_zero(sizeof *x);
	x->text = arena_copy(&x->arena, text, len);
	x->len = len;
	x->now = timestamp_now();
	return x;
}

void expr_free(struct expr *x)
{
	if (!x)
		return;
	for (uint32_t i = 0; i < x->node_count; i++)
		regex_free(x->nodes[i]->regex);
	for (uint32_t i = 0; i < x->scratch_count; i++)
		free(x->scratch[i]);
	if (x->locale)
		freelocale(x->locale);
	free(x->scratch);
	free(x->nodes);
	free(x->fields);
	free(x->field_lens);
	free(x->columns);
	buf_release(&x->warning);
	arena_release(&x->arena);
	free(x);
}

struct node *node_new(struct expr *x, enum op op, size_t begin, size_t end)
{
	struct node *n = arena_alloc(&x->arena, sizeof *n);
	memset(n, 0, sizeof *n);
	n->op = (uint8_t)op;
	n->begin = (uint32_t)begin;
	n->end = (uint32_t)end;
	n->height = 1;
	n->source = SOURCE_NONE;
	if (x->node_count == x->node_cap) {
		x->node_cap = (uint32_t)mem_grow(x->node_cap, x->node_count + 1);
		x->nodes = mem_resize(x->nodes, x->node_cap, sizeof(struct node *));
	}
	return x->nodes[x->node_count++] = n;
}

struct node *node_with(struct expr *x, enum op op, size_t begin, size_t end, struct node **args, uint32_t count)
{
	struct node *n = node_new(x, op, begin, end);
	n->args = arena_array(&x->arena, count, sizeof(struct node *));
	n->arg_count = count;
	for (uint32_t i = 0; i < count; i++) {
		n->args[i] = args[i];
		if (args[i]->height >= n->height)
			n->height = args[i]->height + 1;
	}
	return n;
}

uint32_t field_index(struct expr *x, const char *name, size_t len)
{
	for (uint32_t i = 0; i < x->field_count; i++)
		if (x->field_lens[i] == len && !memcmp(x->fields[i], name, len))
			return i;
	if (x->field_count == x->field_cap) {
		x->field_cap = (uint32_t)mem_grow(x->field_cap, x->field_count + 1);
		x->fields = mem_resize(x->fields, x->field_cap, sizeof *x->fields);
		x->field_lens = mem_resize(x->field_lens, x->field_cap, sizeof *x->field_lens);
		x->columns = mem_resize(x->columns, x->field_cap, sizeof *x->columns);
	}
	x->fields[x->field_count] = arena_copy(&x->arena, name, len);
	x->field_lens[x->field_count] = (uint32_t)len;
	return x->field_count++;
}

/* Characters before `at`, counted from 1. */
static size_t text_column(const char *text, size_t at)
{
	size_t column = 1;
	for (size_t i = 0; i < at; i++)
		column += ((unsigned char)text[i] & 0xc0) != 0x80;
	return column;
}

int text_error(const char *text, size_t len, size_t at, struct error *e, const char *format, ...)
{
	enum { SHOWN = 200 };
	char why[512];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return error_set(e, ERR_USAGE, "%.*s%s: column %zu: %s", (int)(len > SHOWN ? SHOWN : len), text,
			 len > SHOWN ? "..." : "", text_column(text, at), why);
}

size_t expr_fields(const struct expr *x, const char *const **names)
{
	*names = x->fields;
	return x->field_count;
}

const char *expr_bare_field(const struct expr *x)
{
	const struct node *n = x->root;
	return n->op == OP_FIELD && n->ref_count == 1 && !n->refs->path_len ? x->fields[n->refs->field] : NULL;
}

/* The value that leaves: an error says why, absent is null unless a field alone is copied. */
static struct value settle(struct eval *ev, struct node *root, uint32_t row, struct value v)
{
	if (v.type == TYPE_ERROR)
		v = scalar_eval(ev, root, row);
	return v.type == TYPE_ABSENT && root->op != OP_FIELD ? value_null() : v;
}

void expr_eval(struct expr *x, struct batch *b, const uint32_t *rows, uint32_t count, struct value *out)
{
	enum { FEW = 4 };
	struct eval ev;
	if (!count)
		return;
	eval_begin(&ev, x, b, count);
	for (uint32_t first = 0; first < count; first += CHUNK) {
		uint32_t n = count - first < CHUNK ? count - first : CHUNK;
		struct rows r = {.list = rows ? rows + first : NULL, .first = first, .count = n};
		ev.quiet = count > FEW;
		if (count > FEW)
			vector_eval(&ev, x->root, r, out + first);
		else
			for (uint32_t i = 0; i < n; i++)
				out[i] = scalar_eval(&ev, x->root, rows_get(r, i));
		ev.quiet = 0;
		for (uint32_t i = 0; i < n; i++)
			if (out[first + i].type == TYPE_ERROR || out[first + i].type == TYPE_ABSENT)
				out[first + i] = settle(&ev, x->root, rows_get(r, i), out[first + i]);
	}
}

static void reject(struct eval *ev, struct batch *b, uint32_t row)
{
	struct value v = scalar_eval(ev, ev->x->root, row);
	/* `stream-filter status > 400`: the shell has taken the rest for itself. */
	bool alone = ev->x->root->op == OP_FIELD;
	const char *hint = alone ? "; quote the whole expression: an unquoted > or < is the shell's" : "";
	if (v.type == TYPE_ERROR)
		batch_reject_row(b, row, "%.*s", (int)v.len, v.s);
	else
		batch_reject_row(b, row, "a filter is true or false, but this one is %s%s", value_type_name(v), hint);
}

/* Written always, counted where it is true: no branch to miss. */
static uint32_t keep_true(struct rows r, const uint8_t *truths, uint32_t *kept)
{
	uint32_t n = 0;
	if (r.list)
		for (uint32_t i = 0; i < r.count; i++) {
			kept[n] = r.list[i];
			n += truths[i] == TRUTH_TRUE;
		}
	else
		for (uint32_t i = 0; i < r.count; i++) {
			kept[n] = r.first + i;
			n += truths[i] == TRUTH_TRUE;
		}
	return n;
}

uint32_t expr_filter(struct expr *x, struct batch *b, uint32_t *kept)
{
	uint32_t count = batch_count(b), n = 0;
	struct eval ev;
	if (!count)
		return 0;
	eval_begin(&ev, x, b, count);
	uint8_t *truths = scratch_take(x);
	for (uint32_t first = 0; first < count; first += CHUNK) {
		uint32_t rows = count - first < CHUNK ? count - first : CHUNK;
		struct rows r = {.list = b->sel ? b->sel + first : NULL, .first = first, .count = rows};
		ev.quiet = 1;
		truth_eval(&ev, x->root, r, truths);
		ev.quiet = 0;
		if (memchr(truths, TRUTH_ERROR, rows))
			for (uint32_t i = 0; i < rows; i++)
				if (truths[i] == TRUTH_ERROR)
					reject(&ev, b, rows_get(r, i));
		n += keep_true(r, truths, kept + n);
	}
	scratch_drop(x, 1);
	return n;
}
