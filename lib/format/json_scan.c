#include "format/json_scan.h"

#include <string.h>

enum state {
	VALUE,       /* a value must come; the first state */
	FIRST_VALUE, /* a value or `]` */
	FIRST_KEY,   /* a key or `}` */
	KEY,
	COLON,
	AFTER, /* a value has ended: `,` or the closing bracket */
	IN_KEY,
	IN_STRING,
	IN_NUMBER,
};

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

const char *json_string_stop_tail(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
		p++;
	return p;
}

int json_escape_length(const char *p, const char *end)
{
	if (end - p < 2)
		return -1;
	if (p[1] != 'u')
		return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
	for (int i = 2; i < 6; i++) {
		if (p + i == end)
			return -1;
		if (!is_hex(p[i]))
			return 0;
	}
	return 6;
}

const char *json_string_end(const char *p, const char *end, bool *escaped)
{
	for (;;) {
		p = json_string_stop(p, end);
		if (p == end || (unsigned char)*p < ' ')
			return NULL;
		if (*p == '"')
			return p;
		int length = json_escape_length(p, end);
		if (length <= 0)
			return NULL;
		*escaped = true;
		p += length;
	}
}

/* -- json_scan: each step gives the next place, or NULL when the scan stops for now or for good -- */

static const char *bad(struct json_scan *s, const char *text, const char *p, const char *reason)
{
	s->at = (size_t)(p - text);
	s->reason = reason;
	return NULL;
}

/* The bytes end at p, a place where the scan can go on. */
static const char *more(struct json_scan *s, const char *text, const char *p)
{
	s->at = (size_t)(p - text);
	s->reason = NULL;
	return NULL;
}

static const char *bracket_open(struct json_scan *s, const char *text, const char *p)
{
	if (s->depth == JSON_DEPTH_MAX)
		return bad(s, text, p, "nested deeper than 512");
	uint64_t bit = UINT64_C(1) << s->depth % 64, *word = &s->objects[s->depth / 64];
	*word = *p == '{' ? *word | bit : *word & ~bit;
	s->depth++;
	s->state = *p == '{' ? FIRST_KEY : FIRST_VALUE;
	return p + 1;
}

static inline bool in_object(const struct json_scan *s)
{
	uint32_t top = s->depth - 1;
	return s->objects[top / 64] >> top % 64 & 1;
}

static const char *bracket_close(struct json_scan *s, const char *p)
{
	s->depth--;
	s->state = AFTER;
	return p + 1;
}

/* Goes on in a string: to its end, or as far as there are bytes. */
static const char *string_go(struct json_scan *s, const char *text, const char *p, const char *end)
{
	for (;;) {
		p = json_string_stop(p, end);
		if (p == end)
			return more(s, text, p);
		if (*p == '"')
			break;
		if (*p == '\n')
			return bad(s, text, p, "the line ends inside a string");
		if (*p != '\\')
			return bad(s, text, p, "a control character inside a string");
		int length = json_escape_length(p, end);
		if (length < 0)
			return more(s, text, p);
		if (!length)
			return bad(s, text, p, "no such escape");
		p += length;
	}
	if (s->state == IN_KEY)
		s->state = COLON;
	else
		s->state = AFTER;
	return p + 1;
}

static const char *number_go(struct json_scan *s, const char *text, const char *p, const char *end, bool last)
{
	while (p < end && (is_digit(*p) || *p == '-' || *p == '+' || *p == '.' || (*p | 0x20) == 'e'))
		p++;
	if (p == end && !last)
		return more(s, text, p);
	struct value ignored;
	const char *start = text + s->token, *stop = number_read(start, p, &ignored);
	if (stop != p)
		return bad(s, text, stop ? stop : start, "malformed number");
	s->state = AFTER;
	return p;
}

static const char *literal_go(struct json_scan *s, const char *text, const char *p, const char *end)
{
	const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
	size_t length = strlen(word), there = (size_t)(end - p) < length ? (size_t)(end - p) : length;
	if (memcmp(p, word, there))
		return bad(s, text, p, "expected a value");
	if (there < length)
		return more(s, text, p);
	s->state = AFTER;
	return p + length;
}

static const char *value_go(struct json_scan *s, const char *text, const char *p, const char *end)
{
	switch (*p) {
	case '"': s->state = IN_STRING; return p + 1;
	case '{':
	case '[': return bracket_open(s, text, p);
	case 't':
	case 'f':
	case 'n': return literal_go(s, text, p, end);
	default:
		if (!is_digit(*p) && *p != '-')
			return bad(s, text, p, "expected a value");
		s->token = (size_t)(p - text);
		s->state = IN_NUMBER;
		return p;
	}
}

static const char *after_go(struct json_scan *s, const char *text, const char *p)
{
	bool object = in_object(s);
	if (*p == ',') {
		s->state = object ? KEY : VALUE;
		return p + 1;
	}
	if (*p == (object ? '}' : ']'))
		return bracket_close(s, p);
	return bad(s, text, p, object ? "expected , or }" : "expected , or ]");
}

/* One step between tokens, at the byte p. */
static const char *token_go(struct json_scan *s, const char *text, const char *p, const char *end)
{
	switch ((enum state)s->state) {
	case FIRST_KEY:
		if (*p == '}')
			return bracket_close(s, p);
		/* fall through */
	case KEY:
		if (*p != '"')
			return bad(s, text, p, "expected a key in quotes");
		s->state = IN_KEY;
		return p + 1;
	case COLON:
		if (*p != ':')
			return bad(s, text, p, "expected : behind the key");
		s->state = VALUE;
		return p + 1;
	case AFTER: return after_go(s, text, p);
	case FIRST_VALUE:
		if (*p == ']')
			return bracket_close(s, p);
		/* fall through */
	default: return value_go(s, text, p, end);
	}
}

enum json_status json_scan(struct json_scan *s, const char *text, size_t len, bool last)
{
	const char *p = text + s->at, *end = text + len;
	s->reason = NULL;
	while (p && !(s->state == AFTER && s->depth == s->base)) {
		if (s->state == IN_KEY || s->state == IN_STRING) {
			p = string_go(s, text, p, end);
			continue;
		}
		if (s->state == IN_NUMBER) {
			p = number_go(s, text, p, end, last);
			continue;
		}
		p = json_space(p, end, &s->newlines);
		p = p == end ? more(s, text, p) : token_go(s, text, p, end);
	}
	if (p)
		s->at = (size_t)(p - text);
	if (s->at > UINT32_MAX)
		s->reason = "longer than 4 GiB";
	else if (p)
		return JSON_WHOLE;
	if (!s->reason && !last)
		return JSON_MORE;
	if (!s->reason) {
		s->at = len;
		s->reason = "the input ends here, inside a record";
	}
	return JSON_BAD;
}
