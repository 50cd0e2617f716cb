#include "format/json_skip.h"

/* Whether the line's end at s->at is where reading goes on; next: the byte behind it, 0 at the end of all. */
static bool ends_at_newline(const struct json_skip *s, char next)
{
	if (s->at < s->error)
		return next == '{';
	bool goes_on = next == ' ' || next == '\t' || next == '}' || next == ']';
	return !(goes_on && (s->depth || s->array));
}

/* Whether the byte c at s->at, outside strings, ends the bad element; counts brackets. */
static bool ends_at_mark(struct json_skip *s, char c)
{
	bool outermost = s->array && !s->depth && s->at >= s->error;
	switch (c) {
	case '"': s->quoted = true; return false;
	case '{':
	case '[': s->depth++; return false;
	case '}':
	case ']': s->depth -= s->depth > 0; return outermost && c == ']';
	default: return outermost && c == ',';
	}
}

bool json_skip(struct json_skip *s, const char *text, size_t len, bool last)
{
	for (; s->at < len; s->at++) {
		char c = text[s->at];
		bool lookahead = s->at + 1 < len;
		if (!lookahead && !last && (c == '\n' || c == '\\'))
			return false;
		if (c == '\n') {
			s->quoted = false;
			if (ends_at_newline(s, lookahead ? text[s->at + 1] : 0)) {
				s->at++;
				return true;
			}
		} else if (s->quoted) {
			s->quoted = c != '"';
			s->at += c == '\\' && lookahead && text[s->at + 1] != '\n';
		} else if (ends_at_mark(s, c)) {
			return true;
		}
	}
	return last;
}
