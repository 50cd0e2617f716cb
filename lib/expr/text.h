/* Inside lib/expr: a text in the making, in the arena; and what the functions on texts share. */
#ifndef STREAM_EXPR_TEXT_H
#define STREAM_EXPR_TEXT_H

#include <string.h>

#include "expr/eval.h"

enum { TEXT_RESULT_MAX = 64 << 20 }; /* bytes: what one call may make of one record */

struct text {
	struct arena *arena;
	char *data;
	size_t len, cap;
};

/* Room for `extra` more bytes; returns where they go. The caller writes there, then adds to len. */
static inline char *text_reserve(struct text *t, size_t extra)
{
	if (t->cap - t->len < extra || !t->data) {
		size_t cap = t->cap * 2 > t->len + extra ? t->cap * 2 : t->len + extra + 64;
		char *grown = arena_alloc(t->arena, cap);
		if (t->len)
			memcpy(grown, t->data, t->len);
		t->data = grown;
		t->cap = cap;
	}
	return t->data + t->len;
}

static inline void text_add(struct text *t, const char *p, size_t len)
{
	char *to = text_reserve(t, len);
	if (len)
		memcpy(to, p, len);
	t->len += len;
}

static inline void text_byte(struct text *t, char c)
{
	*text_reserve(t, 1) = c;
	t->len++;
}

/* The value that it has become; an error if it is too long for one. */
static inline struct value text_value(const struct eval *ev, const struct node *n, enum type type, const struct text *t)
{
	if (t->len > TEXT_RESULT_MAX)
		return eval_error(ev, n, "the result is longer than 64 MiB");
	return value_text(type, t->data, t->len);
}

/* The plain text of a value, as a string: what string() gives. */
struct value plain_text(struct eval *ev, struct value v);

#endif
