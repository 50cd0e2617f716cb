#include <string.h>

#include "codec/hash.h"
#include "format/frame_writer.h"

void place_put(char *p, const struct frame_place *place)
{
	const size_t at = sizeof(struct frame_header);
	struct frame_place_block b = {.segment = place->segment,
				      .seq = place->seq,
				      .durable = place->durable,
				      .shard = place->shard,
				      .tag = place->tag};
	memcpy(p + at, &b, sizeof b);
	b.sum = hash64(p, at + offsetof(struct frame_place_block, sum));
	memcpy(p + at, &b, sizeof b);
}

static void set_arrived(char *p, const struct frame_header *h, int64_t arrived)
{
	for (uint32_t i = 0; i < h->entries; i++) {
		char *at = p + h->directory + i * sizeof(struct frame_entry);
		struct frame_entry n;
		memcpy(&n, at, sizeof n);
		if (n.role != ROLE_META || n.id != META_ARRIVED || n.form != COLUMN_CONST)
			continue;
		n.bias = arrived;
		memcpy(at, &n, sizeof n);
	}
}

void frame_set_place(char *p, const struct frame_place *place, int64_t arrived)
{
	struct frame_header h;
	memcpy(&h, p, sizeof h);
	set_arrived(p, &h, arrived);
	h.directory_sum = hash64(p + h.directory, h.size - h.directory);
	h.sum = hash64(&h, offsetof(struct frame_header, sum));
	memcpy(p, &h, sizeof h);
	place_put(p, place);
}
