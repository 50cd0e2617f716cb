/* Parts of a commit: what is large, written once, as a segment that gets its name when the commit is carried out. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/commit/redo_private.h"

enum { SOON = 8 << 20 };

static char *part_path(const struct stream *s, const char *flow, uint64_t epoch, uint64_t n, uint64_t number)
{
	return file_path("%s/flows/%s.part.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".seg", s->directory, flow, epoch, n,
			 number);
}

uint64_t redo_part_piece(const struct redo_part *p, uint64_t i)
{
	return (p->number + 1) << 32 | i;
}

/* -- being filled -- */

int redo_draft_begin(struct redo_draft *d, const struct redo *r, const struct redo_part *p, struct error *e)
{
	char *path = part_path(&r->stream, r->flow, r->ledger.epoch, r->n + 1, p->number);
	*d = (struct redo_draft){.part = *p, .index = INDEX_CLOSED};
	int code = segment_begin(&d->segment, r->stream.io, path, (uint32_t)p->shard, p->base, r->arrived, e);
	d->part.segment = d->segment.id;
	d->part.start = d->part.size = d->soon = d->segment.start;
	free(path);
	return code;
}

int redo_draft_add(struct redo_draft *d, const struct redo *r, char *frame, const struct frame *f, struct error *e)
{
	struct redo_part *p = &d->part;
	struct frame_place place = {.segment = p->segment,
				    .seq = p->base + p->rows,
				    .durable = p->base,
				    .shard = (uint32_t)p->shard,
				    .tag = redo_tag(r->flow, r->n + 1, redo_part_piece(p, p->pieces))};
	struct index_entry entry = {place.seq, r->arrived, p->size};
	frame_set_place(frame, &place, r->arrived);
	int code = file_write(&d->segment.file, frame, f->size, p->size, e);
	if (code)
		return code;
	index_note(&d->index, &d->segment, &entry, f->size);
	p->size += (int64_t)f->size;
	p->rows += f->rows;
	p->pieces++;
	if (p->size - d->soon >= SOON) {
		file_write_soon(&d->segment.file, d->soon, p->size - d->soon);
		d->soon = p->size;
	}
	return OK;
}

int redo_draft_sync(struct redo_draft *d, struct error *e)
{
	return file_sync(&d->segment.file, e);
}

void redo_draft_close(struct redo_draft *d)
{
	index_close(&d->index);
	segment_close(&d->segment);
}

/* -- being carried out -- */

int redo_part_open(struct segment *out, const struct stream *s, const char *flow, const struct ledger_entry *x,
		   const struct redo_part *p, struct error *e)
{
	int64_t size;
	char *path = part_path(s, flow, x->by, x->n, p->number);
	*out = (struct segment){.base = p->base, .own = UINT64_MAX, .id = p->segment, .arrived = INT64_MIN};
	int r = file_find(&out->file, s->io, path, O_RDONLY, e);
	if (r > 0 && file_size(&out->file, &size, e))
		r = e->code;
	if (r > 0 && size < p->size)
		r = error_set(e, ERR_FAILED, "%s is cut short: what was committed is lost", path);
	if (r < 0)
		segment_close(out);
	free(path);
	return r;
}

int redo_part_read(const struct segment *part, int64_t *at, struct buf *piece, uint32_t tag, struct error *e)
{
	enum { HEAD = 128 };
	struct frame f;
	struct frame_place nowhere = {.tag = tag};
	buf_clear(piece);
	ssize_t n = file_read(&part->file, buf_reserve(piece, HEAD), HEAD, *at, e);
	if (n < 0)
		return (int)n;
	if (frame_peek(piece->data, (size_t)n, &f, e) < 0)
		return error_prefix(e, "%s, byte %" PRId64, part->file.path, *at);
	if (f.size)
		n = file_read(&part->file, buf_reserve(piece, f.size), f.size, *at, e);
	if (n < 0)
		return (int)n;
	if (!f.size || (size_t)n < f.size)
		return error_set(e, ERR_FAILED, "%s is cut short: what was committed is lost", part->file.path);
	piece->len = f.size;
	frame_set_place(piece->data, &nowhere, 0);
	*at += (int64_t)f.size;
	return OK;
}

/* -- being removed -- */

struct search {
	const char *flow;
	uint64_t before, epoch, n;
	struct name_list found;
};

static void look(void *arg, const char *name)
{
	struct search *s = arg;
	size_t len = strlen(s->flow);
	uint64_t epoch, n;
	if (!strncmp(name, s->flow, len) && sscanf(name + len, ".part.%" SCNu64 ".%" SCNu64 ".", &epoch, &n) == 2 &&
	    (epoch < s->before || (epoch == s->epoch && n == s->n)))
		name_list_add(&s->found, name);
}

static void forget(const struct stream *s, struct search *what)
{
	char *directory = redo_directory(s);
	path_list(s->io, directory, look, what, NULL);
	for (size_t i = 0; i < what->found.count; i++) {
		char *path = file_path("%s/%s", directory, what->found.items[i]);
		path_remove(s->io, path, NULL);
		free(path);
	}
	name_list_release(&what->found);
	free(directory);
}

void redo_forget_parts(const struct stream *s, const char *flow, uint64_t epoch, uint64_t n)
{
	forget(s, &(struct search){.flow = flow, .epoch = epoch, .n = n});
}

void redo_forget_parts_before(const struct stream *s, const char *flow, uint64_t epoch)
{
	forget(s, &(struct search){.flow = flow, .before = epoch});
}
