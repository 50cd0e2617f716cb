/*
 * A shard whose segment was put together from pieces: whole frames in any order, stale ones of another segment, cut
 * ones, bytes that changed. Reading it, with or without its head, must serve only records as they were written, with
 * rising @seq.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/read/cursor.h"

enum { SEGMENT = 77, OTHER = 78, FRAMES = 8, ROWS = 3, FD_SEGMENT = 1000, FD_HEAD };

struct memory {
	struct files io; /* first */
	struct buf segment, head;
};

static struct buf line, frames[2 * FRAMES];

static struct buf *bytes_of(const struct files *io, int fd)
{
	struct memory *m = (struct memory *)(uintptr_t)io;
	return fd == FD_HEAD ? &m->head : &m->segment;
}

static int memory_open(const struct files *io, const char *path, int flags, mode_t mode)
{
	(void)io;
	(void)flags;
	(void)mode;
	if (strstr(path, "head"))
		return FD_HEAD;
	return strstr(path, "00000000000000000000.seg") ? FD_SEGMENT : (errno = ENOENT, -1);
}

static void memory_close(const struct files *io, int fd)
{
	(void)io;
	(void)fd;
}

static ssize_t memory_pread(const struct files *io, int fd, void *p, size_t len, int64_t at)
{
	const struct buf *b = bytes_of(io, fd);
	if (at < 0 || (uint64_t)at >= b->len)
		return 0;
	size_t n = b->len - (size_t)at < len ? b->len - (size_t)at : len;
	memcpy(p, b->data + at, n);
	return (ssize_t)n;
}

/* Nobody replaces anything here. */
static int memory_linked(const struct files *io, int fd, const char *path)
{
	(void)io;
	(void)fd;
	(void)path;
	return 1;
}

static int memory_size(const struct files *io, int fd, int64_t *size)
{
	*size = (int64_t)bytes_of(io, fd)->len;
	return 0;
}

static int memory_list(const struct files *io, const char *path, void (*each)(void *, const char *), void *arg)
{
	(void)io;
	(void)path;
	each(arg, "00000000000000000000.seg");
	return 0;
}

static int memory_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	(void)io;
	memset(id, 1, BOOT_ID_SIZE);
	return 0;
}

/* Record n is {n: n}; frame i has ROWS of them from @seq i * ROWS on. */
static void make_frames(void)
{
	static const struct frame_writer_options options = {.alone = true, .sums = true};
	struct frame_writer *w = frame_writer_new(&options);
	struct batch b;
	batch_init(&b);
	for (uint64_t i = 0; i < 2 * FRAMES; i++) {
		uint64_t seq = i % FRAMES * ROWS;
		struct frame_place place = {i < FRAMES ? SEGMENT : OTHER, seq, seq, 0, 0};
		batch_clear(&b);
		for (uint64_t k = 0; k < ROWS; k++) {
			uint32_t row = batch_begin(&b);
			uint16_t n = (uint16_t)batch_column(&b, "n", 1);
			b.columns[n].values[row] = value_int((int64_t)(i < FRAMES ? seq + k : 1000));
			batch_end(&b, (uint32_t)batch_shape_of(&b, &n, 1), 0);
		}
		b.meta[META_ARRIVED] = column_const(value_time((int64_t)seq));
		if (frame_write(w, FRAME_DATA, 0, &b, &place, &frames[i], NULL))
			abort();
	}
	char source[] = "store/0/0/000000000000004d/0";
	char sum[20];
	snprintf(sum, sizeof sum, "/%016" PRIx64, hash64(source, strlen(source)));
	char *whole = file_path("%s%s", source, sum);
	stream_line_write(&(struct stream_line){BOUNDED_UNKNOWN, whole, strlen(whole)}, &line);
	free(whole);
	batch_release(&b);
	frame_writer_free(w);
}

/* Two bytes are an instruction: which frame, and what of it. */
static void assemble(struct buf *out, const uint8_t *p, size_t len)
{
	buf_append(out, line.data, line.len);
	for (size_t i = 0; i + 1 < len && out->len < 1 << 20; i += 2) {
		const struct buf *f = &frames[p[i] % (2 * FRAMES)];
		size_t start = out->len;
		switch (p[i] >> 4) {
		case 0:
		case 1:
		case 2:
		case 3: buf_append(out, f->data, f->len); break;
		case 4: buf_append(out, f->data, f->len * p[i + 1] / 256 & ~(size_t)7); break;
		case 5: buf_fill(out, 0, p[i + 1]); break;
		case 6: out->len -= out->len * p[i + 1] / 1024; break;
		case 7:
			buf_append(out, f->data, f->len);
			out->data[start + f->len * p[i + 1] / 256] ^= (char)(1 << (p[i] & 7));
			break;
		default: out->data[(p[i] * (size_t)256 + p[i + 1]) % out->len] ^= (char)p[i + 1];
		}
	}
}

static void on_damage(void *arg, const struct damage *d)
{
	uint64_t *reported = arg;
	if (d->first >= d->behind || d->from > d->to || d->first < *reported)
		abort();
	*reported = d->behind;
}

/* `known`: which segment this is; else the first frame decides, and that may be a stale one. */
static void read_all(struct memory *m, bool known)
{
	struct stream s = {.io = &m->io, .name = "s", .directory = "/s"};
	struct cursor c;
	struct error e;
	uint64_t end = 0, last = 0, reported = 0;
	s.catalog.sync = SYNC_DEFAULT;
	if (!cursor_open(&c, &s, 0, &e) && !cursor_end(&c, &end, &e)) {
		c.end = end;
		c.damaged = on_damage;
		c.damaged_arg = &reported;
		while (cursor_next(&c, &e) > 0) {
			const struct column *n = batch_field(&c.batch, "n", 1);
			for (uint32_t i = 0; i < batch_count(&c.batch); i++) {
				uint32_t row = batch_row(&c.batch, i);
				struct value seq = column_get(&c.batch.meta[META_SEQ], row);
				if ((known && column_get(n, row).i != seq.i) || (uint64_t)seq.i + 1 <= last ||
				    (uint64_t)seq.i >= end)
					abort();
				last = (uint64_t)seq.i + 1;
			}
		}
	}
	cursor_close(&c);
}

/* A head of this boot that says that all of it is durable. */
static void make_head(struct memory *m)
{
	char slot[128] = {0};
	uint64_t numbers[] = {1,
			      0x0101010101010101,
			      0x0101010101010101,
			      SEGMENT,
			      0,
			      m->segment.len,
			      FRAMES * ROWS,
			      m->segment.len,
			      FRAMES * ROWS,
			      0,
			      0};
	memcpy(slot, numbers, sizeof numbers);
	uint64_t sum = hash64(slot, sizeof numbers);
	memcpy(slot + sizeof numbers, &sum, sizeof sum);
	buf_fill(&m->head, 0, 128);
	buf_append(&m->head, slot, sizeof slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct memory m = {.io = {.open = memory_open,
				  .close = memory_close,
				  .pread = memory_pread,
				  .size = memory_size,
				  .linked = memory_linked,
				  .list = memory_list,
				  .boot = memory_boot}};
	if (!line.len)
		make_frames();
	assemble(&m.segment, p, len);
	read_all(&m, m.segment.len >= line.len && !memcmp(m.segment.data, line.data, line.len));
	make_head(&m);
	read_all(&m, true);
	buf_release(&m.segment);
	buf_release(&m.head);
	return 0;
}
