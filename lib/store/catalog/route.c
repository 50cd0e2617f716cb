#include "store/catalog/route.h"

#include <string.h>

#include "codec/digest.h"

const char *const hash_kind_names[HASH_KIND_COUNT] = {"xxh3", "md5", "murmur2"};

static unsigned __int128 wide(struct hash128 h)
{
	return (unsigned __int128)h.high << 64 | h.low;
}

static struct hash128 narrow(unsigned __int128 n)
{
	return (struct hash128){(uint64_t)(n >> 64), (uint64_t)n};
}

static unsigned __int128 part_width(uint32_t parts)
{
	/* floor(2^128 / parts) without a 129th bit: 2^128 - 1 divided leaves the same, unless parts divides 2^128. */
	unsigned __int128 most = ~(unsigned __int128)0;
	return most / parts + (most % parts == parts - 1);
}

void route_part(uint32_t i, uint32_t parts, struct hash128 *from, struct hash128 *to)
{
	*from = narrow(parts > 1 ? part_width(parts) * i : 0);
	*to = i + 1 < parts ? narrow(part_width(parts) * (i + 1) - 1) : HASH128_MAX;
}

/* Within its part the point still depends on the whole hash, so that a split divides the keys. */
static struct hash128 kafka_point(uint32_t hash, uint32_t parts)
{
	uint32_t positive = hash & 0x7fffffff;
	struct hash128 from, to;
	route_part(positive % parts, parts, &from, &to);
	unsigned __int128 width = wide(to) - wide(from), steps = 0x7fffffff / parts + 1;
	return narrow(wide(from) + width / steps * (positive / parts));
}

struct hash128 route_key(const struct router *r, const void *key, size_t len)
{
	uint8_t digest[16];
	switch (r->kind) {
	case HASH_MD5: md5(key, len, digest); return hash128_from_bytes(digest);
	case HASH_MURMUR2: return kafka_point(murmur2(key, len), r->parts);
	default: return hash128(key, len);
	}
}

size_t hash128_text(struct hash128 h, char out[40])
{
	char digits[40];
	size_t n = 0;
	unsigned __int128 rest = wide(h);
	do {
		digits[n++] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest);
	for (size_t i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	out[n] = 0;
	return n;
}

bool hash128_parse(const char *text, struct hash128 *h)
{
	unsigned __int128 n = 0, most = ~(unsigned __int128)0;
	for (const char *p = text; *p; p++) {
		unsigned digit = (unsigned char)*p - '0';
		if (digit > 9 || n > (most - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*h = narrow(n);
	return *text != 0;
}

struct hash128 hash128_middle(struct hash128 from, struct hash128 to)
{
	return narrow(wide(from) + (wide(to) - wide(from)) / 2 + 1);
}

void hash128_bytes(struct hash128 h, uint8_t out[16])
{
	for (int i = 0; i < 8; i++) {
		out[i] = (uint8_t)(h.high >> (56 - 8 * i));
		out[8 + i] = (uint8_t)(h.low >> (56 - 8 * i));
	}
}

struct hash128 hash128_from_bytes(const uint8_t in[16])
{
	struct hash128 h = {0};
	for (int i = 0; i < 8; i++) {
		h.high = h.high << 8 | in[i];
		h.low = h.low << 8 | in[8 + i];
	}
	return h;
}

static uint32_t little32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t murmur2(const void *key, size_t len)
{
	const uint32_t m = 0x5bd1e995;
	const uint8_t *p = key;
	uint32_t h = 0x9747b28c ^ (uint32_t)len;
	for (; len >= 4; p += 4, len -= 4) {
		uint32_t k = little32(p) * m;
		h = h * m ^ (k ^ k >> 24) * m;
	}
	for (size_t i = len; i--;)
		h ^= (uint32_t)p[i] << 8 * i;
	if (len)
		h *= m;
	h = (h ^ h >> 13) * m;
	return h ^ h >> 15;
}
