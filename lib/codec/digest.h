/*
 * Digests of bytes: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4), HMAC with SHA-256 (RFC 2104). Own code, for the
 * libraries that have them cost each start of a command more than all digests of a small run. MD5 and SHA-1 route and name
 * things as other systems do; they guard nothing.
 */
#ifndef STREAM_CODEC_DIGEST_H
#define STREAM_CODEC_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, SHA1_SIZE = 20, SHA256_SIZE = 32 };

void md5(const void *p, size_t len, uint8_t out[MD5_SIZE]);
void sha1(const void *p, size_t len, uint8_t out[SHA1_SIZE]);
void sha256(const void *p, size_t len, uint8_t out[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t key_len, const void *p, size_t len, uint8_t out[SHA256_SIZE]);

/*
 * What the three have in common: 32-bit words of state, blocks of 64 bytes, and behind the message a bit, zeros, and its length
 * in bits. `before` bytes, a multiple of 64, went through `block` already.
 */
void digest_blocks(uint32_t *state, void (*block)(uint32_t *state, const uint8_t *p), const void *message, size_t len,
		   size_t before, int big_endian);

#endif
