/* Functions on arrays and objects, which are kept as their JSON text. That of a value is valid: it was checked when it
   became one. */
#include "expr/function.h"
#include "expr/text.h"
#include "format/json.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
		p++;
	return p;
}

/* -- from text, and back -- */

static struct value call_json(struct eval *ev, const struct node *n, const struct value *a)
{
	struct value v;
	struct error e;
	bool incomplete;
	const char *end = a->s + a->len, *p = json_read(a->s, end, ev->arena, &v, &incomplete, &e);
	if (!p)
		return eval_error(ev, n, "no JSON: %s", e.text);
	p = skip_space(p, end);
	if (p < end)
		return eval_error(ev, n, "no JSON: column %zu: something behind the value", (size_t)(p - a->s) + 1);
	return v;
}

static void add_json(struct text *t, struct buf *scratch, struct value v)
{
	buf_clear(scratch);
	json_write(v, scratch);
	text_add(t, scratch->data, scratch->len);
}

static struct value call_json_encode(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	struct buf scratch = BUF_INIT;
	add_json(&t, &scratch, *a);
	buf_release(&scratch);
	return text_value(ev, n, TYPE_STRING, &t);
}

/* -- made of values -- */

static struct value call_array(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	struct buf scratch = BUF_INIT;
	for (uint32_t i = 0; i < n->arg_count; i++) {
		text_byte(&t, i ? ',' : '[');
		add_json(&t, &scratch, a[i]);
	}
	text_byte(&t, ']');
	buf_release(&scratch);
	return text_value(ev, n, TYPE_JSON, &t);
}

/* What is absent is no member. */
static struct value call_object(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	struct buf scratch = BUF_INIT;
	const char *wrong = n->arg_count % 2 ? "a value is missing behind the last key" : NULL;
	text_byte(&t, '{');
	for (uint32_t i = 0; i + 1 < n->arg_count && !wrong; i += 2) {
		if (a[i].type != TYPE_STRING)
			wrong = "a key is a string";
		if (wrong || a[i + 1].type == TYPE_ABSENT)
			continue;
		if (t.len > 1)
			text_byte(&t, ',');
		add_json(&t, &scratch, a[i]);
		text_byte(&t, ':');
		add_json(&t, &scratch, a[i + 1]);
	}
	text_byte(&t, '}');
	buf_release(&scratch);
	return wrong ? eval_error(ev, n, "%s", wrong) : text_value(ev, n, TYPE_JSON, &t);
}

/* -- looked into -- */

/* The elements of an array, or the keys and values of an object, one after the other. */
struct walk {
	const char *p, *end;
	struct arena *arena;
};

static struct walk walk_begin(struct eval *ev, struct value v)
{
	const char *end = v.s + v.len;
	return (struct walk){.p = skip_space(v.s + 1, end), .end = end, .arena = ev->arena};
}

/* False at the end. */
static bool walk_next(struct walk *w, struct value *v)
{
	bool incomplete;
	if (w->p >= w->end || *w->p == ']' || *w->p == '}')
		return false;
	const char *p = json_read(w->p, w->end, w->arena, v, &incomplete, NULL);
	if (!p)
		return false;
	p = skip_space(p, w->end);
	w->p = skip_space(p + (p < w->end && (*p == ',' || *p == ':')), w->end);
	return true;
}

static struct value call_join(struct eval *ev, const struct node *n, const struct value *a)
{
	struct text t = {.arena = ev->arena};
	if (a->type != TYPE_JSON || a->s[0] != '[')
		return eval_error(ev, n, "join wants an array, not %s",
				  a->type == TYPE_JSON ? "an object" : value_type_name(*a));
	struct walk w = walk_begin(ev, *a);
	bool any = false;
	for (struct value v; walk_next(&w, &v); any = true) {
		if (any)
			text_add(&t, a[1].s, a[1].len);
		struct value s = plain_text(ev, v);
		text_add(&t, s.s, s.len);
	}
	return text_value(ev, n, TYPE_STRING, &t);
}

/* Whether one of an array's elements equals the second argument, or an object has that key. */
static struct value call_has(struct eval *ev, const struct node *n, const struct value *a)
{
	if (a->type != TYPE_JSON)
		return eval_error(ev, n, "has looks into an array or object, not into %s%s", value_type_name(*a),
				  a->type == TYPE_STRING ? "; contains() into a string" : "");
	struct walk w = walk_begin(ev, *a);
	struct value v, member;
	while (walk_next(&w, &v)) {
		if (value_equal(v, a[1]))
			return value_bool(true);
		if (a->s[0] == '{' && !walk_next(&w, &member))
			break;
	}
	return value_bool(false);
}

const struct function functions_json[] = {
	{"json", "s", "json(s)", "the value that a JSON text is", call_json, 0, OP_CALL},
	{"json_encode", "a", "json_encode(x)", "the JSON text of a value", call_json_encode, FUNCTION_MISSING, OP_CALL},
	{"array", "a*", "array(x, ...)", "an array of these", call_array, FUNCTION_MISSING, OP_CALL},
	{"object", "aa*", "object(key, x, ...)", "an object of these", call_object, FUNCTION_MISSING, OP_CALL},
	{"has", "aa", "has(x, y)", "whether an array has the element, or an object the key", call_has, 0, OP_CALL},
	{"join", "as", "join(array, separator)", "the elements as one string", call_join, 0, OP_CALL},
	{0},
};
