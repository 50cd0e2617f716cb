#include "store/read/cursor.h"
#include "store/read/parts.h"

static int add_bytes(const struct stream *s, uint32_t shard, const struct part *p, uint64_t *bytes, struct error *e)
{
	struct segment one;
	int64_t size = 0;
	int r = part_open(&one, p, s->io, shard, e);
	if (r > 0) {
		r = file_size(&one.file, &size, e);
		segment_close(&one);
	}
	*bytes += (uint64_t)size;
	return r;
}

int stream_extent(const struct stream *s, uint32_t shard, struct shard_extent *out, struct error *e)
{
	struct parts parts = {0};
	struct cursor c;
	*out = (struct shard_extent){0};
	int r = cursor_open(&c, s, shard, e);
	if (!r && !(r = cursor_end(&c, &out->next, e)) && parts_read(&parts, s, shard, 0, NULL)) {
		/* Without the tier, if that is what is not there. */
		parts_release(&parts);
		r = parts_read(&parts, s, shard, UINT64_MAX, e);
	}
	size_t tiered = parts.tier.count;
	for (size_t i = tiered; !r && i < parts_count(&parts); i++) {
		struct part p = parts_at(&parts, i);
		r = add_bytes(s, shard, &p, &out->bytes, e);
	}
	out->first = !r && parts_count(&parts) ? parts_at(&parts, 0).base : out->next;
	parts_release(&parts);
	cursor_close(&c);
	return r;
}
