#include "format/json_string.h"

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "format/json_high.h"
#include "format/json_unicode.h"

/* A byte below 0x80 that can't stand in a string. */
static void put_ascii_escape(struct buf *out, char c)
{
	static const char letters[] = "btn\0fr";
	char text[2] = {'\\', c};
	if (c >= '\b' && c <= '\r' && c != '\v')
		text[1] = letters[c - '\b'];
	else if (c != '"' && c != '\\') {
		json_escape_put(out, (unsigned char)c);
		return;
	}
	buf_append(out, text, 2);
}

#if defined(__SSE2__)

/* A bit for each of 16 bytes that can't be copied as it is. */
static inline unsigned odd_bytes(__m128i v, bool terminal)
{
	__m128i turned = _mm_xor_si128(v, _mm_set1_epi8(2));
	__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(turned, _mm_set1_epi8(' ')), turned),
				   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	odd = _mm_or_si128(odd, v);
	if (terminal)
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (unsigned)_mm_movemask_epi8(odd);
}

/* Up to 15 bytes as the first ones of a vector, without a look at those behind them; the others are 0. */
static inline __m128i load_part(const char *s, size_t len)
{
	uint64_t low = 0, high = 0;
	if (len >= 8) {
		memcpy(&low, s, 8);
		memcpy(&high, s + len - 8, 8);
		high = len == 8 ? 0 : high >> 8 * (16 - len);
	} else if (len >= 4) {
		uint32_t first, rest;
		memcpy(&first, s, 4);
		memcpy(&rest, s + len - 4, 4);
		low = first | (uint64_t)rest << 8 * (len - 4);
	} else {
		for (size_t i = 0; i < len; i++)
			low |= (uint64_t)(unsigned char)s[i] << 8 * i;
	}
	return _mm_set_epi64x((long long)high, (long long)low);
}

/* Stores the vector; the place of the first byte in it that can't be copied as it is, 16 or more if there is none. */
static inline unsigned store_plain(char *to, __m128i v, bool terminal)
{
	_mm_storeu_si128((__m128i *)(void *)to, v);
	return (unsigned)__builtin_ctz(odd_bytes(v, terminal) | 1u << 16);
}

/* Copies the bytes before the first that can't be copied as it is; returns how many. 16 bytes more may be written. */
static inline size_t copy_plain(char *to, const char *s, size_t len, bool terminal)
{
	if (len < 16) {
		size_t n = store_plain(to, load_part(s, len), terminal);
		return n < len ? n : len;
	}
	for (size_t at = 0;;) {
		unsigned n = store_plain(to + at, _mm_loadu_si128((const __m128i *)(const void *)(s + at)), terminal);
		if (n < 16)
			return at + n;
		if (at + 16 == len)
			return len;
		/* The last one laps over the one before. */
		at = at + 32 <= len ? at + 16 : len - 16;
	}
}

#else

static inline size_t copy_plain(char *to, const char *s, size_t len, bool terminal)
{
	size_t at = 0;
	while (at < len && (signed char)s[at] >= ' ' && s[at] != '"' && s[at] != '\\' && !(terminal && s[at] == 0x7f))
		at++;
	memcpy(to, s, at);
	return at;
}

#endif

static size_t append_plain(struct buf *out, const char *s, size_t len, bool terminal)
{
	size_t n = copy_plain(buf_reserve(out, len), s, len, terminal);
	out->len += n;
	return n;
}

void json_string_append(struct buf *out, const char *s, size_t len, bool terminal)
{
	struct json_high w = {.out = out, .terminal = terminal};
	char *to = buf_reserve(out, len + 2);
	*to = '"';
	size_t at = copy_plain(to + 1, s, len, terminal);
	out->len += 1 + at;
	while (at < len) {
		if (s[at] & 0x80)
			at += json_high_put(&w, s + at, len - at);
		else
			put_ascii_escape(out, s[at++]);
		at += append_plain(out, s + at, len - at, terminal);
	}
	buf_byte(out, '"');
}

/* -- the text of arrays and objects -- */

/* Whether all bytes are printable ASCII. */
static bool is_plain(const char *s, size_t len)
{
	size_t at = 0;
#if defined(__SSE2__)
	for (; len - at >= 16; at += 16) {
		/* Signed: what is no ASCII is below the blank too. */
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s + at));
		__m128i odd =
			_mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		if (_mm_movemask_epi8(odd))
			return false;
	}
#endif
	while (at < len && (unsigned char)s[at] >= ' ' && (unsigned char)s[at] < 0x7f)
		at++;
	return at == len;
}

/* White space at s: all of it goes when there is a line's end in it. Returns its length. */
static size_t put_space(struct buf *out, const char *s, size_t len)
{
	size_t n = 0;
	bool line = false;
	for (; n < len && (s[n] == ' ' || s[n] == '\t' || s[n] == '\n' || s[n] == '\r'); n++)
		line |= s[n] == '\n' || s[n] == '\r';
	if (!line)
		buf_append(out, s, n);
	return n;
}

/* The escape at s (a backslash), which stays as it is. Returns its length. */
static size_t put_old_escape(struct json_high *w, const char *s, size_t len)
{
	size_t n = len >= 6 && s[1] == 'u' ? 6 : len >= 2 ? 2 : len;
	unsigned unit = n == 6 ? code_unit(s) : 0;
	/* The second of a pair is not looked at alone. */
	if (is_high(unit) && len >= 12 && s[6] == '\\' && s[7] == 'u' && is_low(code_unit(s + 6)))
		n = 12;
	buf_append(w->out, s, n);
	if (is_high(unit) && n == 6)
		json_high_note(w);
	return n;
}

/* What follows the quote at the start of a string, with the quote at its end. Returns its length. */
static size_t put_old_string(struct json_high *w, const char *s, size_t len)
{
	for (size_t at = 0;;) {
		at += append_plain(w->out, s + at, len - at, w->terminal);
		if (at == len)
			return at;
		if (s[at] == '"') {
			buf_byte(w->out, '"');
			return at + 1;
		}
		if (s[at] & 0x80) {
			at += json_high_put(w, s + at, len - at);
		} else if (s[at] == '\\') {
			at += put_old_escape(w, s + at, len - at);
		} else {
			put_ascii_escape(w->out, s[at]);
			at++;
		}
	}
}

void json_text_append(struct buf *out, const char *text, size_t len, bool terminal)
{
	struct json_high w = {.out = out, .terminal = terminal};
	if (is_plain(text, len)) {
		buf_append(out, text, len);
		return;
	}
	for (size_t at = 0; at < len;) {
		if (text[at] == '"') {
			buf_byte(out, '"');
			at++;
			at += put_old_string(&w, text + at, len - at);
		} else if ((signed char)text[at] <= ' ' || text[at] == 0x7f) {
			/* A byte that is no white space can't stand here: it goes. */
			size_t n = put_space(out, text + at, len - at);
			at += n ? n : 1;
		} else {
			buf_byte(out, text[at++]);
		}
	}
}
