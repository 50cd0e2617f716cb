/* The hashes are part of the file format: they must equal what xxHash publishes, for ever. */
#include "codec/hash.h"

#include <inttypes.h>

#include "test.h"

/* The sanity buffer of xxHash's own tests: byte i is the top byte of a generator that squares. */
static void fill(unsigned char *p, size_t len)
{
	uint64_t generator = 2654435761u;
	for (size_t i = 0; i < len; i++) {
		p[i] = (unsigned char)(generator >> 56);
		generator *= UINT64_C(11400714785074694797);
	}
}

static void known_answers(void)
{
	static unsigned char text[2367];
	fill(text, sizeof text);
	/* Lengths on both sides of each branch of XXH3; the answers are those of xxHash's specification, seed 0. */
	static const struct {
		size_t len;
		uint64_t want;
	} sizes[] = {
		{0, UINT64_C(0x2d06800538d394c2)},    {1, UINT64_C(0xc44bdff4074eecdb)},
		{6, UINT64_C(0x27b56a84cd2d7325)},    {12, UINT64_C(0xa713daf0dfbb77e7)},
		{24, UINT64_C(0xa3fe70bf9d3510eb)},   {48, UINT64_C(0x397da259ecba1f11)},
		{80, UINT64_C(0xbcdefbbb2c47c90a)},   {195, UINT64_C(0xcd94217ee362ec3a)},
		{403, UINT64_C(0xcdeb804d65c6dea4)},  {512, UINT64_C(0x617e49599013cb6b)},
		{2048, UINT64_C(0xdd59e2c3a5f038e0)}, {2240, UINT64_C(0x6e73a90539cf2948)},
		{2367, UINT64_C(0xcb37aeb9e5d361ed)},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint64_t got = hash64(text, sizes[i].len);
		CHECK(got == sizes[i].want);
		if (got != sizes[i].want)
			fprintf(stderr, "  %zu bytes: %016" PRIx64 "\n", sizes[i].len, got);
	}
	CHECK(hash64_seeded(text, 0, UINT64_C(0x9e3779b185ebca8d)) == UINT64_C(0xa8a6b918b2f0364a));
	CHECK(hash64_seeded(text, 48, UINT64_C(0x9e3779b185ebca8d)) == UINT64_C(0xadc2cbaa44acc616));
	CHECK(hash64_seeded(text, 48, 0) == hash64(text, 48));
}

static void wide(void)
{
	struct hash128 h = hash128("", 0);
	CHECK(h.high == UINT64_C(0x99aa06d3014798d8) && h.low == UINT64_C(0x6001c324468d497f));
	unsigned char text[12];
	fill(text, sizeof text);
	h = hash128(text, 1);
	CHECK(h.high == UINT64_C(0xa6cd5e9392000f6a) && h.low == UINT64_C(0xc44bdff4074eecdb));
	h = hash128(text, 12);
	CHECK(h.high == UINT64_C(0x6e3efd8fc7802b18) && h.low == UINT64_C(0x061a192713f69ad9));
}

/* Long texts go by wider vectors where the processor has them; with a seed they never do. */
static void long_texts(void)
{
	static unsigned char text[70000];
	fill(text, sizeof text);
	for (size_t len = 900; len < sizeof text; len += len < 5000 ? 1 : 997)
		if (hash64(text + len % 9, len - 9) != hash64_seeded(text + len % 9, len - 9, 0)) {
			fprintf(stderr, "  %zu bytes\n", len - 9);
			CHECK(!"the same");
		}
	CHECK(hash64(text, sizeof text) == hash64_seeded(text, sizeof text, 0));
}

int main(void)
{
	known_answers();
	long_texts();
	wide();
	return test_done();
}
