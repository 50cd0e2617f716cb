#include <string.h>

#include "codec/hash.h"
#include "format/frame.h"
#include "format/frame_layout.h"

static int damaged(struct error *e, const char *what)
{
	return error_set(e, ERR_FAILED, "damaged frame: %s", what);
}

static size_t head_size(const struct frame_header *h)
{
	return sizeof *h + (h->flags & FRAME_PLACED ? sizeof(struct frame_place_block) : 0);
}

/* The numbers of the header against each other. What they say about buffers is checked when these are taken. */
static int check_numbers(const struct frame_header *h, struct error *e)
{
	if (h->flags & ~FRAME_FLAGS_KNOWN)
		return error_set(e, ERR_FAILED, "a frame with flags that this program does not know");
	if (!h->kind)
		return damaged(e, "it has no kind");
	if (h->size > FRAME_SIZE_MAX)
		return error_set(e, ERR_FAILED, "a frame of %u bytes is more than the format allows", h->size);
	if (h->rows > BATCH_ROWS_MAX)
		return error_set(e, ERR_FAILED, "a frame of %u rows is more than the format allows", h->rows);
	if (!(h->flags & FRAME_ALONE) != !!h->chain)
		return damaged(e, "chain and flags contradict each other");
	uint64_t directory = h->entries * (uint64_t)sizeof(struct frame_entry) +
			     h->extents * (uint64_t)(sizeof(struct frame_extent) + (h->flags & FRAME_SUMS ? 8 : 0));
	if (h->size % 8 || h->directory % 8 || h->directory < head_size(h) || h->directory + directory != h->size)
		return damaged(e, "the sizes in its header don't fit");
	if (h->extents < FRAME_OWN_BUFFERS || h->used > UINT16_MAX || (h->rows && !h->used))
		return damaged(e, "the counts in its header don't fit");
	return OK;
}

static int check_place(const char *p, struct frame_place *place, uint32_t rows, struct error *e)
{
	struct frame_place_block b;
	memcpy(&b, p + sizeof(struct frame_header), sizeof b);
	if (b.sum != hash64(p, sizeof(struct frame_header) + offsetof(struct frame_place_block, sum)))
		return damaged(e, "the checksum of its place is wrong");
	if (b.seq > (uint64_t)INT64_MAX - rows)
		return damaged(e, "its place is out of range");
	*place = (struct frame_place){
		.segment = b.segment, .seq = b.seq, .durable = b.durable, .shard = b.shard, .tag = b.tag};
	return OK;
}

int frame_peek(const char *p, size_t len, struct frame *f, struct error *e)
{
	struct frame_header h;
	*f = (struct frame){0};
	if (len && memcmp(p, FRAME_MAGIC, len < sizeof h.magic ? len : sizeof h.magic))
		return error_set(e, ERR_FAILED, "no frame here: the first bytes are wrong");
	if (len < sizeof h)
		return 0;
	memcpy(&h, p, sizeof h);
	if (h.version != FRAME_VERSION)
		return error_set(e, ERR_FAILED, "a frame of version %u; this program reads version %d", h.version,
				 FRAME_VERSION);
	if (h.sum != hash64(p, offsetof(struct frame_header, sum)))
		return damaged(e, "the checksum of its header is wrong");
	int r = check_numbers(&h, e);
	if (r)
		return r;
	if (h.kind >= FRAME_KIND_COUNT && h.flags & FRAME_CRITICAL)
		return error_set(e, ERR_FAILED, "a frame of kind %u that must be understood; this program is too old",
				 h.kind);
	f->kind = h.kind;
	f->flags = h.flags;
	f->rows = h.rows;
	f->size = h.size;
	if (h.flags & FRAME_PLACED && len >= head_size(&h)) {
		r = check_place(p, &f->place, h.rows, e);
		if (r)
			return r;
	}
	return len >= h.size;
}
