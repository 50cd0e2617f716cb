#include <string.h>

#include "format/json.h"
#include "format/json_scan.h"
#include "format/json_string.h"
#include "format/json_value.h"

/* The text that is left to look at, from `p`, and one step of the path. */
struct step {
	bool is_key;
	const char *key; /* as it stands in the path; between its backquotes if it has them */
	size_t key_len;
	uint64_t index;
};

/* Takes one step from the path; false when it is malformed. */
static bool step_read(struct step *s, const char **path, const char *end)
{
	const char *p = *path;
	s->is_key = *p++ == '.';
	if (!s->is_key) {
		const char *digits = p;
		for (s->index = 0; p < end && *p >= '0' && *p <= '9' && p - digits < 18; p++)
			s->index = s->index * 10 + (uint64_t)(*p - '0');
		*path = p + 1;
		return p > digits && p < end && *p == ']' && digits[-1] == '[';
	}
	bool quoted = p < end && *p == '`';
	s->key = p += quoted;
	while (p < end && (quoted ? *p != '`' : *p != '.' && *p != '['))
		p++;
	s->key_len = (size_t)(p - s->key);
	*path = p + quoted;
	return quoted ? p < end : s->key_len > 0;
}

static bool key_equals(const struct step *s, const char *text, size_t len, bool escaped, struct arena *a)
{
	if (escaped) {
		char *plain = arena_alloc(a, len);
		len = json_string_decode(text, len, plain);
		text = plain;
	}
	return len == s->key_len && !memcmp(text, s->key, len);
}

static const char *skip_value(const char *p, const char *end)
{
	struct json_scan s;
	json_scan_begin(&s, 0);
	return json_scan(&s, p, (size_t)(end - p), true) == JSON_WHOLE ? p + s.at : NULL;
}

/* The value of the member in the object behind whose brace p is, the last of that name; NULL: none. */
static const char *find_member(const struct step *s, const char *p, const char *end, struct arena *a)
{
	const char *found = NULL;
	uint64_t newlines = 0;
	for (p = json_space(p, end, &newlines); p < end && *p == '"';) {
		const char *key = p + 1;
		bool escaped = false;
		p = json_string_end(key, end, &escaped);
		if (!p)
			return NULL;
		bool same = key_equals(s, key, (size_t)(p - key), escaped, a);
		p = json_space(p + 1, end, &newlines);
		if (p == end || *p != ':')
			return NULL;
		if (same)
			found = p + 1;
		p = skip_value(p + 1, end);
		if (!p)
			return NULL;
		p = json_space(p, end, &newlines);
		if (p == end || *p != ',')
			break;
		p = json_space(p + 1, end, &newlines);
	}
	return found;
}

/* The element of the array behind whose bracket p is. */
static const char *find_element(const struct step *s, const char *p, const char *end)
{
	uint64_t newlines = 0;
	for (uint64_t i = 0; i < s->index; i++) {
		p = skip_value(p, end);
		if (!p)
			return NULL;
		p = json_space(p, end, &newlines);
		if (p == end || *p++ != ',')
			return NULL;
	}
	return p;
}

struct value json_path(const char *text, size_t len, const char *path, size_t path_len, struct arena *a)
{
	const char *p = text, *end = text + len, *path_end = path + path_len;
	uint64_t newlines = 0;
	struct value v;
	while (path < path_end) {
		struct step s;
		p = json_space(p, end, &newlines);
		if (p == end || !step_read(&s, &path, path_end) || *p != (s.is_key ? '{' : '['))
			return value_absent();
		p = s.is_key ? find_member(&s, p + 1, end, a) : find_element(&s, p + 1, end);
		if (!p)
			return value_absent();
	}
	return json_value_read(p, end, 0, true, a, &v, &newlines) ? v : value_absent();
}
