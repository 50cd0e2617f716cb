#include "format/json_high.h"

#include <string.h>

#include "format/escape.h"
#include "format/json_unicode.h"

static void escape_text(char to[6], unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	memcpy(to, "\\u", 2);
	for (int i = 0; i < 4; i++)
		to[2 + i] = digits[unit >> (12 - 4 * i) & 15];
}

void json_escape_put(struct buf *out, unsigned unit)
{
	escape_text(buf_reserve(out, 6), unit);
	out->len += 6;
}

void json_high_note(struct json_high *w)
{
	w->highs = w->highs_end == w->out->len - 6 ? w->highs + 1 : 1;
	w->highs_end = w->out->len;
}

/*
 * A low one follows: the last of the high ones, to make no pair with it, becomes the escapes of its three bytes, which are
 * low ones, and so do those before it.
 */
static void break_highs(struct json_high *w)
{
	buf_reserve(w->out, 12 * w->highs);
	char *start = w->out->data + w->out->len - 6 * w->highs;
	w->out->len += 12 * w->highs;
	for (size_t i = w->highs; i-- > 0;) {
		char bytes[4];
		put_code(bytes, code_unit(start + 6 * i));
		for (size_t k = 0; k < 3; k++)
			escape_text(start + 18 * i + 6 * k, 0xdc00 | (unsigned char)bytes[k]);
	}
}

static void put_surrogate(struct json_high *w, unsigned unit)
{
	if (is_low(unit) && w->highs_end && w->highs_end == w->out->len)
		break_highs(w);
	json_escape_put(w->out, unit);
	if (is_high(unit))
		json_high_note(w);
}

/* Writes what begins with the byte at p, 0x80 or above; returns how many bytes that were. */
static size_t put_high_byte(struct json_high *w, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t code;
	size_t n = utf8_read(s, len, &code);
	if (n && w->terminal && escape_steers(code)) {
		json_escape_put(w->out, code);
		return n;
	}
	if (n) {
		buf_append(w->out, s, n);
		return n;
	}
	if (p[0] == 0xed && len >= 3 && p[1] >= 0xa0 && p[1] <= 0xbf && p[2] >> 6 == 2) {
		unsigned unit = 0xd000 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		if (unit < 0xdc80 || unit > 0xdcff) {
			put_surrogate(w, unit);
			return 3;
		}
	}
	put_surrogate(w, 0xdc00 | p[0]);
	return 1;
}

/* The length of the UTF-8 sequence at p if it is one of the common kinds of two and three bytes, else 0. */
static inline size_t common_sequence(const unsigned char *p, size_t len)
{
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return len >= 2 && p[1] >> 6 == 2 ? 2 : 0;
	if (p[0] > 0xe0 && p[0] < 0xf0 && p[0] != 0xed)
		return len >= 3 && p[1] >> 6 == 2 && p[2] >> 6 == 2 ? 3 : 0;
	return 0;
}

size_t json_high_put(struct json_high *w, const char *s, size_t len)
{
	size_t at = 0;
	while (at < len && s[at] & 0x80) {
		size_t n = w->terminal ? 0 : common_sequence((const unsigned char *)s + at, len - at);
		if (!n) {
			at += put_high_byte(w, s + at, len - at);
			continue;
		}
		char *to = buf_reserve(w->out, len - at);
		to[0] = s[at];
		to[1] = s[at + 1];
		to[2] = s[at + n - 1];
		w->out->len += n;
		at += n;
	}
	return at;
}
