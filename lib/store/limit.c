#include "store/limit.h"

#include <fcntl.h>
#include <string.h>

#include "store/segment.h"
#include "store/tail.h"

static void from_head(struct limit *l, const struct head *h, bool written)
{
	*l = (struct limit){
		.segment = h->segment,
		.base = h->base,
		.bytes = written && !h->failed ? h->written : h->durable,
		.seq = written && !h->failed ? h->next : h->durable_seq,
		.generation = h->generation,
		.known = true,
	};
}

/* From the newest segment itself. Returns 1, or 0 if it went away while we looked. */
static int search(struct limit *l, const struct files *io, const char *directory, const struct head *h,
		  struct scan *scan, struct error *e)
{
	struct segment_list list = {0};
	struct segment newest = SEGMENT_CLOSED;
	int64_t size;
	int r = segment_list_read(&list, io, directory, e);
	*l = (struct limit){.generation = h->generation, .searched = true, .known = true, .seq = h->next};
	if (!r && list.count)
		r = segment_open(&newest, io, directory, scan->shard, list.bases[list.count - 1], O_RDONLY, e);
	else if (!r)
		r = 1;
	newest.id = head_segment_id(h, newest.id, newest.base);
	if (r > 0 && newest.file.fd >= 0 && !(r = file_size(&newest.file, &size, e)) &&
	    (r = scan_open(scan, &newest, e)) >= 0) {
		struct tail t = tail_start(&newest, size, h);
		r = tail_find(scan, size, &t, e);
		l->segment = newest.id;
		l->base = newest.base;
		l->bytes = t.at;
		l->seq = t.seq;
		if (!r)
			r = 1;
	}
	scan_close(scan);
	segment_close(&newest);
	segment_list_release(&list);
	return r;
}

int limit_read(struct limit *l, const struct files *io, const char *directory, const struct file *head, bool written,
	       const uint8_t boot[BOOT_ID_SIZE], struct scan *scan, struct error *e)
{
	struct head h;
	for (;;) {
		int r = head_read(head, &h, e);
		if (r)
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
