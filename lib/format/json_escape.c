#include "format/json_string.h"

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "format/escape.h"
#include "format/json_unicode.h"

struct writer {
	struct buf *out;
	bool terminal;
	size_t highs_end;  /* the end in out of a run of lone high surrogates' escapes; 0: none yet */
	size_t highs;      /* how many they are */
};

static void escape_text(char to[6], unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	memcpy(to, "\\u", 2);
	for (int i = 0; i < 4; i++)
		to[2 + i] = digits[unit >> (12 - 4 * i) & 15];
}

static void put_escape(struct buf *out, unsigned unit)
{
	escape_text(buf_reserve(out, 6), unit);
	out->len += 6;
}

/* The escape of a lone high surrogate was just written. */
static void note_high(struct writer *w)
{
	w->highs = w->highs_end == w->out->len - 6 ? w->highs + 1 : 1;
	w->highs_end = w->out->len;
}

/*
 * A low one follows: the last of the high ones, to make no pair with it, becomes the escapes of its three bytes, which are
 * low ones, and so do those before it.
 */
static void break_highs(struct writer *w)
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

static void put_surrogate(struct writer *w, unsigned unit)
{
	if (is_low(unit) && w->highs_end && w->highs_end == w->out->len)
		break_highs(w);
	put_escape(w->out, unit);
	if (is_high(unit))
		note_high(w);
}

/* Writes what begins with the byte at p, 0x80 or above; returns how many bytes that were. */
static size_t put_high_byte(struct writer *w, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t code;
	size_t n = utf8_read(s, len, &code);
	if (n && w->terminal && escape_steers(code)) {
		put_escape(w->out, code);
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

/* Writes the bytes from 0x80 on at s, as far as they go; returns how many. */
static size_t put_high_bytes(struct writer *w, const char *s, size_t len)
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

/* A byte below 0x80 that can't stand in a string. */
static void put_ascii_escape(struct buf *out, char c)
{
	static const char letters[] = "btn\0fr";
	char text[2] = {'\\', c};
	if (c >= '\b' && c <= '\r' && c != '\v')
		text[1] = letters[c - '\b'];
	else if (c != '"' && c != '\\') {
		put_escape(out, (unsigned char)c);
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

/* Appends the bytes before the first that can't be copied as it is; returns how many. */
static inline size_t copy_plain(struct buf *out, const char *s, size_t len, bool terminal)
{
	char *to = buf_reserve(out, len);  /* and the slack behind it, for whole vectors */
	size_t at = 0;
	unsigned odd = 0;
	for (; len - at >= 16; at += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s + at));
		_mm_storeu_si128((__m128i *)(void *)(to + at), v);
		odd = odd_bytes(v, terminal);
		if (odd)
			break;
	}
	if (!odd && at < len) {
		__m128i v = load_part(s + at, len - at);
		_mm_storeu_si128((__m128i *)(void *)(to + at), v);
		odd = odd_bytes(v, terminal) | 1u << (len - at);
	}
	if (odd)
		at += (size_t)__builtin_ctz(odd);
	out->len += at;
	return at;
}

#else

static inline size_t copy_plain(struct buf *out, const char *s, size_t len, bool terminal)
{
	size_t at = 0;
	while (at < len && (signed char)s[at] >= ' ' && s[at] != '"' && s[at] != '\\' && !(terminal && s[at] == 0x7f))
		at++;
	buf_append(out, s, at);
	return at;
}

#endif

void json_string_append(struct buf *out, const char *s, size_t len, bool terminal)
{
	struct writer w = {.out = out, .terminal = terminal};
	buf_byte(out, '"');
	for (size_t at = 0;;) {
		at += copy_plain(out, s + at, len - at, terminal);
		if (at == len)
			break;
		if (s[at] & 0x80) {
			at += put_high_bytes(&w, s + at, len - at);
		} else {
			put_ascii_escape(out, s[at]);
			at++;
		}
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
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
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
static size_t put_old_escape(struct writer *w, const char *s, size_t len)
{
	size_t n = len >= 6 && s[1] == 'u' ? 6 : len >= 2 ? 2 : len;
	unsigned unit = n == 6 ? code_unit(s) : 0;
	/* The second of a pair is not looked at alone. */
	if (is_high(unit) && len >= 12 && s[6] == '\\' && s[7] == 'u' && is_low(code_unit(s + 6)))
		n = 12;
	buf_append(w->out, s, n);
	if (is_high(unit) && n == 6)
		note_high(w);
	return n;
}

/* What follows the quote at the start of a string, with the quote at its end. Returns its length. */
static size_t put_old_string(struct writer *w, const char *s, size_t len)
{
	for (size_t at = 0;;) {
		at += copy_plain(w->out, s + at, len - at, w->terminal);
		if (at == len)
			return at;
		if (s[at] == '"') {
			buf_byte(w->out, '"');
			return at + 1;
		}
		if (s[at] & 0x80) {
			at += put_high_bytes(w, s + at, len - at);
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
	struct writer w = {.out = out, .terminal = terminal};
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
