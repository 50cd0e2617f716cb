#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "format/frame.h"
#include "format/frame_check.h"
#include "frame_random.h"
#include "test.h"

static struct error error;

/* Writes and loads one batch; the bytes stay in `bytes`. */
static bool pass(struct frame_writer *w, struct frame_reader *r, const struct batch *b, struct buf *bytes,
		 struct batch *got)
{
	struct frame f;
	buf_clear(bytes);
	if (frame_write(w, FRAME_DATA, 0, b, NULL, bytes, &error))
		return false;
	if (frame_peek(bytes->data, bytes->len, &f, &error) != 1 || f.size != bytes->len || f.size % 8)
		return false;
	return !frame_load(r, bytes->data, &f, NULL, 0, got, &error);
}

/* -- random batches through all settings, as values and then as what the first reader made of them -- */

struct line {
	struct frame_writer *w, *second_w;
	struct frame_reader *r, *second_r;
	struct batch b, got, second;
	struct buf bytes, second_bytes;
};

static void line_init(struct line *l, const struct frame_writer_options *o)
{
	*l = (struct line){.w = frame_writer_new(o),
			   .second_w = frame_writer_new(o),
			   .r = frame_reader_new(),
			   .second_r = frame_reader_new()};
	batch_init(&l->b);
	batch_init(&l->got);
	batch_init(&l->second);
}

static void line_release(struct line *l)
{
	frame_writer_free(l->w);
	frame_writer_free(l->second_w);
	frame_reader_free(l->r);
	frame_reader_free(l->second_r);
	batch_release(&l->b);
	batch_release(&l->got);
	batch_release(&l->second);
	buf_release(&l->bytes);
	buf_release(&l->second_bytes);
}

static bool line_pass(struct line *l, struct dice *d, uint64_t schema)
{
	static const uint32_t rows[] = {0, 1, 2, 63, 64, 65, 300, 3000};
	batch_reset(&l->b);
	random_batch(&l->b, d, schema, rows[dice_below(d, 8)], 1 + 3 * dice_below(d, 2));
	if (dice_below(d, 2))
		random_select(&l->b, d, 1 + dice_below(d, 4));
	if (!pass(l->w, l->r, &l->b, &l->bytes, &l->got) || !same_batch(&l->b, &l->got))
		return false;
	if (dice_below(d, 2))
		random_select(&l->got, d, 1 + dice_below(d, 20));
	return pass(l->second_w, l->second_r, &l->got, &l->second_bytes, &l->second) && same_batch(&l->got, &l->second);
}

static void test_random(void)
{
	struct dice d = {1};
	for (int setting = 0; setting < 8; setting++) {
		struct frame_writer_options o = {.alone = setting & 1,
						 .sums = setting & 2,
						 .zstd = setting & 4 ? 1 : 0,
						 .packed_most = setting == 5 ? 60 : 0};
		for (uint64_t schema = 0; schema < 24; schema++) {
			struct line l;
			line_init(&l, &o);
			for (int i = 0; i < 12; i++) {
				bool good = line_pass(&l, &d, schema + (dice_below(&d, 4) ? 0 : 100));
				CHECK(good);
				if (!good)
					fprintf(stderr, "setting %d schema %d batch %d: %s\n", setting, (int)schema, i,
						error.text);
				if (!dice_below(&d, 8))
					frame_writer_restart(l.w);
			}
			line_release(&l);
		}
	}
}

/* -- columns that no text decoder makes -- */

