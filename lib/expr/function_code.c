/* Functions from one notation to another: hashes, hexadecimal, base64, URLs. */
#include "base/base64.h"
#include "codec/digest.h"
#include "codec/hash.h"
#include "expr/function.h"
#include "expr/text.h"
#include "expr/utf8.h"

/* -- hashes, in hexadecimal -- */

static const char hex_digits[] = "0123456789abcdef";

static struct value hex_text(struct eval *ev, const unsigned char *p, size_t len)
{
	char *text = arena_alloc(ev->arena, 2 * len);
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = hex_digits[p[i] >> 4];
		text[2 * i + 1] = hex_digits[p[i] & 15];
	}
	return value_string(text, 2 * len);
}

static struct value call_xxh3(struct eval *ev, const struct node *n, const struct value *a)
{
	(void)n;
	uint64_t hash = hash64(a->s, a->len);
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(hash >> (56 - 8 * i));
	return hex_text(ev, bytes, sizeof bytes);
}

static struct value call_md5(struct eval *ev, const struct node *n, const struct value *a)
{
	uint8_t digest[MD5_SIZE];
	(void)n;
	md5(a->s, a->len, digest);
	return hex_text(ev, digest, sizeof digest);
}

static struct value call_sha1(struct eval *ev, const struct node *n, const struct value *a)
{
	uint8_t digest[SHA1_SIZE];
	(void)n;
	sha1(a->s, a->len, digest);
	return hex_text(ev, digest, sizeof digest);
}

static struct value call_sha256(struct eval *ev, const struct node *n, const struct value *a)
{
	uint8_t digest[SHA256_SIZE];
	(void)n;
	sha256(a->s, a->len, digest);
	return hex_text(ev, digest, sizeof digest);
}

static struct value call_hmac_sha256(struct eval *ev, const struct node *n, const struct value *a)
{
	uint8_t digest[SHA256_SIZE];
	(void)n;
	hmac_sha256(a[1].s, a[1].len, a[0].s, a[0].len, digest);
	return hex_text(ev, digest, sizeof digest);
}

/* -- bytes as text, and back -- */

/* What was decoded is a string if it is UTF-8, else bytes. */
static struct value decoded(const char *p, size_t len)
{
	for (const char *q = p, *end = p + len; q < end;) {
		uint32_t code;
		size_t size = (unsigned char)*q < 0x80 ? 1 : utf8_get(q, end, &code);
		if ((unsigned char)*q >= 0x80 && code == UTF8_INVALID)
			return value_text(TYPE_BYTES, p, len);
		q += size;
	}
	return value_string(p, len);
}

static struct value call_hex_encode(struct eval *ev, const struct node *n, const struct value *a)
{
	if (a->len > UINT32_MAX / 2)
		return eval_error(ev, n, "the result is longer than 4 GiB");
	return hex_text(ev, (const unsigned char *)a->s, a->len);
}

/* 0 to 15, or 16. */
static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static struct value call_hex_decode(struct eval *ev, const struct node *n, const struct value *a)
{
	char *text = arena_alloc(ev->arena, a->len / 2);
	for (uint32_t i = 0; i + 1 < a->len; i += 2) {
		unsigned high = hex_digit(a->s[i]), low = hex_digit(a->s[i + 1]);
		if (high > 15 || low > 15)
			return eval_error(ev, n, "no hexadecimal at byte %u", i + 1);
		text[i / 2] = (char)(high << 4 | low);
	}
	if (a->len % 2)
		return eval_error(ev, n, "an odd number of hexadecimal digits");
	return decoded(text, a->len / 2);
}

static struct value call_base64_encode(struct eval *ev, const struct node *n, const struct value *a)
{
	if (a->len > UINT32_MAX / 4 * 3 - 3)
		return eval_error(ev, n, "the result is longer than 4 GiB");
	struct text t = {.arena = ev->arena};
	t.len = base64_write(text_reserve(&t, base64_size(a->len)), a->s, a->len);
	return text_value(ev, n, TYPE_STRING, &t);
}

static struct value call_base64_decode(struct eval *ev, const struct node *n, const struct value *a)
{
	char *bytes = arena_alloc(ev->arena, (size_t)a->len / 4 * 3 + 3);
	size_t len;
	if (!base64_read(a->s, a->len, bytes, &len))
		return eval_error(ev, n, "this is no base64");
	return decoded(bytes, len);
}

/* What RFC 3986, 2.3, leaves as it is. */
static bool is_unreserved(char c)
{
	char letter = (char)(c | 0x20);
	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static struct value call_url_encode(struct eval *ev, const struct node *n, const struct value *a)
{
	static const char digits[] = "0123456789ABCDEF";
	struct text t = {.arena = ev->arena};
	for (uint32_t i = 0; i < a->len; i++) {
		unsigned char c = (unsigned char)a->s[i];
		if (is_unreserved(a->s[i]))
			text_byte(&t, a->s[i]);
		else
			text_add(&t, (char[3]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
	return text_value(ev, n, TYPE_STRING, &t);
}

/* A % that begins no escape stands for itself, as browsers have it; + is a blank, as forms have it. */
static struct value call_url_decode(struct eval *ev, const struct node *n, const struct value *a)
{
	char *text = arena_alloc(ev->arena, a->len), *to = text;
	(void)n;
	for (uint32_t i = 0; i < a->len; i++) {
		const char *p = a->s + i;
		bool escape = *p == '%' && a->len - i > 2 && hex_digit(p[1]) < 16 && hex_digit(p[2]) < 16;
		*to++ = escape ? (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) : (char)(*p == '+' ? ' ' : *p);
		i += escape ? 2 : 0;
	}
	return decoded(text, (size_t)(to - text));
}

const struct function functions_code[] = {
	{"sha256", "b", "sha256(s)", "SHA-256 in hexadecimal", call_sha256, 0, OP_CALL},
	{"hmac_sha256", "bb", "hmac_sha256(s, key)", "SHA-256 with a secret", call_hmac_sha256, 0, OP_CALL},
	{"sha1", "b", "sha1(s)", "SHA-1 in hexadecimal", call_sha1, 0, OP_CALL},
	{"md5", "b", "md5(s)", "MD5 in hexadecimal", call_md5, 0, OP_CALL},
	{"xxh3", "b", "xxh3(s)", "a quick hash of 64 bits in hexadecimal", call_xxh3, 0, OP_CALL},
	{"hex_encode", "b", "hex_encode(s)", "the bytes in hexadecimal", call_hex_encode, 0, OP_CALL},
	{"hex_decode", "s", "hex_decode(s)", "the bytes that hexadecimal stands for", call_hex_decode, 0, OP_CALL},
	{"base64_encode", "b", "base64_encode(s)", "the bytes in base64", call_base64_encode, 0, OP_CALL},
	{"base64_decode", "s", "base64_decode(s)", "the bytes that base64 stands for", call_base64_decode, 0, OP_CALL},
	{"url_encode", "b", "url_encode(s)", "with % before what a URL reserves", call_url_encode, 0, OP_CALL},
	{"url_decode", "s", "url_decode(s)", "with %20 and its like resolved", call_url_decode, 0, OP_CALL},
	{0},
};
