/* What to say about fields that no record has. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "expr/node.h"

struct known {
	const char *const *names;
	size_t count;
};

static bool is_known(struct known k, const char *name, size_t len)
{
	if (meta_find(name, len) >= 0)
		return true;
	for (size_t i = 0; i < k.count; i++)
		if (strlen(k.names[i]) == len && !memcmp(k.names[i], name, len))
			return true;
	return false;
}

static bool is_known_field(const struct expr *x, const struct node *n, struct known k)
{
	for (uint32_t i = 0; i < n->ref_count; i++)
		if (is_known(k, x->fields[n->refs[i].field], x->field_lens[n->refs[i].field]))
			return true;
	return false;
}

/* The widest `a-b-c` without blanks around n: a name that was meant, perhaps. */
static const struct node *dashed(const struct expr *x, const struct node *n)
{
	const struct node *widest = NULL;
	for (uint32_t i = 0; i < x->node_count; i++) {
		const struct node *s = x->nodes[i];
		if (s->op != OP_SUB || s->begin > n->begin || s->end < n->end)
			continue;
		bool joined = true;
		for (uint32_t at = s->begin; at < s->end; at++)
			joined &= !strchr(" \t\n\r()`,+*/%", x->text[at]);
		if (joined)
			widest = s;
	}
	return widest;
}

/* The known name that the field is part of, with dashes; NULL if there is none. */
static const char *dashed_name(const struct expr *x, const struct node *n, struct known k)
{
	const struct node *s = dashed(x, n);
	for (; s; s = s->args[0]->op == OP_SUB && s->args[0]->end >= n->end ? s->args[0] : NULL)
		for (size_t i = 0; i < k.count; i++)
			if (strlen(k.names[i]) == s->end - s->begin &&
			    !memcmp(k.names[i], x->text + s->begin, s->end - s->begin))
				return k.names[i];
	return NULL;
}

static void describe(const struct expr *x, const struct node *n, struct known k, struct buf *out)
{
	const struct reference *root = &n->refs[n->ref_count - 1];
	const char *name = x->fields[root->field], *near;
	const struct node *dash;
	if ((near = dashed_name(x, n, k)))
		buf_printf(out, "no record has a field %s; the field %s is written `%s`", name, near, near);
	else if ((near = nearest_word(name, x->field_lens[root->field], k.names, k.count)))
		buf_printf(out, "no record has a field %s; did you mean %s?", name, near);
	else if ((dash = dashed(x, n)))
		buf_printf(out, "no record has a field %s; a name with a dash is written in backquotes: `%.*s`", name,
			   (int)(dash->end - dash->begin), x->text + dash->begin);
	else
		buf_printf(out, "no record has a field %s", name);
}

size_t expr_unknown(const struct expr *x, const char *const *known, size_t count, struct buf *out)
{
	struct known k = {.names = known, .count = count};
	bool *told = mem_zero(x->field_count);
	size_t found = 0;
	for (uint32_t i = 0; i < x->node_count; i++) {
		const struct node *n = x->nodes[i];
		if (n->op != OP_FIELD || is_known_field(x, n, k))
			continue;
		uint32_t root = n->refs[n->ref_count - 1].field;
		if (told[root])
			continue;
		told[root] = true;
		if (found++)
			buf_byte(out, '\n');
		describe(x, n, k, out);
	}
	free(told);
	return found;
}
