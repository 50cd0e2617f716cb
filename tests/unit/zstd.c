#include "codec/zstd.h"

#include <stdlib.h>

#include "test.h"

static struct error e;

/* Text that packs, but not to nothing. */
static char *sample(size_t len)
{
	char *p = malloc(len + 1);
	unsigned state = 1;
	for (size_t i = 0; i < len; i++) {
		state = state * 1103515245 + 12345;
		p[i] = "abcdefgh0123"[(state >> 16) % 12];
	}
	return p;
}

static void round_trip(size_t len, int level)
{
	char *text = sample(len), *back = malloc(len + 1);
	struct buf packed = BUF_INIT;
	buf_string_append(&packed, "before");
	CHECK(zstd_pack(text, len, level, &packed, &e) == OK);
	CHECK(memcmp(packed.data, "before", 6) == 0);
	const char *p = packed.data + 6;
	size_t n = packed.len - 6;
	CHECK(zstd_unpack(p, n, back, len, &e) == OK);
	CHECK(memcmp(text, back, len) == 0);
	CHECK(zstd_unpack(p, n, back, len + 1, &e) == ERR_FAILED);
	if (len)
		CHECK(zstd_unpack(p, n, back, len - 1, &e) == ERR_FAILED);
	CHECK(zstd_unpack(p, n - 1, back, len, &e) == ERR_FAILED);
	buf_release(&packed);
	free(text);
	free(back);
}

static void hostile(void)
{
	char to[16];
	CHECK(zstd_unpack("", 0, to, 0, &e) == ERR_FAILED);
	CHECK(zstd_unpack("nothing of the kind", 19, to, 16, &e) == ERR_FAILED);
	CHECK(strstr(e.text, "zstd"));
	/* every byte of a small frame damaged: an error or other bytes, never a write outside */
	struct buf packed = BUF_INIT;
	CHECK(zstd_pack("0123456701234567", 16, 3, &packed, &e) == OK);
	for (size_t i = 0; i < packed.len; i++) {
		packed.data[i] ^= 0x55;
		zstd_unpack(packed.data, packed.len, to, sizeof to, &e);
		packed.data[i] ^= 0x55;
	}
	CHECK(zstd_unpack(packed.data, packed.len, to, sizeof to, &e) == OK);
	CHECK_TEXT(to, 16, "0123456701234567");
	buf_release(&packed);
}

static void stream(void)
{
	enum { SIZE = 3 << 20 };
	char *text = sample(SIZE), *back = malloc(SIZE);
	struct zstd_packer *z = zstd_packer_new(3);
	struct buf packed = BUF_INIT;
	for (int round = 0; round < 2; round++) { /* a packer goes on with the next zstd frame */
		buf_clear(&packed);
		for (size_t at = 0, n; at < SIZE; at += n) {
			n = at % 7 ? 100000 : 1;
			if (n > SIZE - at)
				n = SIZE - at;
			CHECK(zstd_packer_write(z, text + at, n, &packed, &e) == OK);
		}
		CHECK(zstd_packer_finish(z, &packed, &e) == OK);
		CHECK(packed.len < SIZE / 2 + SIZE / 10);
		memset(back, 0, SIZE);
		CHECK(zstd_unpack(packed.data, packed.len, back, SIZE, &e) == OK);
		CHECK(memcmp(text, back, SIZE) == 0);
	}
	/* the stream carries a checksum */
	packed.data[packed.len - 1] ^= 1;
	CHECK(zstd_unpack(packed.data, packed.len, back, SIZE, &e) == ERR_FAILED);
	buf_clear(&packed);
	CHECK(zstd_packer_finish(z, &packed, &e) == OK); /* an empty frame is one too */
	CHECK(zstd_unpack(packed.data, packed.len, back, 0, &e) == OK);
	zstd_packer_free(z);
	zstd_packer_free(NULL);
	buf_release(&packed);
	free(text);
	free(back);
}

int main(void)
{
	round_trip(0, 3);
	round_trip(1, 1);
	round_trip(1000, 19);
	round_trip(1 << 20, 3);
	hostile();
	stream();
	return test_done();
}