static void test_dense_columns(void)
{
	enum { N = 200 };
	static uint8_t marks[N], codes[N], bools[N];
	static int64_t longs[N];
	static double floats[N];
	static uint32_t offsets[N + 1];
	static char text[3 * N + 5];
	const struct value dict[] = {value_string("a", 1), value_int(5), value_decimal(5, 1)};
	struct dice d = {2};
	for (int i = 0; i < N; i++) {
		marks[i] = (uint8_t)dice_below(&d, 3);
		codes[i] = marks[i] ? 200 : (uint8_t)dice_below(&d, 3);
		bools[i] = marks[i] ? 77 : (uint8_t)dice_below(&d, 2);
		longs[i] = (int64_t)dice_bits(&d);
		floats[i] = marks[i] ? __builtin_nan("") : 1.0 / i;
		offsets[i] = 5 + 3 * (uint32_t)i;
	}
	offsets[N] = 3 * N + 5;
	for (int alone = 0; alone < 2; alone++) {
		struct frame_writer_options o = {.alone = alone};
		struct line l;
		line_init(&l, &o);
		for (int again = 0; again < 3; again++) {
			batch_reset(&l.b);
			for (int i = 0; i < N; i++)
				batch_end(&l.b, (uint32_t)(batch_begin(&l.b), batch_shape_of(&l.b, (uint16_t[]){0}, 0)),
					  0);
			batch_set(&l.b, "bool", 4,
				  (struct column){.form = COLUMN_INT,
						  .type = TYPE_BOOL,
						  .width = 1,
						  .marks = marks,
						  .ints = bools});
			batch_set(&l.b, "long", 4,
				  (struct column){.form = COLUMN_INT,
						  .type = TYPE_INT,
						  .width = 8,
						  .scale = 18,
						  .bias = -77,
						  .ints = longs});
			batch_set(&l.b, "float", 5,
				  (struct column){.form = COLUMN_FLOAT, .marks = marks, .floats = floats});
			batch_set(&l.b, "text", 4,
				  (struct column){
					  .form = COLUMN_TEXT, .type = TYPE_BYTES, .bytes = text, .offsets = offsets});
			batch_set(&l.b, "dict", 4,
				  (struct column){.form = COLUMN_DICT,
						  .width = 1,
						  .marks = marks,
						  .ints = codes,
						  .dict = dict,
						  .dict_size = 3,
						  .dict_id = 7});
			batch_set(&l.b, "none", 4, (struct column){.form = COLUMN_CONST});
			l.b.sorted = 4;
			if (again == 1)
				random_select(&l.b, &d, 3);
			CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got));
			CHECK(same_batch(&l.b, &l.got));
			CHECK(l.got.sorted == 4);
			CHECK(batch_find(&l.got, "none", 4) >= 0);
		}
		line_release(&l);
	}
}

/* -- chains: what is known is not said again, and must be there -- */

static void words_batch(struct batch *b, struct dice *d, uint32_t rows, uint32_t words)
{
	batch_reset(b);
	uint16_t c = (uint16_t)batch_column(b, "word", 4);
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t row = batch_begin(b);
		b->columns[c].values[row] =
			random_print(&b->arena, TYPE_STRING, "word number %u", dice_below(d, words));
		batch_end(b, (uint32_t)batch_shape_of(b, &c, 1), 0);
	}
}

static void test_dictionary_grows(void)
{
	struct frame_writer_options o = {.alone = false};
	struct dice d = {3};
	struct line l;
	line_init(&l, &o);
	uint64_t id = 0;
	size_t first = 0;
	for (int i = 0; i < 20; i++) {
		words_batch(&l.b, &d, 2000, 100 + 20 * (uint32_t)i);
		CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got) && same_batch(&l.b, &l.got));
		CHECK(l.got.columns[0].form == COLUMN_DICT);
		if (i == 0) {
			id = l.got.columns[0].dict_id;
			first = l.bytes.len;
		}
		CHECK(id && l.got.columns[0].dict_id == id);
		CHECK(l.got.columns[0].dict_size >= 95 + 20 * (uint32_t)i);
		/* and through the next process */
		CHECK(pass(l.second_w, l.second_r, &l.got, &l.second_bytes, &l.second));
		CHECK(same_batch(&l.got, &l.second) && l.second.columns[0].dict_id != id);
	}
	words_batch(&l.b, &d, 100, 100);
	CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got) && same_batch(&l.b, &l.got));
	CHECK(l.got.columns[0].dict_size > 400 && l.bytes.len < 400 && first > 2000);
	line_release(&l);
}

/* In files each frame has its dictionary, and the reader sees that it is the one it knows. */
static void test_dictionary_alone(void)
{
	struct frame_writer_options o = {.alone = true};
	struct dice d = {4};
	struct line l;
	line_init(&l, &o);
	words_batch(&l.b, &d, 2000, 50);
	CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got));
	uint64_t id = l.got.columns[0].dict_id;
	for (int i = 0; i < 5; i++) {
		words_batch(&l.b, &d, 1000, 50);
		CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got) && same_batch(&l.b, &l.got));
		CHECK(l.got.columns[0].dict_id == id);
	}
	words_batch(&l.b, &d, 1000, 60);
	CHECK(pass(l.w, l.r, &l.b, &l.bytes, &l.got) && same_batch(&l.b, &l.got));
	CHECK(l.got.columns[0].dict_id != id);
	line_release(&l);
}

