#include <string.h>

#include "codec/hash.h"
#include "codec/zstd.h"
#include "format/frame_reader.h"

int body_damaged(struct body *y, const char *what)
{
	return error_set(y->e, ERR_FAILED, "damaged frame: %s", what);
}

struct frame_entry body_entry(const struct body *y, uint32_t index)
{
	struct frame_entry n;
	memcpy(&n, y->p + y->h.directory + index * sizeof n, sizeof n);
	return n;
}

static size_t extents_at(const struct body *y)
{
	return y->h.directory + y->h.entries * sizeof(struct frame_entry);
}

struct frame_extent body_extent(const struct body *y, uint32_t index)
{
	struct frame_extent x;
	memcpy(&x, y->p + extents_at(y) + index * sizeof x, sizeof x);
	return x;
}

/* Finds where buffers begin. After this each lies between the header and the directory, and all of them unpacked are no more
   than a frame may hold. */
int body_open(struct body *y)
{
	if (y->h.directory_sum != hash64(y->p + y->h.directory, y->h.size - y->h.directory))
		return body_damaged(y, "the checksum of its directory is wrong");
	uint32_t *at = arena_array(y->arena, y->h.extents, sizeof *at);
	uint64_t end = sizeof y->h, raw = 0;
	if (y->h.flags & FRAME_PLACED)
		end += sizeof(struct frame_place_block);
	for (uint32_t i = 0; i < y->h.extents; i++) {
		struct frame_extent x = body_extent(y, i);
		at[i] = (uint32_t)end;
		end += round8(x.stored);
		raw += x.raw;
		if (end > y->h.directory || x.stored > x.raw)
			return body_damaged(y, "the sizes of its buffers don't fit");
	}
	if (end != y->h.directory || raw > FRAME_SIZE_MAX)
		return body_damaged(y, "the sizes of its buffers don't fit");
	y->at = at;
	return OK;
}

int body_sum(struct body *y, uint32_t index)
{
	uint64_t sum;
	if (!(y->h.flags & FRAME_SUMS))
		return OK;
	memcpy(&sum, y->p + extents_at(y) + y->h.extents * sizeof(struct frame_extent) + index * sizeof sum,
	       sizeof sum);
	return sum == hash64(y->p + y->at[index], body_extent(y, index).stored)
		       ? OK
		       : body_damaged(y, "the checksum of a buffer is wrong");
}

int body_buffer(struct body *y, uint32_t index, const char **p, size_t *len)
{
	struct frame_extent x = body_extent(y, index);
	const char *stored = y->p + y->at[index];
	int r = body_sum(y, index);
	if (r)
		return r;
	*len = x.raw;
	*p = stored;
	if (x.stored == x.raw && (uintptr_t)stored % 8 == 0)
		return OK;
	char *copy = arena_alloc(y->arena, x.raw + (size_t)1);
	*p = copy;
	if (x.stored == x.raw) {
		memcpy(copy, stored, x.raw);
		return OK;
	}
	r = zstd_unpack(stored, x.stored, copy, x.raw, y->e);
	return r ? error_prefix(y->e, "damaged frame") : OK;
}

const void *body_array(struct body *y, uint32_t index, uint64_t count, uint32_t size)
{
	size_t len;
	const char *p;
	/* Before anything is unpacked: so much belongs here and no more. */
	if (body_extent(y, index).raw != count * size) {
		body_damaged(y, "a buffer has the wrong size");
		return NULL;
	}
	return body_buffer(y, index, &p, &len) ? NULL : p;
}
