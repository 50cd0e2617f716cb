#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], name))
			return true;
	return false;
}

/* Whether these fields tell the key: it is one of them, or computed from nothing else. */
static bool tell(const char *key, const char *const *names, size_t count)
{
	struct expr *x;
	const char *const *fields;
	struct error e;
	if (expr_parse(key, strlen(key), &x, &e))
		return false;
	size_t needed = expr_fields(x, &fields);
	bool all = true;
	for (size_t i = 0; i < needed && all; i++)
		all = is_among(fields[i], names, count);
	expr_free(x);
	return all;
}

/* Whether a key as it was written, `EXPR` or `NAME = EXPR`, is this expression. */
static bool is_written(const char *text, const char *key)
{
	size_t len = strlen(text), key_len = strlen(key);
	if (len < key_len || strcmp(text + len - key_len, key))
		return false;
	len -= key_len;
	while (len && text[len - 1] == ' ')
		len--;
	return !len || (len > 1 && text[len - 1] == '=' && !strchr("=!<>", text[len - 2]));
}

bool table_groups_tell(const struct table *t, const char *key)
{
	const char **names = mem_array(t->key_count + 1, sizeof *names);
	bool known = false;
	for (uint32_t k = 0; k < t->key_count; k++) {
		names[k] = t->keys[k].field;
		known |= is_written(t->keys[k].text, key);
	}
	known = known || tell(key, names, t->key_count);
	free(names);
	return known;
}

bool table_windows_tell(const struct table *t, const char *key)
{
	bool by_records = t->has_window && (t->spec.kind == WINDOW_SESSION || t->spec.kind == WINDOW_COUNT);
	return !by_records || tell(key, t->spec.by, t->spec.by_count);
}

size_t table_keys(const struct table *t, const char *const **names)
{
	*names = t->key_names;
	return t->key_count;
}
