/*
 * For tests of decoders: feeds a text in pieces and writes down what came out, so that two ways of feeding can be
 * compared:
 *
 *   2 a=int 1.10|b=string x         a row, with its line; @time first
 *   !5 reason <bytes>               a reject
 */
#ifndef STREAM_TESTS_UNIT_FEED_H
#define STREAM_TESTS_UNIT_FEED_H

#include <stdlib.h>

#include "base/mem.h"
#include "format/text.h"
#include "test.h"

struct feed {
	size_t piece;   /* bytes that are new in each call; 0: all at once */
	uint32_t limit; /* rows of a batch */
};

static inline void feed_show_value(const struct column *c, uint32_t row, const char *between, struct buf *out)
{
	struct value v = column_get(c, row);
	if (v.type == TYPE_ABSENT)
		return;
	buf_string_append(out, between);
	buf_append(out, c->name, c->name_len);
	buf_printf(out, "=%s ", v.type == TYPE_NUMBER ? "number" : value_type_name(v));
	value_plain(v, out);
}

static inline void feed_show_rows(const struct batch *b, struct buf *rows)
{
	for (uint32_t row = 0; row < b->rows; row++) {
		const struct shape *s = batch_shape(b, row);
		size_t start;
		buf_printf(rows, "%d ", b->lines ? (int)b->lines[row] : 0);
		start = rows->len;
		for (int m = 0; m < META_COUNT; m++)
			feed_show_value(&b->meta[m], row, rows->len > start ? "|" : "", rows);
		for (uint32_t i = 0; i < s->count; i++)
			feed_show_value(&b->columns[s->columns[i]], row, rows->len > start ? "|" : "", rows);
		buf_byte(rows, '\n');
	}
}

static inline void feed_show_rejects(const struct batch *b, struct buf *rejects)
{
	for (uint32_t i = 0; i < b->reject_count; i++) {
		const struct reject *r = &b->rejects[i];
		buf_printf(rejects, "!%d %s <", (int)r->line, r->reason);
		buf_append(rejects, r->text, r->len);
		buf_string_append(rejects, ">\n");
	}
}

/* Feeds the decoder and frees it. The text is copied to the end of an allocation, so that a read too far is noticed.
   Rows come before rejects, since it depends on the batches how they mix. */
static inline void feed_all(struct decoder *d, const char *text, size_t len, struct feed f, struct buf *out)
{
	struct buf rejects = BUF_INIT;
	struct batch b;
	struct error e = {0};
	size_t at = 0, have = 0, used;
	batch_init(&b);
	for (bool last = false;;) {
		batch_clear(&b);
		char *copy = mem_alloc(have - at + DECODE_SLACK);
		memcpy(copy, text + at, have - at);
		memset(copy + have - at, '"', DECODE_SLACK);
		int r = d->ops->decode(d, copy, have - at, last, f.limit, &b, &used, &e);
		if (r) {
			buf_printf(&rejects, "error %d: %s\n", r, e.text);
			free(copy);
			break;
		}
		feed_show_rows(&b, out);
		feed_show_rejects(&b, &rejects);
		free(copy);
		at += used;
		if (b.rows || b.reject_count || used)
			continue;
		if (last)
			break;
		have = f.piece && len - have > f.piece ? have + f.piece : len;
		last = have == len;
	}
	CHECK(e.code || at == len);
	buf_append(out, rejects.data, rejects.len);
	buf_release(&rejects);
	batch_release(&b);
	d->ops->free(d);
}

/* A text must give `want`, however it is fed. make() returns a new decoder each time. */
#define FEED_CHECK(make, bytes, count, expected)                                                                       \
	do {                                                                                                           \
		static const struct feed ways[] = {{0, 1000}, {1, 1000}, {5, 1000}, {0, 1}, {1, 1}, {7, 2}};           \
		for (size_t way_ = 0; way_ < sizeof ways / sizeof *ways; way_++) {                                     \
			struct buf got_ = BUF_INIT;                                                                    \
			feed_all((make), (bytes), (count), ways[way_], &got_);                                         \
			CHECK_TEXT(buf_string(&got_), got_.len, expected);                                             \
			buf_release(&got_);                                                                            \
		}                                                                                                      \
	} while (0)

#endif
