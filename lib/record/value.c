#include "record/value.h"

#include <string.h>

#include "base/base64.h"
#include "base/timestamp.h"

const char *value_type_name(struct value v)
{
	static const char *const names[TYPE_COUNT] = {"absent", "null",   "bool",  "int",  "float", "float",
						      "time",   "string", "bytes", "json", "error"};
	if (v.type == TYPE_INT && v.scale)
		return "float";
	return v.type < TYPE_COUNT ? names[v.type] : "unknown";
}

void value_plain(struct value v, struct buf *out)
{
	char text[32];
	switch (v.type) {
	case TYPE_ABSENT:
	case TYPE_NULL: return;
	case TYPE_BOOL: buf_string_append(out, v.i ? "true" : "false"); return;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: number_text(v, out); return;
	case TYPE_TIME: buf_append(out, text, timestamp_text(v.i, text)); return;
	case TYPE_BYTES: base64_append(out, v.s, v.len); return;
	default: buf_append(out, v.s, v.len);
	}
}

/* The three forms of numbers are one type. */
static inline int rank(struct value v)
{
	return v.type == TYPE_FLOAT || v.type == TYPE_NUMBER ? TYPE_INT : v.type;
}

static int text_compare(struct value a, struct value b)
{
	uint32_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.s, b.s, shorter) : 0;
	if (order)
		return order < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

int value_compare(struct value a, struct value b)
{
	int x = rank(a), y = rank(b);
	if (x != y)
		return x < y ? -1 : 1;
	if (x <= TYPE_NULL)
		return 0;
	if (x == TYPE_INT)
		return number_compare(a, b);
	if (x == TYPE_BOOL || x == TYPE_TIME)
		return (a.i > b.i) - (a.i < b.i);
	return text_compare(a, b);
}

bool value_equal(struct value a, struct value b)
{
	if (a.type != b.type)
		return value_is_number(a) && value_is_number(b) && !number_compare(a, b);
	switch (a.type) {
	case TYPE_ABSENT:
	case TYPE_NULL: return true;
	case TYPE_INT: return a.scale == b.scale ? a.i == b.i : !number_compare(a, b);
	case TYPE_BOOL:
	case TYPE_TIME: return a.i == b.i;
	case TYPE_FLOAT:
	case TYPE_NUMBER: return !number_compare(a, b);
	default: return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
	}
}

static inline uint64_t load64(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

uint64_t bytes_hash(const char *p, size_t len, uint64_t seed)
{
	uint64_t h = hash_mix(seed, len);
	const char *end = p + len;
	for (; end - p > 8; p += 8)
		h = hash_mix(h ^ load64(p), len);
	uint64_t tail = 0;
	if (end > p)
		memcpy(&tail, p, (size_t)(end - p));
	return hash_mix(h, tail);
}

uint64_t value_hash(struct value v, uint64_t seed)
{
	switch (v.type) {
	case TYPE_ABSENT:
	case TYPE_NULL: return hash_mix(seed, v.type);
	case TYPE_INT:
		if (!v.scale)
			return hash_mix((uint64_t)v.i ^ seed, 1);
		return number_hash(v, seed);
	case TYPE_FLOAT:
	case TYPE_NUMBER: return number_hash(v, seed);
	case TYPE_BOOL:
	case TYPE_TIME: return hash_mix((uint64_t)v.i ^ seed, v.type + UINT64_C(100));
	default: return bytes_hash(v.s, v.len, seed + v.type);
	}
}

struct value value_keep(struct value v, struct arena *a)
{
	if (value_has_text(v))
		v.s = arena_copy(a, v.s, v.len);
	return v;
}
