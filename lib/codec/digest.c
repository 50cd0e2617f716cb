#include "codec/digest.h"

#include <string.h>

void digest_blocks(uint32_t *state, void (*block)(uint32_t *state, const uint8_t *p), const void *message, size_t len,
		   size_t before, int big_endian)
{
	const uint8_t *p = message;
	size_t left = len;
	uint64_t bits = ((uint64_t)before + len) * 8;
	for (; left >= 64; p += 64, left -= 64)
		block(state, p);
	uint8_t tail[128] = {0};
	if (left)
		memcpy(tail, p, left);
	tail[left] = 0x80;
	size_t end = left < 56 ? 64 : 128;
	for (size_t i = 0; i < 8; i++)
		tail[big_endian ? end - 1 - i : end - 8 + i] = (uint8_t)(bits >> 8 * i);
	block(state, tail);
	if (end == 128)
		block(state, tail + 64);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_state(const uint32_t *state, size_t bytes, uint8_t *out)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static inline uint32_t left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static inline uint32_t right(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/* -- SHA-1: FIPS 180-4, 6.1.2 -- */

static uint32_t sha1_mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0: return (b & c) | (~b & d);
	case 2: return (b & c) | (b & d) | (c & d);
	default: return b ^ c ^ d;
	}
}

static void sha1_block(uint32_t *state, const uint8_t *p)
{
	static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	for (int i = 0; i < 80; i++)
		w[i] = i < 16 ? get32(p + 4 * i) : left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t sum = left(a, 5) + sha1_mix(i / 20, b, c, d) + e + constants[i / 20] + w[i];
		e = d;
		d = c;
		c = left(b, 30);
		b = a;
		a = sum;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1(const void *p, size_t len, uint8_t out[SHA1_SIZE])
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	digest_blocks(state, sha1_block, p, len, 0, 1);
	put_state(state, SHA1_SIZE, out);
}

/* -- SHA-256: FIPS 180-4, 6.2.2 -- */

/* The first 32 bits behind the point of the cube roots of the first 64 primes. */
static const uint32_t cube_roots[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One of the 64 rounds. The eight words move up by one after each: it is their names that move here. */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, i)                                                                        \
	do {                                                                                                           \
		uint32_t t_ = (h) + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + (((e) & (f)) ^ (~(e) & (g))) +       \
			      cube_roots[i] + w[i];                                                                    \
		(d) += t_;                                                                                             \
		(h) = t_ + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + (((a) & (b)) ^ ((a) & (c)) ^ ((b) & (c)));    \
	} while (0)

static void sha256_block(uint32_t *state, const uint8_t *p)
{
	uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5],
			g = state[6], h = state[7];
	for (int i = 0; i < 16; i++)
		w[i] = get32(p + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + (right(x, 7) ^ right(x, 18) ^ x >> 3) + w[i - 7] +
		       (right(y, 17) ^ right(y, 19) ^ y >> 10);
	}
	for (int i = 0; i < 64; i += 8) {
		SHA256_ROUND(a, b, c, d, e, f, g, h, i);
		SHA256_ROUND(h, a, b, c, d, e, f, g, i + 1);
		SHA256_ROUND(g, h, a, b, c, d, e, f, i + 2);
		SHA256_ROUND(f, g, h, a, b, c, d, e, i + 3);
		SHA256_ROUND(e, f, g, h, a, b, c, d, i + 4);
		SHA256_ROUND(d, e, f, g, h, a, b, c, i + 5);
		SHA256_ROUND(c, d, e, f, g, h, a, b, i + 6);
		SHA256_ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	const uint32_t sums[8] = {a, b, c, d, e, f, g, h};
	for (int i = 0; i < 8; i++)
		state[i] += sums[i];
}

/* `first`, a block or NULL, stands before the message. */
static void sha256_behind(const uint8_t *first, const void *p, size_t len, uint8_t out[SHA256_SIZE])
{
	/* The same of the square roots of the first 8 primes. */
	uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	if (first)
		sha256_block(state, first);
	digest_blocks(state, sha256_block, p, len, first ? 64 : 0, 1);
	put_state(state, SHA256_SIZE, out);
}

void sha256(const void *p, size_t len, uint8_t out[SHA256_SIZE])
{
	sha256_behind(NULL, p, len, out);
}

void hmac_sha256(const void *key, size_t key_len, const void *p, size_t len, uint8_t out[SHA256_SIZE])
{
	uint8_t inner[64] = {0}, outer[64], digest[SHA256_SIZE];
	if (key_len > sizeof inner)
		sha256(key, key_len, inner);
	else if (key_len)
		memcpy(inner, key, key_len);
	for (size_t i = 0; i < sizeof inner; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	sha256_behind(inner, p, len, digest);
	sha256_behind(outer, digest, sizeof digest, out);
}
