/*
 * Frames from bytes that mean no good. The first byte of the input chooses:
 *
 *   even  the rest are frames, as they are
 *   odd   u8 setting, u16 seed, then pokes of (u16 place, u8 value): two good frames are made from the seed, and bytes
 *         of them replaced; so each input is near to something that loads. Bit 14 of a place chooses the frame, bit 15
 *         says that it counts from its directory.
 *
 * Checksums are put right before they are read, or nothing behind them would ever be reached. What loads is written again,
 * and must come back as the same values.
 */
#include <stdlib.h>

#include "codec/hash.h"
#include "format/frame.h"
#include "format/frame_layout.h"
#include "../unit/frame_random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put64(char *p, uint64_t x)
{
	memcpy(p, &x, sizeof x);
}

/* Makes the checksums of the frame at p right as far as they lie inside; returns its size, or 0. */
static size_t mend(char *p, size_t len)
{
	struct frame_header h;
	if (len < sizeof h)
		return 0;
	memcpy(p, FRAME_MAGIC, sizeof h.magic);
	p[offsetof(struct frame_header, version)] = FRAME_VERSION;
	memcpy(&h, p, sizeof h);
	uint64_t sums = h.directory + h.entries * UINT64_C(32) + h.extents * UINT64_C(8), at = sizeof h;
	if (h.size > len || h.directory > h.size)
		return 0;
	if (h.flags & FRAME_PLACED)
		at += sizeof(struct frame_place_block);
	for (uint32_t i = 0; h.flags & FRAME_SUMS && sums <= h.size && i < (h.size - sums) / 8; i++) {
		struct frame_extent x;
		if (sums < (h.extents - i) * UINT64_C(8))
			break;
		memcpy(&x, p + sums - (h.extents - i) * UINT64_C(8), sizeof x);
		if (at > h.size || x.stored > h.size - at)
			break;
		put64(p + sums + i * UINT64_C(8), hash64(p + at, x.stored));
		at += round8(x.stored);
	}
	put64(p + offsetof(struct frame_header, directory_sum), hash64(p + h.directory, h.size - h.directory));
	put64(p + offsetof(struct frame_header, sum), hash64(p, offsetof(struct frame_header, sum)));
	if (h.flags & FRAME_PLACED && h.size >= 104)
		put64(p + 96, hash64(p, 96));
	return h.size;
}

static void make_frames(const uint8_t *data, size_t size, struct buf *out)
{
	struct frame_writer_options o = {data[0] & 1, data[0] & 2, data[0] & 4 ? 1 : 0};
	struct frame_place place = {.seq = 9};
	struct dice d = {data[1] | (uint64_t)data[2] << 8};
	struct frame_writer *w = frame_writer_new(&o);
	struct batch b;
	size_t starts[2];
	batch_init(&b);
	for (int i = 0; i < 2; i++) {
		starts[i] = out->len;
		batch_reset(&b);
		random_batch(&b, &d, data[1], data[0] & 16 ? 70 : 4, 1 + (data[0] >> 5));
		if (frame_write(w, FRAME_DATA, 0, &b, data[0] & 8 ? &place : NULL, out, NULL))
			abort();
	}
	uint32_t directories[2];
	for (int i = 0; i < 2; i++)
		memcpy(&directories[i], out->data + starts[i] + offsetof(struct frame_header, directory), 4);
	for (size_t i = 3; i + 3 <= size; i += 3) {
		uint32_t place = data[i] | (uint32_t)data[i + 1] << 8, frame = place >> 14 & 1;
		size_t at = starts[frame] + (place >> 15 ? directories[frame] : 0) + (place & 0x3fff);
		out->data[at % out->len] = (char)data[i + 2];
	}
	batch_release(&b);
	frame_writer_free(w);
}

/* Everything that can be reached is touched: the sanitizers look on. */
static uint64_t touch(const struct batch *b)
{
	uint64_t h = b->sorted;
	struct value v;
	for (uint32_t row = 0; row < b->rows; row++) {
		for (uint32_t at = 0; next_field(b, row, &at, &v);)
			h = value_hash(v, h);
		for (int m = 0; m < META_COUNT; m++)
			h = value_hash(column_get(&b->meta[m], row), h);
	}
	return h;
}

static void again(const struct batch *b, bool alone)
{
	struct frame_writer_options o = {.alone = alone};
	struct frame_writer *w = frame_writer_new(&o);
	struct frame_reader *r = frame_reader_new();
	struct buf out = BUF_INIT;
	struct batch got;
	struct frame f;
	struct error e;
	batch_init(&got);
	if (frame_write(w, FRAME_DATA, 0, b, NULL, &out, &e) || frame_peek(out.data, out.len, &f, &e) != 1 ||
	    frame_load(r, out.data, &f, NULL, 0, &got, &e) || !same_batch(b, &got) || got.sorted > b->sorted)
		abort();
	batch_release(&got);
	buf_release(&out);
	frame_reader_free(r);
	frame_writer_free(w);
}

static void read_frames(char *p, size_t len)
{
	static const char *const want[] = {"field 1.1", "field 2.2"};
	struct frame_reader *r = frame_reader_new(), *some = frame_reader_new();
	struct batch b;
	struct frame f;
	struct error e;
	volatile uint64_t sink = 0;
	batch_init(&b);
	for (size_t size; (size = mend(p, len)); p += size, len -= size) {
		if (frame_peek(p, len, &f, &e) != 1)
			break;
		if (!frame_load(some, p, &f, want, 2, &b, &e))
			sink += touch(&b);
		if (frame_load(r, p, &f, NULL, 0, &b, &e))
			continue;
		sink += touch(&b);
		again(&b, false);
		again(&b, true);
	}
	batch_release(&b);
	frame_reader_free(r);
	frame_reader_free(some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_line line;
	struct error e;
	struct buf in = BUF_INIT;
	if (!size)
		return 0;
	stream_line_read((const char *)data + 1, size - 1, &line, &e);
	if (*data % 2 == 0)
		buf_append(&in, data + 1, size - 1);
	else if (size >= 4)
		make_frames(data + 1, size - 1, &in);
	/* An allocation of just this length, so that a read behind it is seen. */
	char *copy = malloc(in.len + 1);
	if (in.len)
		memcpy(copy, in.data, in.len);
	read_frames(copy, in.len);
	free(copy);
	buf_release(&in);
	return 0;
}
