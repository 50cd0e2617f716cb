#include "exec/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"

void record_writers_init(struct record_writers *w, bool meta)
{
	struct encode_options with = {.meta = true}, without = {.meta = false};
	w->meta = meta;
	w->given = encoder_new(FORMAT_JSON, meta ? &with : &without);
	w->whole = encoder_new(FORMAT_JSON, &with);
}

void record_writers_release(struct record_writers *w)
{
	encoder_free(w->given);
	encoder_free(w->whole);
	*w = (struct record_writers){0};
}

void records_release(struct records *r)
{
	buf_release(&r->given);
	buf_release(&r->whole);
	free(r->lines);
	free(r->source);
	*r = (struct records){0};
}

size_t records_size(const struct records *r)
{
	return r->given.len;
}

/* -- adding -- */

static bool lacks(const struct column *c)
{
	return c->form == COLUMN_CONST && c->value.type == TYPE_ABSENT;
}

static bool has_meta(const struct batch *b)
{
	for (int m = 0; m < META_COUNT; m++)
		if (!lacks(&b->meta[m]))
			return true;
	return false;
}

static void note_source(struct records *r, const struct batch *b)
{
	if (!r->count && b->source)
		r->source = mem_copy(b->source, strlen(b->source));
	if (!r->source || (b->source && !strcmp(r->source, b->source)))
		return;
	free(r->source);
	r->source = NULL;
}

static void note_lines(struct records *r, const struct batch *b)
{
	uint32_t count = batch_count(b);
	if (r->cap < r->count + count) {
		r->cap = (uint32_t)mem_grow(r->cap, r->count + count);
		r->lines = mem_resize(r->lines, r->cap, sizeof *r->lines);
	}
	for (uint32_t i = 0; i < count; i++)
		r->lines[r->count + i] = b->lines ? b->lines[batch_row(b, i)] : 0;
}

int records_add(struct records *r, struct record_writers *w, struct batch *b, uint64_t number, struct error *e)
{
	bool meta = !w->meta && has_meta(b);
	if (!r->count) {
		r->first = number;
		r->placed = true;
	}
	r->placed &= !lacks(&b->meta[META_SEQ]);
	note_source(r, b);
	note_lines(r, b);
	/* From the first that has metadata on there are two texts; those before it have none to lose. */
	if (meta && !r->whole.len)
		buf_append(&r->whole, r->given.data, r->given.len);
	int code = 0;
	if (meta || r->whole.len)
		code = w->whole->ops->encode(w->whole, b, &r->whole, e);
	if (!code)
		code = w->given->ops->encode(w->given, b, &r->given, e);
	r->count += batch_count(b);
	return code;
}

/* -- taking -- */

/* JSON as it is written here has no newline inside a record. */
static const char *skip_lines(const char *p, const char *end, uint32_t count)
{
	for (; count && p < end; count--)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	return p;
}

static void span(const struct buf *text, const struct records *r, uint32_t first, uint32_t count, const char **p,
		 size_t *len)
{
	const char *end = text->data + text->len;
	*p = skip_lines(text->data, end, first);
	*len = (size_t)((first + count == r->count ? end : skip_lines(*p, end, count)) - *p);
}

void records_given(const struct records *r, uint32_t first, uint32_t count, const char **p, size_t *len)
{
	span(&r->given, r, first, count, p, len);
}

static const struct buf *whole(const struct records *r)
{
	return r->whole.len ? &r->whole : &r->given;
}

int records_row(const struct records *r, uint32_t i, struct batch *b, struct error *e)
{
	const char *p;
	size_t len, used;
	struct decode_options all = {0};
	struct decoder *d = decoder_new(FORMAT_JSON, &all);
	uint32_t row = b->rows;
	span(whole(r), r, i, 1, &p, &len);
	int code = d->ops->decode(d, p, len, true, row + 1, b, &used, e);
	decoder_free(d);
	if (code)
		return code;
	if (b->rows != row + 1)
		return error_set(e, ERR_FAILED, "record %" PRIu64 " cannot be read back", r->first + i);
	b->source = r->source;
	if (!r->lines[i] || !r->source)
		b->lines = NULL;
	else if (b->lines)
		b->line_numbers[row] = r->lines[i];
	return 0;
}

void records_id(const struct records *r, uint32_t first, uint32_t count, char out[RECORDS_ID_SIZE])
{
	const char *p;
	size_t len;
	span(whole(r), r, first, count, &p, &len);
	struct hash128 h = hash128(p, len);
	uint64_t place = r->placed ? 0 : r->first + first;
	uint64_t high = hash64_seeded(&h, sizeof h, place);
	snprintf(out, RECORDS_ID_SIZE, "%016" PRIx64 "%016" PRIx64, high, h.low);
}
