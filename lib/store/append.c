#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "store/shard.h"

/* Appending to a shard, and making what was appended durable. */

enum { SYNC_ATTEMPTS = 3 };

/* -- what was sent and is not known to be durable -- */

static void forget(struct shard *s, size_t i)
{
	s->sent_bytes -= s->sent[i].frame.size;
	free(s->sent[i].bytes);
}

/* Drops those that `durable` bytes of our segment cover. They come before those that it does not. */
static void settle(struct shard *s, int64_t durable)
{
	size_t i = 0;
	while (i < s->sent_count && s->sent[i].end >= 0 && s->sent[i].end <= durable)
		forget(s, i++);
	s->sent_count -= i;
	if (i)
		memmove(s->sent, s->sent + i, s->sent_count * sizeof *s->sent);
}

void shard_forget(struct shard *s)
{
	for (size_t i = 0; i < s->sent_count; i++)
		forget(s, i);
	s->sent_count = 0;
}

static void mark_lost(struct shard *s, int64_t beyond)
{
	for (size_t i = 0; i < s->sent_count; i++)
		if (s->sent[i].end > beyond)
			s->sent[i].end = -1;
}

static bool any_lost(const struct shard *s)
{
	return s->sent_count && s->sent[s->sent_count - 1].end < 0;
}

int shard_follow(struct shard *s, struct error *e)
{
	if (s->segment.file.fd >= 0 && s->segment.id == s->head.segment) {
		mark_lost(s, s->head.written);
		return 1;
	}
	if (s->segment.file.fd >= 0) {
		/* A segment is left whole and durable, or cut to what is durable. */
		int64_t size;
		int r = file_size(&s->segment.file, &size, e);
		if (r)
			return r;
		settle(s, size);
		mark_lost(s, -1);
		segment_close(&s->segment);
		s->segment = SEGMENT_CLOSED;
	}
	struct segment newest;
	int r = segment_open(&newest, s->io, s->directory, s->id, s->head.base, O_RDWR, e);
	newest.id = head_segment_id(&s->head, newest.id, newest.base);
	if (r > 0 && newest.id != s->head.segment) {
		segment_close(&newest);
		r = 0;
	}
	if (r > 0)
		s->segment = newest;
	return r;
}

/* -- appending: the lock is held and the shard is ready -- */

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
	int r = file_write(&s->segment.file, s->frame.data, s->frame.len, s->head.written, e);
	if (!r)
		r = shard_set_head(s, &next, e);
	if (r)
		file_truncate(&s->segment.file, s->head.written, NULL);  /* else whoever appends next cuts it */
	return r;
}

static int64_t arrival(const struct shard *s)
{
	int64_t now = timestamp_now();
	return now > s->head.arrived ? now : s->head.arrived;
}

static struct sent *remember(struct shard *s)
{
	if (s->sent_count == s->sent_capacity) {
		s->sent_capacity = mem_grow(s->sent_capacity, s->sent_count + 1);
		s->sent = mem_resize(s->sent, s->sent_capacity, sizeof *s->sent);
	}
	return &s->sent[s->sent_count++];
}

/* Keeps the frames in s->frame, which were written, until they are durable. */
static int keep(struct shard *s, struct error *e)
{
	int64_t end = s->head.written - (int64_t)s->frame.len;
	for (size_t at = 0; at < s->frame.len;) {
		struct frame f;
		int r = frame_peek(s->frame.data + at, s->frame.len - at, &f, e);
		if (r <= 0)
			return r ? r : error_set(e, ERR_FAILED, "a frame was made that is none");
		bool whole = f.size == s->frame.len;
		end += (int64_t)f.size;
		at += f.size;
		*remember(s) = (struct sent){
			.end = end,
			.bytes = whole ? buf_detach(&s->frame, NULL) : mem_copy(s->frame.data + at - f.size, f.size),
			.frame = f,
		};
		s->sent_bytes += f.size;
	}
	return OK;
}

static int put_rows(struct shard *s, const struct batch *b, struct error *e)
{
	int64_t arrived = arrival(s);
	int r = encode(s, b, arrived, e);
	if (!r)
		r = put(s, batch_count(b), arrived, e);
	return r ? r : keep(s, e);
}

