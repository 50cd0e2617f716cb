#include "format/json_value.h"

#include <string.h>

#include "base/base64.h"
#include "base/timestamp.h"
#include "format/json.h"
#include "format/json_scan.h"
#include "format/json_string.h"

/* -- in -- */

static const char *read_string(const char *p, const char *end, bool keep, struct arena *a, struct value *v)
{
	bool escaped = false;
	const char *q = json_string_end(p, end, &escaped);
	if (!q)
		return NULL;
	*v = value_string(p, (size_t)(q - p));
	if (escaped && keep) {
		char *text = arena_alloc(a, v->len);
		*v = value_string(text, json_string_decode(p, v->len, text));
	}
	return q + 1;
}

static const char *read_nested(const char *p, const char *end, uint32_t around, struct value *v, uint64_t *newlines)
{
	struct json_scan s;
	json_scan_begin(&s, around);
	if (json_scan(&s, p, (size_t)(end - p), true) != JSON_WHOLE)
		return NULL;
	*newlines += s.newlines;
	*v = value_text(TYPE_JSON, p, s.at);
	return p + s.at;
}

static const char *read_word(const char *p, const char *end, const char *word, struct value value, struct value *v)
{
	size_t len = strlen(word);
	if ((size_t)(end - p) < len || memcmp(p, word, len))
		return NULL;
	*v = value;
	return p + len;
}

const char *json_value_read(const char *p, const char *end, uint32_t around, bool keep, struct arena *a,
			    struct value *v, uint64_t *newlines)
{
	if (p >= end)
		return NULL;
	p = json_space(p, end, newlines);
	if (p == end)
		return NULL;
	switch (*p) {
	case '"': return read_string(p + 1, end, keep, a, v);
	case '{':
	case '[': return read_nested(p, end, around, v, newlines);
	case 't': return read_word(p, end, "true", value_bool(true), v);
	case 'f': return read_word(p, end, "false", value_bool(false), v);
	case 'n': return read_word(p, end, "null", value_null(), v);
	default: return number_read(p, end, v);
	}
}

const char *json_read(const char *p, const char *end, struct arena *a, struct value *v, bool *incomplete,
		      struct error *e)
{
	uint64_t newlines = 0;
	*incomplete = false;
	const char *q = json_value_read(p, end, 0, true, a, v, &newlines);
	if (q)
		return q;
	struct json_scan s;
	json_scan_begin(&s, 0);
	*incomplete = json_scan(&s, p, (size_t)(end - p), false) == JSON_MORE;
	error_set(e, ERR_FAILED, "column %zu: %s", s.at + 1, *incomplete ? "the value is not whole" : s.reason);
	return NULL;
}

/* -- out -- */

static void append_time(struct buf *out, int64_t ns)
{
	char *to = buf_reserve(out, 34);
	to[0] = '"';
	size_t len = timestamp_text(ns, to + 1);
	to[len + 1] = '"';
	out->len += len + 2;
}

void json_value_append(struct buf *out, struct value v, bool terminal)
{
	switch ((enum type)v.type) {
	case TYPE_BOOL: buf_string_append(out, v.i ? "true" : "false"); break;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: number_text(v, out); break;
	case TYPE_TIME: append_time(out, v.i); break;
	case TYPE_STRING: json_string_append(out, v.s, v.len, terminal); break;
	case TYPE_BYTES:
		buf_byte(out, '"');
		base64_append(out, v.s, v.len);
		buf_byte(out, '"');
		break;
	case TYPE_JSON: json_text_append(out, v.s, v.len, terminal); break;
	default: buf_append(out, "null", 4); break;
	}
}

void json_write(struct value v, struct buf *out)
{
	json_value_append(out, v, false);
}

void json_write_string(const char *s, size_t len, struct buf *out)
{
	json_string_append(out, s, len, false);
}
