/* For tests of what stages keep: random records, and snapshots in memory, as frames, of which some are changes. */
#ifndef STREAM_TESTS_UNIT_STAGE_STATE_H
#define STREAM_TESTS_UNIT_STAGE_STATE_H

#include <stdlib.h>

#include "base/buf.h"
#include "base/units.h"
#include "format/frame.h"
#include "hold/state.h"
#include "record/batch_rows.h"
#include "test.h"

enum { FILES_MAX = 8 };

static struct error e;
static uint64_t random_state = 88172645463325252;
static int serial; /* of records */

static inline uint64_t draw(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

/* Up to `most` records with a key of a few, a number of their own, and a time near `now`. */
static inline void random_rows(struct batch *b, uint32_t most, int64_t now)
{
	static const char *const shards[] = {"a", "b", "c"};
	uint32_t count = 1 + (uint32_t)draw(most);
	batch_clear(b);
	for (uint32_t i = 0; i < count; i++) {
		struct value key = draw(9) ? value_int((int64_t)draw(12)) : value_string("text", 4);
		struct field row[] = {{"n", value_int(serial++)}, {"k", key}, {"more", value_int((int64_t)draw(1000))}};
		batch_add_row(b, row, 2 + (uint32_t)draw(2));
		batch_meta(b, META_TIME)[i] = value_time(now + (int64_t)draw(8 * SECOND));
		batch_meta(b, META_SHARD)[i] = value_string(shards[draw(3)], 1);
	}
}

struct files {
	struct buf items[FILES_MAX]; /* a whole snapshot and changes since, the oldest first */
	int count;
	struct frame_writer *writer;
};

static inline int file_add(void *self, const struct batch *b, struct error *err)
{
	struct files *f = self;
	return batch_count(b) ? frame_write(f->writer, FRAME_DATA, 0, b, NULL, &f->items[f->count - 1], err) : 0;
}

static inline void files_clear(struct files *f)
{
	for (int i = 0; i < f->count; i++)
		buf_release(&f->items[i]);
	f->count = 0;
}

/* The next snapshot: a change if that is allowed. */
static inline struct state_out next_file(struct files *f, bool change)
{
	static const struct frame_writer_options options = {.alone = true, .sums = true};
	if (!f->writer)
		f->writer = frame_writer_new(&options);
	change = change && f->count && f->count < FILES_MAX;
	if (!change)
		files_clear(f);
	f->items[f->count++] = (struct buf)BUF_INIT;
	return (struct state_out){.add = file_add, .self = f, .changes = change};
}

/* All batches, of the newest file first. */
static inline void files_load(const struct files *f, int (*take)(void *self, struct batch *b, struct error *err),
			      void *self)
{
	for (int i = f->count - 1; i >= 0; i--)
		for (size_t at = 0; at < f->items[i].len;) {
			struct frame_reader *r = frame_reader_new();
			struct frame frame;
			struct batch b;
			batch_init(&b);
			CHECK(frame_peek(f->items[i].data + at, f->items[i].len - at, &frame, &e) == 1);
			CHECK(!frame_load(r, f->items[i].data + at, &frame, NULL, 0, &b, &e));
			CHECK(!take(self, &b, &e));
			at += frame.size;
			batch_release(&b);
			frame_reader_free(r);
		}
}

static inline void files_release(struct files *f)
{
	files_clear(f);
	frame_writer_free(f->writer);
}

/* What came out: the numbers of records, one after another. */
static inline int note_numbers(void *self, struct batch *b, struct error *err)
{
	struct buf *out = self;
	(void)err;
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		buf_printf(out, "%lld.%lld.%lld@%lld ", (long long)batch_get(b, row, "n").i,
			   (long long)batch_get(b, row, "r_n").i, (long long)batch_get(b, row, "more").i,
			   (long long)column_get(&b->meta[META_TIME], row).i);
	}
	return 0;
}

static inline void check_same(const struct buf *a, const struct buf *b)
{
	CHECK(a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len)));
}

#endif
