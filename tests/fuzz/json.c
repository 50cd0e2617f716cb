/*
 * Any bytes as JSON: read whole, in two pieces, and a row at a time they give the same records and rejects; and what
 * is written of the records is read back as the same records.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json.h"
#include "format/text.h"

struct outcome {
	struct buf rows, rejects;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void note(struct outcome *o, const struct batch *b)
{
	for (uint32_t i = 0; i < b->rows; i++) {
		json_write_row(b, i, true, &o->rows);
		buf_byte(&o->rows, '\n');
	}
	for (uint32_t i = 0; i < b->reject_count; i++) {
		const struct reject *r = &b->rejects[i];
		buf_printf(&o->rejects, "%llu: %s | ", (unsigned long long)r->line, r->reason);
		buf_append(&o->rejects, r->text, r->len);
		buf_byte(&o->rejects, '\n');
	}
}

/* Reads the bytes, of which the first `first` come before the others; what lies behind them is `slack`. */
static struct outcome run(const char *text, size_t len, size_t first, uint32_t limit, char slack,
			  const struct decode_options *options)
{
	struct decoder *d = json_decoder_new(options);
	struct outcome o = {0};
	struct batch b;
	size_t at = 0, used;
	batch_init(&b);
	for (size_t there = first;; there = len) {
		char *block = mem_alloc(there - at + DECODE_SLACK);
		const char *p = block;
		memcpy(block, text + at, there - at);
		memset(block + there - at, slack, DECODE_SLACK);
		do {
			batch_clear(&b);
			require(!d->ops->decode(d, p, there - at, there == len, limit, &b, &used, NULL));
			require(used <= there - at);
			note(&o, &b);
			p += used;
			at += used;
		} while (b.rows || b.reject_count);
		free(block);
		if (there == len)
			break;
	}
	require(at == len);
	batch_release(&b);
	d->ops->free(d);
	return o;
}

static bool buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static void release(struct outcome *o)
{
	buf_release(&o->rows);
	buf_release(&o->rejects);
}

static void compare(const struct outcome *whole, struct outcome other)
{
	require(buf_equal(&whole->rows, &other.rows) && buf_equal(&whole->rejects, &other.rejects));
	release(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const want[] = {"a", "value"};
	static const struct decode_options some = {want, 2};
	if (size < 2)
		return 0;
	const char *text = (const char *)data + 2;
	size_t len = size - 2, first = (data[0] | (size_t)data[1] << 8) % (len + 1);
	struct outcome whole = run(text, len, len, BATCH_ROWS, ' ', NULL);
	compare(&whole, run(text, len, first, BATCH_ROWS, '"', NULL));
	compare(&whole, run(text, len, first, 1, '7', NULL));
	struct outcome again =
		run(whole.rows.data ? whole.rows.data : "", whole.rows.len, whole.rows.len, BATCH_ROWS, '}', NULL);
	require(buf_equal(&whole.rows, &again.rows) && !again.rejects.len);
	release(&again);
	struct outcome fewer = run(text, len, first, BATCH_ROWS, ' ', &some);
	require(buf_equal(&whole.rejects, &fewer.rejects));
	compare(&fewer, run(text, len, len, 2, ' ', &some));
	release(&fewer);
	release(&whole);
	return 0;
}