static void test_chain_is_checked(void)
{
	struct frame_writer_options o = {.alone = false};
	struct dice d = {5};
	struct frame f;
	struct line l;
	struct buf frames[4] = {0};
	line_init(&l, &o);
	for (int i = 0; i < 4; i++) {
		words_batch(&l.b, &d, 500, 20);
		if (i == 3)
			frame_writer_restart(l.w);
		CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &frames[i], &error));
	}
	CHECK(frame_peek(frames[1].data, frames[1].len, &f, &error) == 1);
	CHECK(frame_load(l.r, frames[1].data, &f, NULL, 0, &l.got, &error) == ERR_FAILED);
	CHECK(frame_peek(frames[0].data, frames[0].len, &f, &error) == 1 && !(f.flags & FRAME_ALONE));
	CHECK(!frame_load(l.r, frames[0].data, &f, NULL, 0, &l.got, &error));
	CHECK(frame_peek(frames[2].data, frames[2].len, &f, &error) == 1);
	CHECK(frame_load(l.r, frames[2].data, &f, NULL, 0, &l.got, &error) == ERR_FAILED);
	CHECK(l.got.rows == 0 && l.got.column_count == 0);
	CHECK(frame_peek(frames[1].data, frames[1].len, &f, &error) == 1);
	CHECK(frame_load(l.r, frames[1].data, &f, NULL, 0, &l.got, &error) == ERR_FAILED);
	CHECK(frame_peek(frames[3].data, frames[3].len, &f, &error) == 1);
	CHECK(!frame_load(l.r, frames[3].data, &f, NULL, 0, &l.got, &error) && same_batch(&l.b, &l.got));
	for (int i = 0; i < 4; i++)
		buf_release(&frames[i]);
	line_release(&l);
}

/* Names that never come again must not pile up. */
static void test_many_names(void)
{
	struct frame_writer_options o = {.alone = false};
	struct line l;
	line_init(&l, &o);
	bool good = true;
	for (uint32_t i = 0; i < 40000; i++) {
		char name[24];
		uint16_t c = 0;
		snprintf(name, sizeof name, "id %u", i);
		batch_reset(&l.b);
		batch_column(&l.b, name, strlen(name));
		uint32_t row = batch_begin(&l.b);
		l.b.columns[0].values[row] = value_int(i);
		batch_end(&l.b, (uint32_t)batch_shape_of(&l.b, &c, 1), 0);
		good &= pass(l.w, l.r, &l.b, &l.bytes, &l.got) && same_batch(&l.b, &l.got);
	}
	CHECK(good);
	line_release(&l);
}

/* -- places, wishes, kinds -- */

static void test_place(void)
{
	struct frame_writer_options o = {.alone = true, .sums = true};
	struct frame_place place = {.segment = 0x1234567890abcdef, .seq = 1000000007, .durable = 999, .shard = 3};
	struct dice d = {6};
	struct frame f;
	struct line l;
	line_init(&l, &o);
	words_batch(&l.b, &d, 300, 1000);
	batch_meta(&l.b, META_SEQ);
	random_select(&l.b, &d, 2);
	CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, &place, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, 64, &f, &error) == 0 && f.size == l.bytes.len);
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1 && f.flags & FRAME_PLACED);
	CHECK(f.place.segment == place.segment && f.place.seq == place.seq && f.place.durable == 999);
	CHECK(!frame_load(l.r, l.bytes.data, &f, NULL, 0, &l.got, &error));
	CHECK(l.got.rows == batch_count(&l.b));
	bool good = true;
	for (uint32_t i = 0; i < l.got.rows; i++)
		good &= identical(column_get(&l.got.meta[META_SEQ], i), value_int(1000000007 + (int64_t)i)) &&
			identical(column_get(&l.got.meta[META_SHARD], i), value_int(3)) &&
			same_row(&l.b, batch_row(&l.b, i), &l.got, i);
	CHECK(good);
	line_release(&l);
}

