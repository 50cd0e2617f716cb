#include "hold/hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { DIRECT_ROWS = 2048, TEXT_MAX = 1 << 20 };

/* -- blocks -- */

struct block *block_new(void)
{
	struct block *k = mem_zero(sizeof *k);
	batch_init(&k->rows);
	return k;
}

int block_of_frame(char *bytes, size_t size, struct block **out, struct error *e)
{
	struct block *k = block_new();
	struct frame f;
	k->reader = frame_reader_new();
	k->bytes = bytes;
	k->size = size;
	int r = frame_peek(bytes, size, &f, e);
	if (r == 0)
		r = error_set(e, ERR_FAILED, "a frame is cut short");
	if (r > 0)
		r = frame_load(k->reader, bytes, &f, NULL, 0, &k->rows, e);
	if (r) {
		block_free(k);
		return r;
	}
	*out = k;
	return 0;
}

void block_free(struct block *k)
{
	if (!k)
		return;
	batch_release(&k->rows);
	frame_reader_free(k->reader);
	free(k->bytes);
	free(k->columns);
	free(k->shapes);
	free(k);
}

size_t block_memory(const struct block *k)
{
	size_t cells = k->reader ? 0 : (size_t)k->rows.capacity * k->rows.column_count * sizeof(struct value);
	return sizeof *k + k->size + cells + k->rows.arena.total;
}

/* -- holding -- */

void hold_release(struct hold *h)
{
	for (uint32_t i = 0; i < h->count; i++)
		block_free(h->blocks[i]);
	free(h->blocks);
	frame_writer_free(h->writer);
	*h = (struct hold){0};
}

size_t hold_memory(const struct hold *h)
{
	return h->closed_memory + (h->open ? block_memory(h->blocks[h->count - 1]) : 0);
}

static void append_block(struct hold *h, struct block *k)
{
	if (h->count == h->cap) {
		h->cap = (uint32_t)mem_grow(h->cap, h->count + 1);
		h->blocks = mem_resize(h->blocks, h->cap, sizeof *h->blocks);
	}
	h->blocks[h->count++] = k;
}

/* The selected rows as a block that is one frame; *out NULL: they need more than one. */
static int freeze(struct hold *h, const struct batch *b, struct block **out, struct error *e)
{
	static const struct frame_writer_options options = {.alone = true};
	struct buf bytes = BUF_INIT;
	struct frame f;
	*out = NULL;
	if (!h->writer)
		h->writer = frame_writer_new(&options);
	int r = frame_write(h->writer, FRAME_DATA, 0, b, NULL, &bytes, e);
	if (!r)
		r = frame_peek(bytes.data, bytes.len, &f, e);
	if (r <= 0 || f.size != bytes.len) {
		buf_release(&bytes);
		return r < 0 ? r : 0;
	}
	size_t size;
	char *taken = buf_detach(&bytes, &size);
	return block_of_frame(taken, size, out, e);
}

/* The open block is full. Its rows keep their numbers; where they are no single frame, it stays as it is. */
static int close_open(struct hold *h, struct error *e)
{
	if (!h->open)
		return 0;
	struct block *k = h->blocks[h->count - 1], *frozen;
	h->open = false;
	int r = freeze(h, &k->rows, &frozen, e);
	if (!r && frozen) {
		/* Who has a reference has the address: the block stays, and its content changes. */
		struct block old = *k;
		*k = *frozen;
		*frozen = old;
		block_free(frozen);
	}
	h->closed_memory += block_memory(k);
	return r;
}

static int add_to_open(struct hold *h, struct batch *b, uint32_t first, struct row_ref *at, struct error *e)
{
	uint32_t left = batch_count(b) - first;
	if (h->open) {
		struct block *k = h->blocks[h->count - 1];
		if (k->rows.rows + left > BATCH_ROWS || k->rows.arena.total > TEXT_MAX) {
			int r = close_open(h, e);
			if (r)
				return r;
		}
	}
	for (int attempt = 0; attempt < 2; attempt++) {
		if (!h->open) {
			append_block(h, block_new());
			h->open = true;
		}
		struct block *k = h->blocks[h->count - 1];
		*at = (struct row_ref){k, k->rows.rows};
		uint32_t taken = batch_append(&k->rows, b, first);
		if (taken)
			return (int)taken;
		int r = close_open(h, e);
		if (r)
			return r;
	}
	return error_set(e, ERR_FAILED, "a record has too many fields to be held");
}

int hold_add(struct hold *h, struct batch *b, uint32_t first, struct row_ref *at, struct error *e)
{
	uint32_t count = batch_count(b);
	if (first || count < DIRECT_ROWS)
		return add_to_open(h, b, first, at, e);
	struct block *k;
	int r = close_open(h, e);
	if (!r)
		r = freeze(h, b, &k, e);
	if (r)
		return r;
	if (!k)
		return add_to_open(h, b, first, at, e);
	append_block(h, k);
	h->closed_memory += block_memory(k);
	*at = (struct row_ref){k, 0};
	return (int)count;
}
