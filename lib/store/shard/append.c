#include "base/timestamp.h"
#include "store/shard/shard_private.h"

/* Appending to a shard. Where nothing else is said, the lock is held and the shard is ready. Frames are made before the
   lock is taken, so that writers make theirs at the same time. */

static struct head head_after(const struct head *h, size_t size, uint32_t rows, int64_t arrived)
{
	struct head next = *h;
	next.written += (int64_t)size;
	next.next += rows;
	next.arrived = arrived;
	return next;
}

struct frame_writer *shard_frame_writer(void)
{
	static const struct frame_writer_options options = {.alone = true, .sums = true};
	return frame_writer_new(&options);
}

/* Without the lock: the selected rows as a frame in s->frame; as several, if it would be too large. */
static int encode(struct shard *s, const struct batch *b, struct error *e)
{
	static const struct frame_place nowhere;
	struct batch view = *b;
	view.meta[META_ARRIVED] = column_const(value_time(0));
	if (!s->writer)
		s->writer = s->own_writer = shard_frame_writer();
	buf_clear(&s->frame);
	return frame_write(s->writer, FRAME_DATA, 0, &view, &nowhere, &s->frame, e);
}

/* Says in each of the frames at p where it goes; returns their rows. Tags stay. */
static uint32_t set_places(const struct shard *s, char *p, size_t len, int64_t arrived)
{
	struct frame_place place = {
		.segment = s->head.segment, .seq = s->head.next, .durable = s->head.durable_seq, .shard = s->id};
	uint32_t rows = 0;
	struct frame f;
	for (size_t at = 0; at < len && frame_peek(p + at, len - at, &f, NULL) > 0; at += f.size) {
		place.tag = f.place.tag;
		frame_set_place(p + at, &place, arrived);
		place.seq += f.rows;
		rows += f.rows;
	}
	return rows;
}

/* Writes frames that are ready but for their place, and moves the head behind them. */
static int put(struct shard *s, char *p, size_t len, int64_t arrived, struct error *e)
{
	arrived = arrived > s->head.arrived ? arrived : s->head.arrived;
	struct head next = head_after(&s->head, len, set_places(s, p, len, arrived), arrived);
	struct index_entry frame = {s->head.next, arrived, s->head.written};
	int r = file_write(&s->segment.file, p, len, s->head.written, e);
	if (!r)
		r = shard_set_head(s, &next, e);
	if (r)
		file_truncate(&s->segment.file, s->head.written, NULL); /* else whoever appends next cuts it */
	else
		index_note(&s->index, &s->segment, &frame, len);
	return r;
}

static int resend(struct shard *s, struct error *e)
{
	int r = OK;
	for (size_t i = 0; !r && sent_any_lost(s) && i < s->sent_count; i++) {
		struct sent *one = &s->sent[i];
		if (one->end >= 0)
			continue;
		r = put(s, one->bytes, one->frame.size, timestamp_now(), e);
		if (!r)
			one->end = s->head.written;
	}
	return r;
}

/* 1: ready; 0: to be mended; SHARD_MOVED: not ours to append to any more. */
static int look(struct shard *s, struct error *e)
{
	int moved = shard_moved(s, e);
	return moved ? moved : shard_ready(s, e);
}

int shard_lock_mended(struct shard *s, struct error *e)
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
	r = ready < 0 || ready == SHARD_MOVED ? ready : OK;
	if (r)
		shard_unlock(s);
	return r;
}

int shard_lock_ready(struct shard *s, struct error *e)
{
	int r = shard_lock_mended(s, e);
	if (!r && (r = resend(s, e)))
		shard_unlock(s);
	return r;
}

int shard_put_frame(struct shard *s, const char *p, size_t len, int64_t arrived, struct error *e)
{
	buf_clear(&s->frame);
	buf_append(&s->frame, p, len);
	int r = put(s, s->frame.data, s->frame.len, arrived, e);
	if (!r)
		sent_note(s, s->head.written);
	return r;
}

int shard_append(struct shard *s, const struct batch *b, struct error *e)
{
	if (!batch_count(b))
		return OK;
	int r = encode(s, b, e);
	if (!r)
		r = shard_lock_ready(s, e);
	if (r)
		return r;
	r = put(s, s->frame.data, s->frame.len, timestamp_now(), e);
	if (!r)
		r = sent_keep(s, e);
	shard_unlock(s);
	return r;
}
