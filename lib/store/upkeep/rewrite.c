#include "store/upkeep/rewrite.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/segment/index.h"
#include "store/segment/scan.h"

struct job {
	struct rewrite *rewrite;
	struct segment out;
	int64_t at;   /* bytes of it */
	uint64_t seq; /* of the first record in pending */
	struct batch pending, check;
	struct buf frames;
	struct frame_writer *writer;
	struct frame_reader *reader;
	struct index_writer index;
};

static void job_init(struct job *j, struct rewrite *w)
{
	struct frame_writer_options options = {
		.alone = true, .sums = true, .zstd = w->zstd, .packed_most = 100 - w->gain};
	*j = (struct job){.rewrite = w, .out = SEGMENT_CLOSED, .index = INDEX_CLOSED};
	j->writer = frame_writer_new(&options);
	j->reader = frame_reader_new();
	batch_init(&j->pending);
	batch_init(&j->check);
}

static void job_release(struct job *j)
{
	segment_close(&j->out);
	index_close(&j->index);
	frame_writer_free(j->writer);
	frame_reader_free(j->reader);
	batch_release(&j->pending);
	batch_release(&j->check);
	buf_release(&j->frames);
}

/* -- writing -- */

/* Decodes the frames just made; false if they don't say what they were made of. */
static bool frames_are_right(struct job *j)
{
	struct frame f;
	uint32_t rows = 0;
	for (size_t at = 0; at < j->frames.len; at += f.size) {
		const char *p = j->frames.data + at;
		if (frame_peek(p, j->frames.len - at, &f, NULL) <= 0 ||
		    frame_load(j->reader, p, &f, NULL, 0, &j->check, NULL) || f.rows > j->pending.rows - rows ||
		    f.place.seq != j->seq + rows || !rewrite_same(&j->pending, rows, &j->check))
			return false;
		rows += f.rows;
		j->rewrite->frames_after++;
	}
	return rows == j->pending.rows;
}

static int flush(struct job *j, struct error *e)
{
	if (!j->pending.rows)
		return OK;
	struct frame_place place = {
		.segment = j->out.id, .seq = j->seq, .durable = j->out.own, .shard = j->rewrite->shard};
	struct index_entry first = {j->seq, column_get(&j->pending.meta[META_ARRIVED], 0).i, j->at};
	buf_clear(&j->frames);
	int r = frame_write(j->writer, FRAME_DATA, 0, &j->pending, &place, &j->frames, e);
	if (!r && !frames_are_right(j))
		r = error_set(e, ERR_FAILED,
			      "%s: records from @seq %" PRIu64 " on don't survive being rewritten; nothing was changed",
			      j->rewrite->from, j->seq);
	if (!r)
		r = file_write(&j->out.file, j->frames.data, j->frames.len, j->at, e);
	if (r)
		return r;
	index_note(&j->index, &j->out, &first, j->frames.len);
	j->at += (int64_t)j->frames.len;
	j->seq += j->pending.rows;
	batch_clear(&j->pending);
	return OK;
}

static size_t text_bytes(const struct batch *b)
{
	return b->arena.total - (size_t)(b->arena.end - b->arena.at);
}

/* Returns 1, or 0 if a record finds no place even in an empty batch. */
static int take(struct job *j, struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	int r = j->pending.rows + count > REWRITE_ROWS ? flush(j, e) : OK;
	b->meta[META_SEQ] = b->meta[META_SHARD] = b->meta[META_STREAM] = column_const(value_absent());
	for (uint32_t done = 0; !r && done < count;) {
		uint32_t taken = batch_append(&j->pending, b, done);
		if (!taken && !j->pending.rows)
			return 0;
		done += taken;
		if (done < count || j->pending.rows >= REWRITE_ROWS || text_bytes(&j->pending) >= REWRITE_TEXT)
			r = flush(j, e);
	}
	return r ? r : 1;
}

/* -- reading -- */

/* Takes a segment's records up to `until`. Returns 1, or 0 if they are not all there, whole. */
static int take_segment(struct job *j, struct scan *scan, struct segment *s, uint64_t until, struct error *e)
{
	struct batch b;
	struct frame f;
	int64_t size;
	uint64_t next = s->base;
	int r = file_size(&s->file, &size, e);
	if (r || !s->id)
		return r;
	j->rewrite->bytes_before += (uint64_t)size;
	r = scan_open(scan, s, e) ? e->code : 1;
	batch_init(&b);
	for (int64_t at = s->start; r > 0 && next < until; at += (int64_t)f.size) {
		r = tidy_stopped(j->rewrite->options) ? 0 : scan_look(scan, at, size, &f, e);
		if (r > 0)
			r = f.place.seq == next && f.rows <= until - next;
		if (r > 0)
			r = scan_load(scan, at, &f, NULL, 0, &b, e);
		if (r > 0)
			r = take(j, &b, e);
		next += f.rows;
		j->rewrite->frames_before++;
	}
	batch_release(&b);
	scan_close(scan);
	return r;
}