/* A place that is given later is as good as one that was known at once. */
static void test_place_later(void)
{
	struct frame_writer_options o = {.alone = true, .sums = true};
	static const struct frame_place nowhere;
	struct frame_place place = {.segment = 77, .seq = 1000000007, .durable = 999, .shard = 3};
	for (uint64_t schema = 0; schema < 24; schema++) {
		struct dice d = {schema};
		struct frame f;
		struct line l;
		line_init(&l, &o);
		random_batch(&l.b, &d, schema, 200, 2);
		l.b.meta[META_ARRIVED] = column_const(value_time(1234567890123456789));
		CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, &place, &l.bytes, &error));
		l.b.meta[META_ARRIVED] = column_const(value_time(0));
		CHECK(!frame_write(l.second_w, FRAME_DATA, 0, &l.b, &nowhere, &l.second_bytes, &error));
		frame_set_place(l.second_bytes.data, &place, 1234567890123456789);
		CHECK(l.bytes.len == l.second_bytes.len && !memcmp(l.bytes.data, l.second_bytes.data, l.bytes.len));
		CHECK(frame_peek(l.second_bytes.data, l.second_bytes.len, &f, &error) == 1);
		CHECK(!frame_verify(l.second_bytes.data, &f, &error));
		line_release(&l);
	}
}

/* Passed on with @stream: the same rows, and all of it is checked, before and behind. */
static void test_add_stream(void)
{
	struct frame_place place = {.segment = 77, .seq = 5, .durable = 5, .shard = 3};
	static const char *const names[] = {"s", "web.logs", "a longer name of a stream"};
	for (uint64_t schema = 0; schema < 48; schema++) {
		struct frame_writer_options o = {.alone = true, .sums = true, .zstd = schema & 1 ? 1 : 0};
		const char *name = names[schema % 3];
		struct frame_pieces pieces = {0};
		struct dice d = {schema};
		struct frame f;
		struct line l;
		line_init(&l, &o);
		random_batch(&l.b, &d, schema, 200, 3);
		l.b.meta[META_STREAM] = column_const(value_absent());
		CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, schema & 2 ? &place : NULL, &l.bytes, &error));
		frame_add_stream(l.bytes.data, name, strlen(name), &pieces);
		buf_append(&l.second_bytes, pieces.head.data, pieces.head.len);
		buf_append(&l.second_bytes, pieces.body, pieces.body_len);
		buf_append(&l.second_bytes, pieces.tail.data, pieces.tail.len);
		CHECK(frame_peek(l.second_bytes.data, l.second_bytes.len, &f, &error) == 1);
		CHECK(f.size == l.second_bytes.len && !frame_verify(l.second_bytes.data, &f, &error));
		CHECK(!frame_load(l.r, l.second_bytes.data, &f, NULL, 0, &l.got, &error));
		CHECK(identical(column_get(&l.got.meta[META_STREAM], 199), value_string(name, strlen(name))));
		CHECK(!(schema & 2) || column_get(&l.got.meta[META_SEQ], 199).i == 204);
		bool good = l.got.rows == 200;
		for (uint32_t i = 0; good && i < 200; i++)
			good &= same_row(&l.b, i, &l.got, i);
		CHECK(good);
		buf_release(&pieces.head);
		buf_release(&pieces.tail);
		line_release(&l);
	}
}

/* Column by column and row by row come to the same. */
static void test_append_columns(void)
{
	for (uint64_t schema = 0; schema < 48; schema++) {
		struct batch from, columns, rows;
		struct dice d = {schema};
		batch_init(&from);
		batch_init(&columns);
		batch_init(&rows);
		random_batch(&from, &d, schema, 300, 1);
		if (schema & 1)
			random_select(&from, &d, 3);
		uint32_t count = batch_count(&from), taken = 0;
		CHECK(batch_append(&columns, &from, 0) == count);
		while (taken < count) { /* few at a time: a selection of three */
			uint32_t three[3], n = count - taken < 3 ? count - taken : 3;
			for (uint32_t i = 0; i < n; i++)
				three[i] = batch_row(&from, taken + i);
			struct batch part = from;
			part.sel = three;
			part.sel_count = n;
			CHECK(batch_append(&rows, &part, 0) == n);
			taken += n;
		}
		CHECK(same_batch(&columns, &rows));
		batch_release(&from);
		batch_release(&columns);
		batch_release(&rows);
	}
}

