#include "store/shard/limit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "store/segment/segment.h"
#include "store/shard/tail.h"

static void from_head(struct limit *l, const struct head *h, bool written)
{
	*l = (struct limit){
		.segment = h->segment,
		.base = h->base,
		.bytes = written && !h->failed ? h->written : h->durable,
		.seq = written && !h->failed ? h->next : h->durable_seq,
		.generation = h->generation,
		.sealed = h->sealed,
		.known = true,
	};
}

static int search_segment(struct limit *l, struct segment *newest, const struct head *h, struct scan *scan,
			  struct error *e)
{
	int64_t size;
	newest->id = head_segment_id(h, newest->id, newest->base);
	int r = file_size(&newest->file, &size, e);
	if (!r)
		r = scan_open(scan, newest, e);
	if (r)
		return r;
	struct tail t = tail_start(newest, size, h);
	r = tail_find(scan, size, &t, e);
	scan_close(scan);
	l->segment = newest->id;
	l->base = newest->base;
	l->bytes = t.at;
	l->seq = t.seq;
	l->unread = t.unread;
	return r;
}

/* From the newest segment itself. Returns 1, or 0 if it went away while we looked. */
static int search(struct limit *l, const struct files *io, const char *directory, const struct head *h,
		  struct scan *scan, struct error *e)
{
	struct segment_list list = {0};
	struct segment newest = SEGMENT_CLOSED;
	*l = (struct limit){
		.generation = h->generation, .foreign = !h->suspect, .searched = true, .known = true, .seq = h->next};
	int r = segment_list_read(&list, io, directory, e);
	uint64_t base = list.count ? list.bases[list.count - 1] : 0;
	bool any = list.count > 0;
	segment_list_release(&list);
	if (r || !any)
		return r ? r : 1;
	r = segment_open(&newest, io, directory, scan->shard, base, O_RDONLY, e);
	if (r > 0 && !(r = search_segment(l, &newest, h, scan, e)))
		r = 1;
	segment_close(&newest);
	return r;
}

int limit_read(struct limit *l, const struct files *io, const char *directory, const struct file *head, bool written,
	       const uint8_t boot[BOOT_ID_SIZE], struct scan *scan, struct error *e)
{
	struct head h;
	for (;;) {
		int r = head_read(head, &h, e);
		if (r && !file_is_unreadable(errno))
			return r;
		bool current = h.generation && !h.suspect && !memcmp(h.boot, boot, BOOT_ID_SIZE);
		if (current)
			return from_head(l, &h, written), OK;
		if (l->known && l->searched && l->generation == h.generation)
			return OK;
		if ((r = search(l, io, directory, &h, scan, e)) < 0)
			return r;
		/* Once more: a writer may have come meanwhile, and then its head decides. */
		l->known = r > 0;
	}
}
