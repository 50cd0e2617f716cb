#include "base/timestamp.h"
#include "store/shard_private.h"

/* Appending to a shard. Where nothing else is said, the lock is held and the shard is ready. */

static struct head head_after(const struct head *h, size_t size, uint32_t rows, int64_t arrived)
{
	struct head next = *h;
	next.written += (int64_t)size;
	next.next += rows;
	next.arrived = arrived;
	return next;
}

/* The selected rows as a frame in s->frame; as several, if it would be too large. */
static int encode(struct shard *s, const struct batch *b, int64_t arrived, struct error *e)
{
	struct frame_place place = {s->head.segment, s->head.next, s->head.durable_seq, s->id};
	struct batch view = *b;
	view.meta[META_ARRIVED] = column_const(value_time(arrived));
	buf_clear(&s->frame);
	return frame_write(s->writer, FRAME_DATA, 0, &view, &place, &s->frame, e);
}

/* Writes what is in s->frame and moves the head behind it. */
static int put(struct shard *s, uint32_t rows, int64_t arrived, struct error *e)
{
	struct head next = head_after(&s->head, s->frame.len, rows, arrived);
	struct index_entry frame = {s->head.next, arrived, s->head.written};
	int r = file_write(&s->segment.file, s->frame.data, s->frame.len, s->head.written, e);
	if (!r)
		r = shard_set_head(s, &next, e);
	if (r)
		file_truncate(&s->segment.file, s->head.written, NULL); /* else whoever appends next cuts it */
	else
		index_note(&s->index, &s->segment, &frame, s->frame.len);
	return r;
}

static int64_t arrival(const struct shard *s)
{
	int64_t now = timestamp_now();
	return now > s->head.arrived ? now : s->head.arrived;
}

static int put_rows(struct shard *s, const struct batch *b, struct error *e)
{
	int64_t arrived = arrival(s);
	int r = encode(s, b, arrived, e);
	if (!r)
		r = put(s, batch_count(b), arrived, e);
	return r ? r : sent_keep(s, e);
}

static int resend(struct shard *s, struct error *e)
{
	if (!sent_any_lost(s))
		return OK;
	struct frame_reader *reader = frame_reader_new();
	struct batch b;
	batch_init(&b);
	int r = OK;
	for (size_t i = 0; !r && i < s->sent_count; i++) {
		struct sent *one = &s->sent[i];
		if (one->end >= 0)
			continue;
		int64_t arrived = arrival(s);
		r = frame_load(reader, one->bytes, &one->frame, NULL, 0, &b, e);
		if (!r)
			r = encode(s, &b, arrived, e);
		if (!r)
			r = put(s, b.rows, arrived, e);
		if (!r)
			one->end = s->head.written;
	}
	batch_release(&b);
	frame_reader_free(reader);
	return r;
}

/* 1: ready; 0: to be mended; SHARD_MOVED: not ours to append to any more. */
static int look(struct shard *s, struct error *e)
{
	int moved = shard_moved(s, e);
	return moved ? moved : shard_ready(s, e);
}

int shard_lock_ready(struct shard *s, struct error *e)
{
	int r = shard_lock(s, e);
	if (r)
		return r;
	int ready = look(s, e);
	if (!ready) {
		shard_unlock(s);
		if ((r = file_lock(&s->sync, e)))
			return r;
		if (!(r = shard_lock(s, e))) {
			ready = look(s, e);
			if (!ready)
				ready = shard_mend(s, e);
		}
		file_unlock(&s->sync);
		if (r)
			return r;
	}
	r = ready < 0 || ready == SHARD_MOVED ? ready : resend(s, e);
	if (r)
		shard_unlock(s);
	return r;
}

int shard_append(struct shard *s, const struct batch *b, struct error *e)
{
	if (!batch_count(b))
		return OK;
	int r = shard_lock_ready(s, e);
	if (r)
		return r;
	r = put_rows(s, b, e);
	shard_unlock(s);
	return r;
}
