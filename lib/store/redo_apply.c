/* Carrying out a commit: each piece into its shard, once. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"
#include "store/lineage.h"
#include "store/redo_private.h"
#include "store/shard_private.h"
#include "store/spread.h"

/* A shard that pieces go to. */
struct target {
	struct shard shard;
	struct redo_tags tags;
	bool closed; /* it takes no more, and all its tags are known */
};

struct job {
	struct stream *stream;
	const char *flow;
	uint64_t n, seq; /* of the entry that was the newest when we looked */
	struct redo_mark *marks;
	size_t mark_count;
	struct target **targets;
	size_t target_count;
	bool again; /* a sync failed under us: from there on nothing is put, and the whole is looked at again */
	struct error why;
};

/* -- targets -- */

static struct redo_mark mark_of(const struct job *j, uint32_t shard)
{
	for (size_t i = 0; i < j->mark_count; i++)
		if (j->marks[i].shard == shard)
			return j->marks[i];
	return (struct redo_mark){.shard = shard}; /* made since: from its beginning */
}

static int open_target(struct job *j, uint32_t id, struct target **out, struct error *e)
{
	for (size_t i = 0; i < j->target_count; i++)
		if (j->targets[i]->shard.id == id) {
			*out = j->targets[i];
			return OK;
		}
	struct target *t = mem_zero(sizeof *t);
	struct redo_mark from = mark_of(j, id);
	int r = shard_open(&t->shard, j->stream->io, j->stream->directory, id, e);
	if (r) {
		free(t);
		return r;
	}
	t->shard.catalog = &j->stream->catalog_file;
	shard_bound(&t->shard, &j->stream->catalog);
	redo_tags_init(&t->tags, &from);
	j->targets = mem_resize(j->targets, j->target_count + 1, sizeof(struct target *));
	j->targets[j->target_count++] = *out = t;
	return OK;
}

static void close_targets(struct job *j)
{
	for (size_t i = 0; i < j->target_count; i++) {
		shard_close(&j->targets[i]->shard);
		redo_tags_release(&j->targets[i]->tags);
		free(j->targets[i]);
	}
	free(j->targets);
	j->targets = NULL;
	j->target_count = 0;
}

/* The catalog says that it takes no more: what it has is final then. */
static int see_whether_closed(struct job *j, struct target *t, struct error *e)
{
	const struct catalog_shard *c = catalog_shard(&j->stream->catalog, t->shard.id);
	if (c && !c->closed)
		return OK;
	/* Whoever replaced the catalog may have died before that was durable. */
	int r = path_sync(j->stream->io, j->stream->directory, e);
	if (!r)
		r = shard_seal(&t->shard, e);
	if (!r && t->shard.sent_count)
		j->again = true; /* what a failed sync took out is not there, though we put it */
	if (!r)
		r = redo_tags_read(&t->tags, &t->shard, e);
	t->closed = !r;
	return r;
}

/* -- what others did -- */

/* We were stopped for long, and somebody else has carried it out; what was compacted or removed since has no tags any more. */
static int is_over(struct job *j, struct error *e)
{
	struct ledger_entry x;
	uint64_t newest;
	int r = redo_is_done(j->stream, j->flow, j->n, e);
	if (r)
		return r;
	char *directory = redo_directory(j->stream);
	r = ledger_newest(j->stream->io, directory, j->flow, &newest, e);
	bool over = false;
	if (!r && newest != j->seq && !(r = ledger_look(j->stream->io, directory, j->flow, &x, e))) {
		over = x.n != j->n || !x.payload;
		j->seq = x.seq;
		ledger_entry_release(&x);
	}
	free(directory);
	return r ? r : over;
}

/* -- pieces -- */

/* What has its tag is there; what has not may have lost it, but only after all was carried out. Who put it may have died before
   it was durable: then it counts as put by us, so that we notice if it is lost. */
