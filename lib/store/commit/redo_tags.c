#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"
#include "store/commit/redo_private.h"
#include "store/segment/scan.h"

uint32_t redo_tag(const char *flow, uint64_t n, uint64_t piece)
{
	uint64_t words[] = {hash64(flow, strlen(flow)), n, piece};
	uint32_t tag = (uint32_t)hash64(words, sizeof words);
	return tag ? tag : 1; /* 0 is none */
}

void redo_tags_init(struct redo_tags *t, const struct redo_mark *from)
{
	*t = (struct redo_tags){.from = *from, .at = *from};
}

void redo_tags_release(struct redo_tags *t)
{
	free(t->items);
	*t = (struct redo_tags){0};
}

const struct redo_tag *redo_tags_find(struct redo_tags *t, uint32_t tag, const char *p, size_t len)
{
	for (size_t k = 0; k < t->count; k++) {
		size_t i = (t->next + k) % t->count;
		if (t->items[i].tag == tag && t->items[i].hash == hash64(p, len)) {
			t->next = i + 1; /* they are asked for in the order in which they are there */
			return &t->items[i];
		}
	}
	return NULL;
}

bool redo_tags_at_end(const struct redo_tags *t, const struct shard *s)
{
	return t->at.base == s->head.base && t->at.segment == s->head.segment && t->at.offset >= s->head.written;
}

void redo_tags_skip(struct redo_tags *t, const struct shard *s)
{
	t->at.base = s->head.base;
	t->at.segment = t->newest = s->head.segment;
	t->at.offset = s->head.written;
}

/* The frame as it was before it had a place. */
static int note(struct redo_tags *t, const struct file *f, int64_t at, const struct frame *frame, struct error *e)
{
	struct buf copy = BUF_INIT;
	struct frame_place nowhere = {.tag = frame->place.tag};
	ssize_t n = file_read(f, buf_reserve(&copy, frame->size), frame->size, at, e);
	int r = n < 0 ? (int)n : OK;
	if (n == (ssize_t)frame->size) {
		frame_set_place(copy.data, &nowhere, 0);
		if (t->count == t->capacity) {
			t->capacity = mem_grow(t->capacity, t->count + 1);
			t->items = mem_resize(t->items, t->capacity, sizeof *t->items);
		}
		t->items[t->count++] = (struct redo_tag){frame->place.tag, hash64(copy.data, frame->size),
							 t->at.segment, at + (int64_t)frame->size};
	}
	buf_release(&copy);
	return r;
}

/* The frames of one segment from `at` on, to `end` or to the first that is of a later one. Damage is stepped over. */
static int read_segment(struct redo_tags *t, struct scan *scan, struct segment *g, int64_t end, uint64_t until,
			struct error *e)
{
	int64_t at = t->at.offset;
	struct frame f;
	int r = scan_open(scan, g, e);
	while (!r && at < end) {
		int found = scan_find(scan, &at, end, t->at.base, &f, e);
		if (found <= 0 || f.place.seq >= until) {
			r = found < 0 ? found : OK;
			at = found < 0 ? at : end;
			break;
		}
		if (f.place.tag)
			r = note(t, &g->file, at, &f, e);
		at += (int64_t)f.size;
	}
	scan_close(scan);
	t->at.offset = at;
	return r;
}

/* The segment of the list that the mark is in, or what has taken its place. */
static int open_segment(struct redo_tags *t, const struct shard *s, const struct segment_list *l, size_t i,
			struct segment *g, struct error *e)
{
	int r = segment_open_bounded(g, s->io, s->directory, s->id, l->bases[i], l->owns[i], O_RDONLY, e);
	if (r > 0 && (t->at.base != g->base || t->at.segment != g->id)) {
		t->at.offset = g->start;
		t->at.base = g->base;
		t->at.segment = g->id;
	}
	return r;
}

int redo_tags_read(struct redo_tags *t, struct shard *s, struct error *e)
{
	struct segment_list list = {0};
	struct scan scan;
	if (redo_tags_at_end(t, s))
		return OK;
	/* Of the one that was the newest, something may have been cut off. */
	if (t->newest != s->head.segment) {
		t->count = t->next = 0;
		t->at = t->from;
	}
	t->newest = s->head.segment;
	int r = segment_list_read(&list, s->io, s->directory, e);
	scan_init(&scan, s->id);
	for (size_t i = r ? 0 : segment_list_find(&list, t->at.base); !r && i < list.count; i++) {
		struct segment g;
		bool newest = list.bases[i] == s->head.base;
		int64_t end = s->head.written;
		int found = open_segment(t, s, &list, i, &g, e);
		if (found <= 0) {
			r = found;
			continue;
		}
		r = newest ? OK : file_size(&g.file, &end, e);
		if (!r)
			r = read_segment(t, &scan, &g, end, segment_list_until(&list, i), e);
		segment_close(&g);
	}
	scan_release(&scan);
	segment_list_release(&list);
	return r;
}
