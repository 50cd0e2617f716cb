#include "format/escape.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

bool escape_steers(uint32_t code)
{
	if (code < 0x80)
		return (code < 0x20 && code != '\t' && code != '\n') || code == 0x7f;
	return code < 0xa0 || code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static bool is_continuation(char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_read(const char *s, size_t len, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)*s;
	if (lead < 0x80) {
		*code = lead;
		return 1;
	}
	size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || len < n)
		return 0;
	uint32_t c = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(s[i]))
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code = c;
	return n;
}

/* How many bytes from i on are printable ASCII, in steps of 16; what is left is looked at singly. */
static size_t skip_printable(const char *s, size_t len, size_t i)
{
#if defined(__SSE2__)
	const __m128i blank = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
	for (; len - i >= 16; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(s + i));
		__m128i good = _mm_andnot_si128(_mm_cmpeq_epi8(x, del), _mm_cmpgt_epi8(x, blank));
		if (_mm_movemask_epi8(good) != 0xffff)
			break;
	}
#else
	(void)s, (void)len;
#endif
	return i;
}

size_t escape_find(const char *s, size_t len, unsigned flags)
{
	for (size_t i = skip_printable(s, len, 0); i < len;) {
		uint32_t code;
		size_t n = utf8_read(s + i, len - i, &code);
		if (!n || escape_steers(code) || (flags & ESCAPE_BLANKS && (code == '\t' || code == '\n')))
			return i;
		i += n;
	}
	return len;
}

/* Appends the escape of the one character at s and returns its bytes. */
static size_t append_escape(const char *s, size_t len, unsigned flags, struct buf *out)
{
	uint32_t code;
	size_t n = utf8_read(s, len, &code);
	if (n > 1)
		buf_printf(out, "\\u%04x", (unsigned)code);
	else if (flags & ESCAPE_BLANKS && (*s == '\t' || *s == '\n' || *s == '\r'))
		buf_append(out, *s == '\t' ? "\\t" : *s == '\n' ? "\\n" : "\\r", 2);
	else
		buf_printf(out, "\\x%02x", (unsigned char)*s);
	return 1 > n ? 1 : n;
}

void escape_append(const char *s, size_t len, unsigned flags, struct buf *out)
{
	while (len) {
		size_t n = escape_find(s, len, flags);
		buf_append(out, s, n);
		if (n < len)
			n += append_escape(s + n, len - n, flags, out);
		s += n;
		len -= n;
	}
}
