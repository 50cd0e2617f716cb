#include "base/base64.h"

size_t base64_write(char *to, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = bytes;
	const char *start = to;
	for (; len >= 3; p += 3, len -= 3) {
		*to++ = digits[p[0] >> 2];
		*to++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
		*to++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
		*to++ = digits[p[2] & 63];
	}
	if (len) {
		unsigned second = len == 2 ? p[1] : 0;
		*to++ = digits[p[0] >> 2];
		*to++ = digits[(p[0] & 3) << 4 | second >> 4];
		*to++ = len == 2 ? digits[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	return (size_t)(to - start);
}

void base64_append(struct buf *out, const void *bytes, size_t len)
{
	out->len += base64_write(buf_reserve(out, base64_size(len)), bytes, len);
}

/* 0 to 63, or 64. */
static unsigned digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : 64;
}

bool base64_read(const char *p, size_t len, char *out, size_t *out_len)
{
	if (len % 4 == 0 && len && p[len - 1] == '=')
		len -= p[len - 2] == '=' ? 2 : 1;
	uint32_t bits = 0;
	*out_len = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned v = digit_value(p[i]);
		if (v > 63)
			return false;
		bits = bits << 6 | v;
		/* Of four digits all but the first end a byte. */
		if (i % 4)
			out[(*out_len)++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	/* A digit alone is no byte, and what is left of the last one is 0. */
	return len % 4 != 1 && !(len % 4 && bits & (len % 4 == 2 ? 15u : 3u));
}
