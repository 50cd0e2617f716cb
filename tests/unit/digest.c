/* Digests against the vectors of FIPS 180-4's examples, RFC 1321 and RFC 4231, and every length of a padding. */
#include "codec/digest.h"

#include <stdlib.h>

#include "base/base64.h"
#include "test.h"

static void check_hex(const uint8_t *digest, size_t len, const char *want)
{
	char text[2 * SHA256_SIZE + 1];
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	CHECK_TEXT(text, 2 * len, want);
}

static void check_all(const char *p, size_t len, const char *md5_want, const char *sha1_want, const char *sha256_want)
{
	uint8_t out[SHA256_SIZE];
	md5(p, len, out);
	check_hex(out, MD5_SIZE, md5_want);
	sha1(p, len, out);
	check_hex(out, SHA1_SIZE, sha1_want);
	sha256(p, len, out);
	check_hex(out, SHA256_SIZE, sha256_want);
}

static void test_vectors(void)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	check_all("", 0, "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_all("abc", 3, "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_all(two_blocks, 56, "8215ef0796a20bcaaae116d3876c664a", "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	char *million = malloc(1000000);
	memset(million, 'a', 1000000);
	check_all(million, 1000000, "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* The digest of the digests of 0..199 times `x`: every padding is met. (Computed with Python's hashlib.) */
static void test_lengths(void)
{
	uint8_t all1[200][SHA1_SIZE], all256[200][SHA256_SIZE], out[SHA256_SIZE];
	char text[200];
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < 200; i++) {
		sha1(text, i, all1[i]);
		sha256(text, i, all256[i]);
	}
	sha1(all1, sizeof all1, out);
	check_hex(out, SHA1_SIZE, "bbd580c3a0c872a603baa084a09981df9eb680e5");
	sha256(all256, sizeof all256, out);
	check_hex(out, SHA256_SIZE, "f5e61141898898cdabae3590cb32e1901b40bdc59952302926213a44c105c129");
}

static void test_hmac(void)
{
	uint8_t out[SHA256_SIZE], key[131];
	memset(key, 0x0b, 20);
	hmac_sha256(key, 20, "Hi There", 8, out);
	check_hex(out, SHA256_SIZE, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
	check_hex(out, SHA256_SIZE, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
	check_hex(out, SHA256_SIZE, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_sha256("", 0, "", 0, out);
	check_hex(out, SHA256_SIZE, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 4648, section 10, both ways. */
static void test_base64(void)
{
	static const char *const vectors[][2] = {{"", ""},
						 {"f", "Zg=="},
						 {"fo", "Zm8="},
						 {"foo", "Zm9v"},
						 {"foob", "Zm9vYg=="},
						 {"fooba", "Zm9vYmE="},
						 {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "Z===", "=", "Zh==", "Zm9=", "Zm 9", "Zg==Zg=="};
	char out[64];
	size_t len;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const char *plain = vectors[i][0], *text = vectors[i][1];
		len = base64_write(out, plain, strlen(plain));
		CHECK_TEXT(out, len, text);
		CHECK(len == base64_size(strlen(plain)));
		CHECK(base64_read(text, strlen(text), out, &len));
		CHECK_TEXT(out, len, plain);
		CHECK(base64_read(text, strcspn(text, "="), out, &len));
		CHECK_TEXT(out, len, plain);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!base64_read(bad[i], strlen(bad[i]), out, &len));
	CHECK(base64_read("-_+/", 4, out, &len) && len == 3 && !memcmp(out, "\xfb\xff\xbf", 3));
}

int main(void)
{
	test_vectors();
	test_lengths();
	test_hmac();
	test_base64();
	return test_done();
}