static void test_want(void)
{
	static const char *const want[] = {"field 9.1", "field 9.3", "nothing"};
	for (int alone = 0; alone < 2; alone++) {
		struct frame_writer_options o = {.alone = alone, .sums = true};
		struct dice d = {7};
		struct frame f;
		struct line l;
		line_init(&l, &o);
		for (int i = 0; i < 6; i++) {
			const char *const *w = i == 5 ? NULL : want;
			batch_reset(&l.b);
			random_batch(&l.b, &d, 9, 500, 3);
			l.b.sorted = 2;
			buf_clear(&l.bytes);
			CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error));
			CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1);
			CHECK(!frame_load(l.r, l.bytes.data, &f, w, i == 4 ? 0 : 3, &l.got, &error));
			if (i == 5) {
				CHECK(same_batch(&l.b, &l.got));
				continue;
			}
			CHECK(l.got.column_count == (i == 4 ? 0u : 2u) && l.got.rows == 500);
			/* What is left of the order: the fields before the first that is not wanted. */
			const struct column *first = &l.b.columns[l.b.shapes[0].columns[0]];
			CHECK(l.got.sorted == (i != 4 && !memcmp(first->name, want[0], 9)));
			bool good = true;
			for (uint32_t c = 0; c < l.got.column_count; c++)
				for (uint32_t row = 0; row < 500; row++)
					good &= identical(column_get(&l.got.columns[c], row),
							  column_get(batch_field(&l.b, want[c], 9), row));
			CHECK(good);
		}
		line_release(&l);
	}
}

static void test_kinds(void)
{
	struct frame_writer_options o = {.alone = false};
	struct frame f;
	struct line l;
	line_init(&l, &o);
	CHECK(!frame_write(l.w, FRAME_IDLE, 0, NULL, NULL, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1 && f.kind == FRAME_IDLE && f.flags & FRAME_ALONE);
	CHECK(!frame_load(l.r, l.bytes.data, &f, NULL, 0, &l.got, &error) && l.got.rows == 0);
	buf_clear(&l.bytes);
	CHECK(!frame_write(l.w, 99, 0, NULL, NULL, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1 && f.kind == 99);
	buf_clear(&l.bytes);
	CHECK(!frame_write(l.w, 99, FRAME_CRITICAL, NULL, NULL, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == ERR_FAILED);
	buf_clear(&l.bytes);
	CHECK(!frame_write(l.w, FRAME_END, FRAME_CRITICAL, NULL, NULL, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1);
	CHECK(frame_peek("#stream", 7, &f, &error) == ERR_FAILED);
	CHECK(frame_peek("\xf5", 1, &f, &error) == 0 && frame_peek("\xf5sx", 3, &f, &error) == ERR_FAILED);
	line_release(&l);
}

/* -- damage -- */

/* Whether the loaded bytes say anything else than b does. A frame that fails says nothing. */
static bool says_otherwise(const char *p, size_t len, const struct batch *b, struct batch *got)
{
	struct frame f;
	struct frame_reader *r = frame_reader_new();
	bool otherwise = false;
	if (frame_peek(p, len, &f, &error) == 1 && !frame_load(r, p, &f, NULL, 0, got, &error))
		otherwise = !same_batch(b, got);
	frame_reader_free(r);
	return otherwise;
}

static void test_every_bit(void)
{
	for (int setting = 0; setting < 4; setting++) {
		struct frame_writer_options o = {.alone = setting & 1, .sums = true, .zstd = setting & 2 ? 3 : 0};
		struct dice d = {8};
		struct line l;
		line_init(&l, &o);
		random_batch(&l.b, &d, 5, 12, 3);
		CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error));
		uint32_t silent = 0;
		for (size_t bit = 0; bit < l.bytes.len * 8; bit++) {
			l.bytes.data[bit / 8] ^= (char)(1 << bit % 8);
			silent += says_otherwise(l.bytes.data, l.bytes.len, &l.b, &l.got);
			l.bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		}
		CHECK(silent == 0);
		CHECK(!says_otherwise(l.bytes.data, l.bytes.len, &l.b, &l.got) && l.got.rows == 12);
		line_release(&l);
	}
}

/* No bit of what has a meaning changes unnoticed; padding has none. */
static void test_verify(void)
{
	struct frame_writer_options o = {.alone = true, .sums = true};
	struct dice d = {8};
	struct frame f;
	struct line l;
	line_init(&l, &o);
	random_batch(&l.b, &d, 5, 12, 3);
	CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error));
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1 && !frame_verify(l.bytes.data, &f, &error));
	uint32_t silent = 0;
	for (size_t bit = 0; bit < l.bytes.len * 8; bit++) {
		l.bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		if (frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1 && !frame_verify(l.bytes.data, &f, &error))
			silent += says_otherwise(l.bytes.data, l.bytes.len, &l.b, &l.got);
		l.bytes.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(silent == 0);
	line_release(&l);
}

