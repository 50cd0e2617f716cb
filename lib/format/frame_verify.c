#include <string.h>

#include "format/frame_reader.h"

/* Between its buffers a frame has nothing but zeros, which no checksum guards. */
static int verify_buffers(struct body *y)
{
	static const char zeros[8];
	for (uint32_t i = 0; i < y->h.extents; i++) {
		size_t stored = body_extent(y, i).stored;
		int r = body_sum(y, i);
		if (r)
			return r;
		if (memcmp(y->p + y->at[i] + stored, zeros, round8(stored) - stored))
			return body_damaged(y, "a byte between its buffers is not zero");
	}
	return OK;
}

int frame_verify(const char *p, const struct frame *f, struct error *e)
{
	struct arena arena = {0};
	struct body y = {.p = p, .arena = &arena, .e = e};
	memcpy(&y.h, p, sizeof y.h);
	int r = f->flags & FRAME_SUMS ? body_open(&y) : body_damaged(&y, "it has no checksums");
	if (!r)
		r = verify_buffers(&y);
	arena_release(&arena);
	return r;
}

void frame_clean(char *p)
{
	struct arena arena = {0};
	struct body y = {.p = p, .arena = &arena};
	memcpy(&y.h, p, sizeof y.h);
	if (!body_open(&y))
		for (uint32_t i = 0; i < y.h.extents; i++) {
			size_t stored = body_extent(&y, i).stored;
			memset(p + y.at[i] + stored, 0, round8(stored) - stored);
		}
	arena_release(&arena);
}
