#include <string.h>

#include "codec/hash.h"
#include "format/frame_reader.h"

/* The buffer of the name, then the directory with one more entry, extent and checksum. */
static void put_tail(const char *p, const struct frame_header *h, const char *stream, size_t len, struct buf *out)
{
	const char *entries = p + h->directory;
	const char *extents = entries + h->entries * sizeof(struct frame_entry);
	const char *sums = extents + h->extents * sizeof(struct frame_extent);
	const struct frame_entry entry = {
		.role = ROLE_META, .id = META_STREAM, .form = COLUMN_CONST, .type = TYPE_STRING};
	const struct frame_extent extent = {.stored = (uint32_t)len, .raw = (uint32_t)len};
	buf_clear(out);
	buf_append(out, stream, len);
	buf_fill(out, 0, round8(len) - len);
	buf_append(out, entries, (size_t)(extents - entries));
	buf_append(out, &entry, sizeof entry);
	buf_append(out, extents, (size_t)(sums - extents));
	buf_append(out, &extent, sizeof extent);
	if (!(h->flags & FRAME_SUMS))
		return;
	uint64_t sum = hash64(stream, len);
	buf_append(out, sums, h->extents * sizeof sum);
	buf_append(out, &sum, sizeof sum);
}

void frame_add_stream(const char *p, const char *stream, size_t len, struct frame_pieces *out)
{
	struct frame_header h;
	struct frame_place_block place;
	memcpy(&h, p, sizeof h);
	bool placed = h.flags & FRAME_PLACED;
	size_t head = sizeof h + (placed ? sizeof place : 0), named = round8(len);
	put_tail(p, &h, stream, len, &out->tail);
	out->body = p + head;
	out->body_len = h.directory - head;
	h.directory += (uint32_t)named;
	h.size = (uint32_t)(head + out->body_len + out->tail.len);
	h.entries++;
	h.extents++;
	h.directory_sum = hash64(out->tail.data + named, out->tail.len - named);
	h.sum = hash64(&h, offsetof(struct frame_header, sum));
	buf_clear(&out->head);
	buf_append(&out->head, &h, sizeof h);
	if (!placed)
		return;
	memcpy(&place, p + sizeof h, sizeof place);
	buf_append(&out->head, &place, offsetof(struct frame_place_block, sum));
	place.sum = hash64(out->head.data, out->head.len);
	buf_append(&out->head, &place.sum, sizeof place.sum);
}