static int take_all(struct job *j, struct scan *scan, const struct segment_list *l, size_t first, size_t count,
		    struct error *e)
{
	int r = 1;
	for (size_t i = first; r > 0 && i < first + count; i++) {
		struct segment s;
		uint64_t until = segment_list_until(l, i);
		if (i + 1 < first + count && until != l->bases[i + 1])
			return 0;
		r = segment_open_bounded(&s, j->rewrite->io, j->rewrite->from, j->rewrite->shard, l->bases[i],
					 l->owns[i], O_RDONLY, e);
		if (r > 0) {
			r = take_segment(j, scan, &s, until, e);
			segment_close(&s);
		}
	}
	return r;
}

/* -- the end -- */

/* Reads the file back, every byte. */
static int verify(struct job *j, struct scan *scan, struct error *e)
{
	struct frame f;
	uint64_t next = j->out.base;
	int r = scan_open(scan, &j->out, e) ? e->code : 1;
	for (int64_t at = j->out.start; r > 0 && at < j->at; at += (int64_t)f.size) {
		r = scan_look(scan, at, j->at, &f, e);
		if (r > 0)
			r = f.place.seq == next ? scan_load(scan, at, &f, NULL, 0, &j->check, e) : 0;
		next += f.rows;
	}
	if (r < 0)
		return r;
	return r && next == j->out.own ? OK
				       : error_set(e, ERR_FAILED, "%s reads back wrong (%s); nothing was changed",
						   j->out.file.path, scan->why.text);
}

static int publish(struct job *j, struct error *e)
{
	char *draft = index_path(j->out.file.path);
	index_close(&j->index);
	int r = segment_publish(&j->out, j->rewrite->to, e);
	if (!r) {
		char *index = index_path(j->out.file.path);
		path_rename(j->out.file.io, draft, index, NULL);
		free(index);
		j->rewrite->bytes_after = (uint64_t)j->at;
	}
	free(draft);
	return r;
}

/* The new one's line says what the first's says. */
static int begin(struct job *j, const struct segment_list *l, size_t first, size_t count, struct error *e)
{
	struct segment s;
	struct rewrite *w = j->rewrite;
	int r = segment_open_bounded(&s, w->io, w->from, w->shard, l->bases[first], l->owns[first], O_RDONLY, e);
	if (r <= 0)
		return r;
	bool fit = s.id;
	j->out = (struct segment){.base = s.base,
				  .own = segment_list_until(l, first + count - 1),
				  .arrived = s.arrived,
				  .file = FILE_CLOSED};
	segment_close(&s);
	if (!fit)
		return 0;
	r = segment_draft(&j->out, w->io, w->to, REWRITE_DRAFT ".seg", w->shard, e);
	j->at = j->out.start;
	j->seq = j->out.base;
	return r ? r : 1;
}

/* What is left when this fails, the next who tidies removes. */
static void forget_draft(struct job *j)
{
	static const char *const names[] = {REWRITE_DRAFT ".seg", REWRITE_DRAFT ".idx"};
	for (int i = 0; i < 2; i++) {
		char *path = file_path("%s/%s", j->rewrite->to, names[i]);
		path_remove(j->rewrite->io, path, NULL);
		free(path);
	}
}

int rewrite_segments(struct rewrite *w, const struct segment_list *l, size_t first, size_t count, struct error *e)
{
	struct job j;
	struct scan scan;
	w->frames_before = w->frames_after = w->bytes_before = w->bytes_after = 0;
	job_init(&j, w);
	scan_init(&scan, w->shard);
	int r = begin(&j, l, first, count, e);
	if (r > 0)
		r = take_all(&j, &scan, l, first, count, e);
	if (r > 0)
		r = flush(&j, e) || file_sync(&j.out.file, e) || verify(&j, &scan, e) || publish(&j, e) ? e->code : 1;
	scan_release(&scan);
	if (r <= 0)
		forget_draft(&j);
	job_release(&j);
	return r;
}