static int is_there(struct job *j, struct target *t, uint32_t tag, uint64_t hash, struct error *e)
{
	const struct redo_tag *found = redo_tags_find(&t->tags, tag, hash);
	const struct head *h = &t->shard.head;
	if (found && found->segment == h->segment && found->end > h->durable)
		sent_note(&t->shard, found->end);
	return found ? 1 : is_over(j, e);
}

/* With the lock, of a shard that takes records: 1. If one before it was lost, it must not come before that. */
static int put_locked(struct job *j, struct target *t, const char *p, size_t len, uint32_t tag, struct error *e)
{
	j->again |= sent_any_lost(&t->shard);
	if (j->again)
		return 1;
	int r = redo_tags_read(&t->tags, &t->shard, e);
	if (!r)
		r = is_there(j, t, tag, hash64(p, len), e);
	if (r)
		return r;
	bool all_seen = redo_tags_at_end(&t->tags, &t->shard);
	r = shard_put_frame(&t->shard, p, len, e);
	if (all_seen)
		t->tags.at.offset = t->shard.head.written;
	return r < 0 ? r : 1;
}

/* 1: it is in the shard; 0: it has been closed, and does not have it. */
static int put_piece(struct job *j, struct target *t, const char *p, size_t len, uint32_t tag, struct error *e)
{
	int r = t->closed ? OK : see_whether_closed(j, t, e);
	while (!r && !t->closed) {
		r = shard_lock_mended(&t->shard, e);
		if (!r) {
			r = put_locked(j, t, p, len, tag, e);
			shard_unlock(&t->shard);
		} else if (r == SHARD_MOVED) {
			r = stream_reload(j->stream, e);
			if (!r)
				r = see_whether_closed(j, t, e);
		}
	}
	if (!r && j->again)
		return 1;
	return r ? r : is_there(j, t, tag, hash64(p, len), e);
}

static int place_piece(struct job *j, uint32_t shard, const char *p, size_t len, uint32_t tag, struct error *e);

/* The rows of b that lie in a shard's range, as a piece of their own: the same bytes, whoever makes it. */
static int put_part(struct job *j, const struct batch *b, const struct catalog_shard *c, uint32_t tag, struct error *e)
{
	struct frame_place place = {.tag = tag};
	struct frame_writer *writer = shard_frame_writer();
	struct buf frame = BUF_INIT;
	uint32_t count = 0, *rows = mem_array(b->rows, sizeof *rows);
	for (uint32_t i = 0; i < b->rows; i++) {
		struct hash128 point = spread_point(&b->meta[META_HASH], i);
		if (hash128_compare(point, c->from) >= 0 && hash128_compare(point, c->to) <= 0)
			rows[count++] = i;
	}
	struct batch view = *b;
	batch_select(&view, rows, count);
	int r = count ? frame_write(writer, FRAME_DATA, 0, &view, &place, &frame, e) : OK;
	if (!r && count)
		r = place_piece(j, c->id, frame.data, frame.len, tag, e);
	buf_release(&frame);
	frame_writer_free(writer);
	free(rows);
	return r;
}

static bool is_child(const struct catalog_shard *c, uint32_t parent)
{
	bool found = false;
	for (uint32_t i = 0; i < c->parent_count; i++)
		found |= c->parents[i] == parent;
	return found;
}

/* To the children, also those that are closed by now: one may have its part, and its own children the part of another. */
static int put_parts(struct job *j, uint32_t parent, const struct batch *b, uint32_t tag, struct error *e)
{
	const struct catalog *catalog = &j->stream->catalog;
	struct catalog_shard *children = mem_array(catalog->shard_count, sizeof *children);
	size_t count = 0;
	int r = OK;
	for (size_t i = 0; !r && i < catalog->shard_count; i++) {
		if (!is_child(&catalog->shards[i], parent))
			continue;
		children[count++] = catalog->shards[i];
		r = lineage_seal_parents(j->stream, &catalog->shards[i], e);
	}
	/* From here on the catalog may be read again. */
	for (size_t i = 0; !r && !j->again && i < count; i++)
		r = put_part(j, b, &children[i], tag, e);
	free(children);
	return r;
}

