#include "sink/sink_url.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c | 0x20) : NULL;
	return p ? (int)(p - digits) : -1;
}

static const char *decode(struct arena *a, const char *p, size_t len)
{
	char *out = arena_copy(a, p, len), *to = out;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '%' && len - i > 2 && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0) {
			*to++ = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		} else {
			*to++ = p[i];
		}
	}
	*to = 0;
	return out;
}

static int unknown(const char *name, size_t len, const struct sink_param *params, size_t count, struct error *e)
{
	const char **words = mem_array(count, sizeof *words);
	for (size_t i = 0; i < count; i++)
		words[i] = params[i].name;
	const char *nearest = nearest_word(name, len, words, count);
	free(words);
	return error_set(e, ERR_USAGE, "this destination has no `%.*s`%s%s%s", (int)len, name,
			 nearest ? ": do you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
}

static int parse_one(const char *p, size_t len, struct arena *a, struct sink_param *params, size_t count,
		     struct error *e)
{
	const char *equals = memchr(p, '=', len);
	size_t name_len = equals ? (size_t)(equals - p) : len;
	for (size_t i = 0; i < count; i++) {
		if (strlen(params[i].name) != name_len || memcmp(params[i].name, p, name_len))
			continue;
		if (!equals)
			return error_set(e, ERR_USAGE, "`%s` wants a value: `%s=…`", params[i].name, params[i].name);
		params[i].value = decode(a, equals + 1, len - name_len - 1);
		return OK;
	}
	return unknown(p, name_len, params, count, e);
}

int sink_url_parse(const char *url, struct arena *a, const char **place, struct sink_param *params, size_t count,
		   struct error *e)
{
	const char *start = strchr(url, ':');
	if (!start)
		return error_set(e, ERR_USAGE, "no destination: `%s`", url);
	start++;
	const char *query = strchrnul(start, '?');
	if (query == start)
		return error_set(e, ERR_USAGE, "`%s` does not say where", url);
	*place = arena_copy(a, start, (size_t)(query - start));
	while (*query) {
		const char *p = query + 1;
		query = strchrnul(p, '&');
		if (query == p)
			continue;
		int rc = parse_one(p, (size_t)(query - p), a, params, count, e);
		if (rc)
			return rc;
	}
	return OK;
}

int sink_url_choice(const struct sink_param *p, const char *const *words, size_t count, struct error *e)
{
	struct buf list = BUF_INIT;
	if (!p->value)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(p->value, words[i])) {
			buf_release(&list);
			return (int)i;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	error_set(e, ERR_USAGE, "`%s=%s`: there are %s", p->name, p->value, buf_string(&list));
	buf_release(&list);
	return ERR_USAGE;
}