static void test_every_cut(void)
{
	struct frame_writer_options o = {.alone = true};
	struct frame_place place = {.seq = 5};
	struct dice d = {9};
	struct frame f;
	struct line l;
	line_init(&l, &o);
	random_batch(&l.b, &d, 11, 40, 2);
	CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, &place, &l.bytes, &error));
	for (size_t len = 0; len < l.bytes.len; len++) {
		char *copy = mem_copy(l.bytes.data, len);
		CHECK(frame_peek(copy, len, &f, &error) == 0);
		CHECK(f.size == (len < FRAME_HEADER_MIN ? 0 : l.bytes.len));
		free(copy);
	}
	CHECK(frame_peek(l.bytes.data, l.bytes.len, &f, &error) == 1);
	line_release(&l);
}

/* A frame may lie anywhere; only what lies at a multiple of 8 is not copied. */
static void test_unaligned(void)
{
	struct frame_writer_options o = {.alone = true};
	struct dice d = {10};
	struct frame f;
	struct line l;
	line_init(&l, &o);
	random_batch(&l.b, &d, 12, 400, 3);
	CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error));
	char *copy = mem_alloc(l.bytes.len + 8);
	for (int shift = 0; shift < 8; shift++) {
		memcpy(copy + shift, l.bytes.data, l.bytes.len);
		CHECK(frame_peek(copy + shift, l.bytes.len, &f, &error) == 1);
		CHECK(!frame_load(l.r, copy + shift, &f, NULL, 0, &l.got, &error) && same_batch(&l.b, &l.got));
	}
	free(copy);
	line_release(&l);
}

static void test_check_loops(void)
{
	for (uint32_t n = 0; n < 70; n++) {
		uint32_t offsets[72] = {0};
		uint16_t words[72] = {0};
		uint8_t bytes[72] = {0};
		for (uint32_t i = 0; i <= n; i++)
			offsets[i] = 3 * i;
		CHECK(all_ascending(offsets, n, 3 * n) && !all_ascending(offsets, n, 3 * n + 1));
		CHECK(all_below(words, n, 2, 1) && all_below(bytes, n, 1, 1) && all_below(offsets, n, 4, 3 * n + 1));
		for (uint32_t i = 0; i < n; i++) {
			words[i] = bytes[i] = 200;
			CHECK(!all_below(words, n, 2, 200) && all_below(words, n, 2, 201));
			CHECK(!all_below(bytes, n, 1, 200) && all_below(bytes, n, 1, 201));
			words[i] = bytes[i] = 0;
			uint32_t was = offsets[i];
			offsets[i] = i ? was - 4 : 1;
			CHECK(!all_ascending(offsets, n, 3 * n));
			offsets[i] = was + UINT32_C(0x70000000);
			CHECK(!all_ascending(offsets, n, 3 * n));
			offsets[i] = was;
		}
	}
	/* Steps that are small but run around the end of the numbers. */
	CHECK(!all_ascending((uint32_t[]){0, 0x70000000, 0xe0000000, 0x10000000}, 3, 0x10000000));
	CHECK(is_number_text("-1.5e9", 6) && !is_number_text("1x", 2) && !is_number_text("", 0));
}

/* -- the large -- */