static int divide(struct job *j, uint32_t parent, const char *p, size_t len, uint32_t tag, struct error *e)
{
	struct frame f;
	struct batch b;
	struct frame_reader *reader = frame_reader_new();
	batch_init(&b);
	int r = frame_peek(p, len, &f, e);
	if (r > 0)
		r = frame_load(reader, p, &f, NULL, 0, &b, e);
	b.meta[META_STREAM] = b.meta[META_SHARD] = b.meta[META_SEQ] = column_const(value_absent());
	if (!r)
		r = put_parts(j, parent, &b, tag, e);
	batch_release(&b);
	frame_reader_free(reader);
	return r;
}

static int place_piece(struct job *j, uint32_t shard, const char *p, size_t len, uint32_t tag, struct error *e)
{
	struct target *t;
	int r = open_target(j, shard, &t, e);
	if (!r)
		r = put_piece(j, t, p, len, tag, e);
	if (r)
		return r < 0 ? r : OK;
	return divide(j, shard, p, len, tag, e);
}

/* -- the file -- */

static int read_at(const struct ledger_entry *x, void *p, size_t len, int64_t at, struct error *e)
{
	if (at + (int64_t)len > x->payload)
		return error_set(e, ERR_FAILED, "%s is cut short", x->file.path);
	ssize_t n = file_read(&x->file, p, len, at, e);
	return n < 0 ? (int)n : n == (ssize_t)len ? OK : error_set(e, ERR_FAILED, "%s is cut short", x->file.path);
}

static int read_marks(struct job *j, const struct ledger_entry *x, int64_t *at, struct error *e)
{
	uint64_t head[2];
	int r = read_at(x, head, sizeof head, 0, e);
	if (!r && (head[0] != REDO_MAGIC || head[1] > CATALOG_SHARDS_MAX))
		r = error_set(e, ERR_FAILED, "%s is no redo file of this release", x->file.path);
	if (r)
		return r;
	j->mark_count = head[1];
	j->marks = mem_array(j->mark_count, sizeof *j->marks);
	*at = (int64_t)(sizeof head + j->mark_count * sizeof *j->marks);
	return read_at(x, j->marks, j->mark_count * sizeof *j->marks, sizeof head, e);
}

static int each_piece(struct job *j, const struct ledger_entry *x, int64_t at, struct error *e)
{
	struct buf piece = BUF_INIT;
	int r = OK;
	for (uint64_t i = 0; !r && !j->again && at < x->payload; i++) {
		struct redo_piece head;
		r = read_at(x, &head, sizeof head, at, e);
		if (r)
			break;
		buf_clear(&piece);
		buf_reserve(&piece, head.size);
		r = read_at(x, piece.data, head.size, at + (int64_t)sizeof head, e);
		if (!r)
			r = place_piece(j, head.shard, piece.data, head.size, redo_tag(j->flow, j->n, i), e);
		at += (int64_t)(sizeof head + head.size);
	}
	buf_release(&piece);
	return r;
}

/* A sync that fails takes pieces out again; so does a split meanwhile, and who died in a sync makes the next one fail. */
static void sync_targets(struct job *j)
{
	for (size_t i = 0; i < j->target_count; i++) {
		struct target *t = j->targets[i];
		j->again |= !t->closed && shard_sync_written(&t->shard, &j->why);
		j->again |= sent_any_lost(&t->shard);
	}
}

int redo_apply(struct stream *s, const char *flow, const struct ledger_entry *x, struct error *e)
{
	enum { TRIES = 10 };
	struct job j = {.stream = s, .flow = flow, .n = x->n, .seq = x->seq, .why = {.text = "a sync failed"}};
	int64_t at;
	int r = read_marks(&j, x, &at, e);
	for (int i = 0; !r && (i == 0 || j.again) && i < TRIES; i++) {
		j.again = false;
		r = each_piece(&j, x, at, e);
		if (!r)
			sync_targets(&j);
		close_targets(&j);
	}
	if (!r && j.again)
		r = error_set(e, ERR_FAILED, "%s", j.why.text);
	close_targets(&j);
	free(j.marks);
	return r;
}
