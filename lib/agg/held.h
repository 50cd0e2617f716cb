/* A value with a text of its own that can be replaced again and again: memory grows with the longest text, not with
 * their number. */
#ifndef STREAM_AGG_HELD_H
#define STREAM_AGG_HELD_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/value.h"

struct held {
	struct value value; /* absent: none yet */
	char *room;
	uint32_t cap;
};

static inline void held_release(struct held *h)
{
	free(h->room);
	*h = (struct held){0};
}

static inline void held_set(struct held *h, struct value v)
{
	if (value_has_text(v)) {
		if (v.len >= h->cap || !h->room) {
			size_t cap = mem_grow(h->cap, (size_t)v.len + 1);
			h->cap = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap;
			h->room = mem_resize(h->room, cap, 1);
		}
		memcpy(h->room, v.s, v.len);
		v.s = h->room;
	}
	h->value = v;
}

#endif