static void test_large(void)
{
	enum { BIG = 100 << 20 };
	struct frame_writer_options o = {.alone = false};
	struct line l;
	uint16_t c = 0;
	line_init(&l, &o);
	char *text = mem_alloc(BIG);
	memset(text, 'x', BIG);
	batch_column(&l.b, "big", 3);
	for (uint32_t i = 0; i < 12; i++) {
		uint32_t row = batch_begin(&l.b);
		text[i] = (char)('a' + i);
		l.b.columns[0].values[row] = value_string(text + i, BIG - i);
		batch_end(&l.b, (uint32_t)batch_shape_of(&l.b, &c, 1), 0);
	}
	/* 1.2 GB: two frames. */
	CHECK(!frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error));
	size_t at = 0;
	uint32_t rows = 0, frames = 0;
	struct frame f;
	while (at < l.bytes.len && frame_peek(l.bytes.data + at, l.bytes.len - at, &f, &error) == 1) {
		CHECK(!frame_load(l.r, l.bytes.data + at, &f, NULL, 0, &l.got, &error));
		CHECK(same_rows(&l.b, rows, &l.got));
		at += f.size;
		rows += f.rows;
		frames++;
	}
	CHECK(at == l.bytes.len && rows == 12 && frames == 2);
	/* One record that is too large is an error, and nothing is left of it. */
	batch_reset(&l.b);
	buf_release(&l.bytes);
	uint32_t row = batch_begin(&l.b);
	uint16_t columns[11];
	for (uint32_t i = 0; i < 11; i++) {
		char name[8];
		snprintf(name, sizeof name, "c%u", i);
		columns[i] = (uint16_t)batch_column(&l.b, name, strlen(name));
		l.b.columns[columns[i]].values[row] = value_string(text, BIG);
	}
	batch_end(&l.b, (uint32_t)batch_shape_of(&l.b, columns, 11), 0);
	CHECK(frame_write(l.w, FRAME_DATA, 0, &l.b, NULL, &l.bytes, &error) == ERR_FAILED && l.bytes.len == 0);
	CHECK_TEXT(error.text, strlen(error.text), "a record is too large for a frame, which holds 1024 MiB");
	free(text);
	line_release(&l);
}

/* -- the stream line -- */

static void check_line(enum frame_bounded bounded, const char *source, size_t len, const char *want)
{
	struct stream_line l = {bounded, source, len}, got;
	struct buf out = BUF_INIT;
	stream_line_write(&l, &out);
	CHECK(out.len % 8 == 0 && out.len <= STREAM_LINE_MAX && out.data[out.len - 1] == '\n');
	for (size_t cut = 0; cut < out.len; cut++)
		CHECK(stream_line_read(out.data, cut, &got, &error) == 0);
	CHECK(stream_line_read(out.data, out.len, &got, &error) == (long)out.len && got.bounded == bounded);
	if (want)
		CHECK_TEXT(got.source, got.source_len, want);
	else
		CHECK(!got.source);
	/* What was read is written again as it is. */
	struct buf again = BUF_INIT;
	stream_line_write(&got, &again);
	CHECK(again.len == out.len && !memcmp(again.data, out.data, out.len));
	buf_release(&out);
	buf_release(&again);
}

static long read_line(const char *text)
{
	struct stream_line l;
	return stream_line_read(text, strlen(text), &l, &error);
}

static void test_stream_line(void)
{
	char *huge = mem_alloc(10000);
	memset(huge, '\n', 10000);
	check_line(BOUNDED_YES, "access.log", 10, "access.log");
	check_line(BOUNDED_NO, NULL, 0, NULL);
	check_line(BOUNDED_UNKNOWN, "a b\n(\x1b%", 7, "a%20b%0A(%1B%");
	struct stream_line l = {BOUNDED_YES, huge, 10000}, got;
	struct buf out = BUF_INIT;
	stream_line_write(&l, &out);
	CHECK(stream_line_read(out.data, out.len, &got, &error) == (long)out.len && got.source_len > 1000);
	buf_release(&out);
	memset(huge, 'x', 10000);
	memcpy(huge, "#stream 1 ", 10);
	CHECK(stream_line_read(huge, 4000, &got, &error) == 0 && stream_line_read(huge, 9000, &got, &error) == -1);
	free(huge);
	CHECK(read_line("#stream 1\n") == 10 && read_line("#stream 1 new=thing bounded=no\n") == 31);
	CHECK(read_line("{\"a\":1}\n") == -1 && error.code == OK);
	CHECK(read_line("#stream of thought\n") == -1 && error.code == OK);
	CHECK(read_line("#stream\n") == -1 && read_line("#stream \n") == -1 && error.code == OK);
	CHECK(read_line("#stream 2 more\n") == -1 && error.code == ERR_FAILED);
	CHECK(read_line("#str") == 0 && read_line("") == 0);
}

int main(void)
{
	test_stream_line();
	test_check_loops();
	test_random();
	test_dense_columns();
	test_dictionary_grows();
	test_dictionary_alone();
	test_chain_is_checked();
	test_many_names();
	test_place();
	test_place_later();
	test_add_stream();
	test_append_columns();
	test_want();
	test_kinds();
	test_every_bit();
	test_verify();
	test_every_cut();
	test_unaligned();
	test_large();
	return test_done();
}
