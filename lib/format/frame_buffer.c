#include <string.h>

#include "codec/hash.h"
#include "codec/zstd.h"
#include "format/frame_writer.h"

enum { PACK_MIN = 128 }; /* bytes; fewer are not worth a zstd frame */

void *buffer_open(struct frame_writer *w, size_t raw)
{
	size_t size = w->out->len - w->start;
	if (raw > FRAME_SIZE_MAX || w->raw + raw > FRAME_SIZE_MAX || size + raw + 8 > FRAME_SIZE_MAX)
		return NULL;
	return buf_reserve(w->out, raw + 8);
}

/* Puts the packed bytes in the place of the others, if they are fewer; returns how many bytes the buffer has now. */
static size_t pack(struct frame_writer *w, char *p, size_t raw)
{
	if (!w->options.zstd || raw < PACK_MIN)
		return raw;
	buf_clear(&w->packed);
	if (zstd_pack(p, raw, w->options.zstd, &w->packed, NULL) || w->packed.len >= raw)
		return raw;
	if (w->options.packed_most && w->packed.len > raw / 100 * (size_t)w->options.packed_most)
		return raw;
	memcpy(p, w->packed.data, w->packed.len);
	return w->packed.len;
}

void buffer_close(struct frame_writer *w, size_t raw)
{
	char *p = w->out->data + w->out->len;
	size_t stored = pack(w, p, raw), padded = round8(stored);
	struct frame_extent x = {.stored = (uint32_t)stored, .raw = (uint32_t)raw};
	memset(p + stored, 0, padded - stored);
	buf_append(&w->extents, &x, sizeof x);
	if (w->options.sums) {
		uint64_t sum = hash64(p, stored);
		buf_append(&w->sums, &sum, sizeof sum);
	}
	w->out->len += padded;
	w->raw += raw;
}

int buffer_put(struct frame_writer *w, const void *p, size_t len)
{
	void *to = buffer_open(w, len);
	if (!to)
		return TOO_LARGE;
	if (len)
		memcpy(to, p, len);
	buffer_close(w, len);
	return 0;
}

void entry_put(struct frame_writer *w, const struct frame_entry *n)
{
	buf_append(&w->entries, n, sizeof *n);
}