int shard_resend(struct shard *s, struct error *e)
{
	if (!any_lost(s))
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

/* Takes the lock with the shard ready to be appended to, and appends first what was lost. */
static int lock_ready(struct shard *s, struct error *e)
{
	int r = shard_lock(s, e);
	if (r)
		return r;
	int ready = shard_ready(s, e);
	if (!ready) {
		shard_unlock(s);
		if ((r = file_lock(&s->sync, e)))
			return r;
		if (!(r = shard_lock(s, e))) {
			ready = shard_ready(s, e);
			if (!ready)
				ready = shard_mend(s, e);
		}
		file_unlock(&s->sync);
		if (r)
			return r;
	}
	r = ready < 0 ? ready : shard_resend(s, e);
	if (r)
		shard_unlock(s);
	return r;
}

int shard_append(struct shard *s, const struct batch *b, struct error *e)
{
	if (!batch_count(b))
		return OK;
	int r = lock_ready(s, e);
	if (r)
		return r;
	r = put_rows(s, b, e);
	shard_unlock(s);
	return r;
}

/* -- durability -- */

int shard_set_mark(struct shard *s, uint64_t segment, struct error *e)
{
	return file_write(&s->sync, &segment, sizeof segment, 0, e);
}

static int read_mark(struct shard *s, uint64_t *segment, struct error *e)
{
	*segment = 0;
	ssize_t n = file_read(&s->sync, segment, sizeof *segment, 0, e);
	return n < 0 ? (int)n : OK;
}

int shard_sync_to(struct shard *s, const struct head *to, bool locked, struct error *why, struct error *e)
{
	uint64_t left;
	int r = read_mark(s, &left, e);
	if (!r)
		r = shard_set_mark(s, to->segment, e);
	if (r)
		return r;
	bool good = left != to->segment;
	if (!good)
		error_set(why, ERR_FAILED, "a writer died while it synced %s", s->segment.file.path);
	else
		good = !file_datasync(&s->segment.file, why);
	if (!locked && (r = shard_lock(s, e)))
		return r;
	struct head next = s->head;
	if (good) {
		next.durable = to->written;
		next.durable_seq = to->next;
	} else {
		next.failed = true;
	}
	r = shard_set_head(s, &next, e);
	if (!locked)
		shard_unlock(s);
	if (!r)
		r = shard_set_mark(s, 0, e);
	return r ? r : good;
}

/* With `sync`: 1 if all that is in the segment is durable now, 0 if something was lost and must be appended again. */
static int sync_once(struct shard *s, struct error *why, struct error *e)
{
	int r = shard_lock(s, e);
	if (r)
		return r;
	r = shard_ready(s, e);
	/* A full segment is not ready, but it can be synced. */
	bool whole = r > 0 || (!r && shard_head_current(s) && !s->head.failed && s->segment.id == s->head.segment &&
			       s->head.written >= s->segment_size);
	if (r >= 0 && !whole && !(r = shard_mend(s, e)))
		whole = true;
	if (r >= 0 && !any_lost(s))
		settle(s, s->head.durable);
	struct head to = s->head;
	shard_unlock(s);
	if (r < 0)
		return r;
	if (any_lost(s) || !s->sent_count)
		return !any_lost(s);
	r = shard_sync_to(s, &to, false, why, e);
	if (r > 0)
		settle(s, to.written);
	return r;
}

int shard_sync(struct shard *s, struct error *e)
{
	struct error why = {.text = "another writer gave the segment up"};
	for (int attempt = 0; s->sent_count && attempt < 2 * SYNC_ATTEMPTS; attempt++) {
		int r = file_lock(&s->sync, e);
		if (r)
			return r;
		r = sync_once(s, &why, e);
		file_unlock(&s->sync);
		if (r < 0)
			return r;
		if (!r && !(r = lock_ready(s, e)))
			shard_unlock(s);
		if (r < 0)
			return r;
	}
	if (s->sent_count)
		return error_set(e, ERR_FAILED, "%s", why.text);
	return OK;
}
