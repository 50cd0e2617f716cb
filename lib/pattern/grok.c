#include "pattern/grok.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "pattern/captures.h"

enum { DEPTH_MAX = 16, LENGTH_MAX = 1 << 20 };

struct expansion {
	struct buf regex;
	struct capture *captures; /* group and field are in the arena */
	size_t count, cap;
	struct arena names;
	struct error *e;
};

const char *grok_find(const char *name, size_t len)
{
	for (size_t i = 0; i < grok_library_count; i++)
		if (strlen(grok_library[i].name) == len && !memcmp(grok_library[i].name, name, len))
			return grok_library[i].text;
	return NULL;
}

const char *grok_nearest(const char *name, size_t len)
{
	const char **names = mem_array(grok_library_count, sizeof *names);
	for (size_t i = 0; i < grok_library_count; i++)
		names[i] = grok_library[i].name;
	const char *near = nearest_word(name, len, names, grok_library_count);
	free(names);
	return near;
}

/* How a capture by one of these names is read as a time; NULL: it is none. */
static const char *const *time_formats(const char *name, size_t len)
{
	static const char *const http[] = {"%d/%b/%Y:%H:%M:%S %z", NULL}, *const iso[] = {"", "%FT%H%M%z", NULL},
				 *const syslog[] = {"%b %e %H:%M:%S", "%b %e %H:%M:%S.%f", NULL};
	static const struct {
		const char *name;
		const char *const *formats;
	} times[] = {{"HTTPDATE", http}, {"TIMESTAMP_ISO8601", iso}, {"SYSLOGTIMESTAMP", syslog}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		if (strlen(times[i].name) == len && !memcmp(times[i].name, name, len))
			return times[i].formats;
	return NULL;
}

static int type_find(struct expansion *x, const char *name, size_t len, enum capture_type *type)
{
	static const char *const names[] = {"string", "int", "float"};
	for (int i = 0; i < 3; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len)) {
			*type = (enum capture_type)i;
			return OK;
		}
	return error_set(x->e, ERR_USAGE, "there is no type %.*s in grok: int, float or string", (int)len, name);
}

/* `%{NAME:field:type}` in pieces; the parts that are not there have length 0. */
struct reference {
	const char *name, *field, *type;
	size_t name_len, field_len, type_len;
};

static struct reference reference_split(const char *p, const char *end)
{
	struct reference r = {.name = p};
	const char *colon = memchr(p, ':', (size_t)(end - p));
	r.name_len = (size_t)((colon ? colon : end) - p);
	if (!colon)
		return r;
	r.field = colon + 1;
	colon = memchr(r.field, ':', (size_t)(end - r.field));
	r.field_len = (size_t)((colon ? colon : end) - r.field);
	if (!colon)
		return r;
	r.type = colon + 1;
	r.type_len = (size_t)(end - r.type);
	return r;
}

static int capture_add(struct expansion *x, const struct reference *r)
{
	if (x->count == x->cap) {
		x->cap = mem_grow(x->cap, x->count + 1);
		x->captures = mem_resize(x->captures, x->cap, sizeof *x->captures);
	}
	struct capture *c = &x->captures[x->count];
	/* A field may be called what no group can be; so the group has a name of ours. */
	*c = (struct capture){
		.group = arena_printf(&x->names, "_grok_%zu", x->count),
		.field = arena_copy(&x->names, r->field, r->field_len),
		.formats = time_formats(r->name, r->name_len),
	};
	x->count++;
	return r->type_len ? type_find(x, r->type, r->type_len, &c->type) : OK;
}

static int expand(struct expansion *x, const char *text, size_t len, int depth);

static int expand_reference(struct expansion *x, const char *p, const char *end, int depth)
{
	struct reference r = reference_split(p, end);
	const char *definition = grok_find(r.name, r.name_len);
	if (!definition) {
		const char *near = grok_nearest(r.name, r.name_len);
		return error_set(x->e, ERR_USAGE, "there is no grok pattern %.*s%s%s%s", (int)r.name_len, r.name,
				 near ? "; is it " : " (--show NAME shows one)", near ? near : "", near ? "?" : "");
	}
	if (depth == DEPTH_MAX || x->regex.len > LENGTH_MAX)
		return error_set(x->e, ERR_USAGE, "the grok expression is too large");
	int code = OK;
	if (r.field_len) {
		code = capture_add(x, &r);
		buf_printf(&x->regex, "(?<%s>", x->captures[x->count - 1].group);
	} else {
		buf_string_append(&x->regex, "(?:");
	}
	if (code == OK)
		code = expand(x, definition, strlen(definition), depth + 1);
	buf_byte(&x->regex, ')');
	return code;
}

static int expand(struct expansion *x, const char *text, size_t len, int depth)
{
	const char *p = text, *end = text + len;
	while (p < end) {
		if (end - p < 2 || p[0] != '%' || p[1] != '{') {
			/* An escaped byte is no start of anything. */
			size_t take = *p == '\\' && end - p > 1 ? 2 : 1;
			buf_append(&x->regex, p, take);
			p += take;
			continue;
		}
		const char *close = memchr(p, '}', (size_t)(end - p));
		if (!close)
			return error_set(x->e, ERR_USAGE, "`%.*s` has no closing }", (int)(end - p), p);
		int code = expand_reference(x, p + 2, close, depth);
		if (code != OK)
			return code;
		p = close + 1;
	}
	return OK;
}

int grok_new(const char *text, struct pattern **out, struct error *e)
{
	struct expansion x = {.e = e};
	int code = expand(&x, text, strlen(text), 0);
	if (code == OK)
		code = captures_new(buf_string(&x.regex), x.captures, x.count, NULL, out, e);
	buf_release(&x.regex);
	free(x.captures);
	arena_release(&x.names);
	return code;
}
