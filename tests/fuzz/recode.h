/*
 * For fuzz targets of text formats: what a decoder makes of a text must not depend on how it is fed, and what its
 * encoder writes must be read back as the same rows.
 */
#ifndef STREAM_TESTS_FUZZ_RECODE_H
#define STREAM_TESTS_FUZZ_RECODE_H

#include <stdlib.h>

#include "../unit/feed.h"

static inline void expect(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* `whole` decodes all at once, `pieces` in pieces; both are freed. */
static inline void expect_same_fed(struct decoder *whole, struct decoder *pieces, const char *text, size_t len,
				   struct feed f)
{
	struct buf one = BUF_INIT, other = BUF_INIT;
	feed_all(whole, text, len, (struct feed){0, BATCH_ROWS}, &one);
	feed_all(pieces, text, len, f, &other);
	expect(!test_failures, "bytes were left over");
	expect(one.len == other.len && (!one.len || !memcmp(one.data, other.data, one.len)), "feeding shows");
	buf_release(&one);
	buf_release(&other);
}

/* Decodes a text, or its start if it has very many rows, and frees the decoder. False: there is no header. */
static inline bool decode_once(struct decoder *d, const struct buf *text, struct batch *b)
{
	struct error e;
	size_t used;
	batch_init(b);
	int r = d->ops->decode(d, text->data, text->len, true, BATCH_ROWS_MAX, b, &used, &e);
	d->ops->free(d);
	return !r;
}

static inline bool same_cell(struct value a, struct value b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	value_plain(a, &x);
	value_plain(b, &y);
	bool same = a.type == b.type && x.len == y.len && (!x.len || !memcmp(x.data, y.data, x.len));
	buf_release(&x);
	buf_release(&y);
	return same;
}

/* The rows must have the same fields with the same values in the same order. */
static inline void expect_same_rows(const struct batch *a, const struct batch *b)
{
	expect(a->rows == b->rows, "the number of rows differs");
	for (uint32_t row = 0; row < a->rows; row++) {
		const struct shape *s = batch_shape(a, row), *t = batch_shape(b, row);
		expect(s->count == t->count, "the number of fields differs");
		for (uint32_t i = 0; i < s->count; i++) {
			const struct column *c = &a->columns[s->columns[i]], *d = &b->columns[t->columns[i]];
			expect(c->name_len == d->name_len && !memcmp(c->name, d->name, c->name_len), "a name differs");
			expect(same_cell(column_get(c, row), column_get(d, row)), "a value differs");
		}
	}
}

#endif
