#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json_keys.h"
#include "format/json_number.h"
#include "format/json_scan.h"
#include "format/json_skip.h"
#include "format/json_value.h"
#include "format/meta_cell.h"
#include "format/text.h"

/* What may come next, between records. */
enum place {
	TOP,      /* outside an array: any value, or `[` */
	FIRST,    /* behind the `[`: an element or `]` */
	ELEMENT,  /* behind a `,`: an element */
	AFTER,    /* behind an element: `,` or `]` */
	LOOSE,    /* behind an error: `,`, `]` or an element */
};

enum waiting {
	FOR_NOTHING,
	FOR_RECORD,  /* `scan` has seen a part of it */
	FOR_BAD,     /* `scan` has found it bad, `skip` has not found where to go on */
};

struct json_decoder {
	struct decoder head;
	struct json_keys keys;
	enum place place;
	enum waiting waiting;
	bool started;          /* past a byte order mark */
	uint64_t array_line;   /* where the array began */
	size_t column;         /* bytes of the line that were taken by earlier calls */
	uint64_t newlines;     /* in the record just read */
	struct json_scan scan;
	struct json_skip skip;
};

/* The bytes of one call. */
struct input {
	struct json_decoder *d;
	struct batch *b;
	const char *p, *start, *end;
	bool last;
	ptrdiff_t line_start;  /* where the line of p begins, counted from `start` */
};

/* -- one record -- */

static uint32_t begin_row(struct json_keys *k, struct batch *b)
{
	uint32_t capacity = b->capacity, row = batch_begin(b);
	if (__builtin_expect(capacity != b->capacity, 0))
		json_keys_batch(k, b);
	for (unsigned metas = k->metas; metas; metas &= metas - 1)
		b->meta[__builtin_ctz(metas)].values[row] = value_absent();
	return row;
}

/* As batch_end, but which columns the row lacks is known. */
static inline void end_row(struct json_keys *k, struct json_key *close, struct batch *b, uint64_t line)
{
	uint32_t row = b->rows;
	if (__builtin_expect(close->missing_of != b->column_count, 0))
		json_keys_missing(k, close);
	for (uint32_t i = 0; i < close->missing_count; i++)
		b->columns[close->missing[i]].values[row] = value_absent();
	b->codes[row] = (uint16_t)close->shape;
	b->line_numbers[row] = line;
	if (close->shape)
		b->shape_of = b->codes;
	b->lines = b->line_numbers;
	b->rows = row + 1;
}

/*
 * Reads the object at p into the next row of the batch; d->newlines says how many there were in it. Returns the byte
 * behind it, or NULL: json_scan tells why, or keys.full or keys.reason does. A string or number that seems to go
 * on behind end is stopped by the next key's search, which finds nothing there.
 */
static const char *read_record(struct json_decoder *d, const char *p, const char *end, struct batch *b)
{
	struct json_keys *keys = &d->keys;
	uint32_t row = begin_row(keys, b);
	const char *start = p;
	struct json_key *key = &keys->root;
	d->newlines = 0;
	while ((key = json_keys_next(keys, key, p, end))) {
		p += key->gap_len;
		if (key->kind == JSON_CLOSE)
			break;
		struct value *cell = &key->cells[row & key->row_mask];
		const char *q;
		if (*p == '"' && *(q = json_string_stop(p + 1, end)) == '"') {
			*cell = value_string(p + 1, (size_t)(q - p - 1));
			p = q + 1;
		} else if ((unsigned char)(*p - '0') < 10 || *p == '-') {
			p = json_number(p, end, cell);
		} else {
			p = json_value_read(p, end, 1, key->row_mask, &b->arena, cell, &d->newlines);
		}
		if (!p)
			return NULL;
		if (key->kind == JSON_META && (keys->reason = meta_from_cell((enum meta)key->meta, cell)))
			return NULL;
	}
	if (!key || (size_t)(p - start) > UINT32_MAX)
		return NULL;
	d->newlines += key->newlines;
	end_row(keys, key, b, d->head.line);
	return p;
}

/* Whether a value that has no bracket at its end is known to end at p. */
static bool is_delimited(const struct input *in, const char *p)
{
	if (p == in->end)
		return in->last;
	return (unsigned char)*p <= ' ' || (in->d->place != TOP && (*p == ',' || *p == ']'));
}

/* A value that is no object, as the field `value`. */
static const char *read_plain(struct input *in)
{
	struct json_keys *k = &in->d->keys;
	struct batch *b = in->b;
	uint32_t row = begin_row(k, b);
	bool wanted = json_keys_wanted(k, "value", 5);
	struct value v;
	in->d->newlines = 0;
	const char *p = json_value_read(in->p, in->end, 0, wanted, &b->arena, &v, &in->d->newlines);
	if (!p || (v.type != TYPE_JSON && !is_delimited(in, p)))
		return NULL;
	int column = wanted ? batch_column(b, "value", 5) : 0;
	uint16_t columns[1] = {(uint16_t)column};
	int shape = column < 0 ? -1 : batch_shape_of(b, columns, wanted);
	if (shape < 0) {
		json_keys_no_room(k);
		return NULL;
	}
	if (wanted)
		b->columns[column].values[row] = v;
	batch_end(b, (uint32_t)shape, in->d->head.line);
	return p;
}

/* -- places and lines -- */

/* Goes to p, over `newlines` of them. */
static void advance(struct input *in, const char *p, uint64_t newlines)
{
	if (newlines) {
		const char *last = memrchr(in->p, '\n', (size_t)(p - in->p));
		in->line_start = last + 1 - in->start;
		in->d->head.line += newlines;
	}
	in->p = p;
}

static uint64_t count_newlines(const char *p, const char *end)
{
	uint64_t n = 0;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		n++;
		p++;
	}
	return n;
}

static inline void skip_space(struct input *in)
{
	for (; in->p < in->end && (unsigned char)*in->p <= ' '; in->p++) {
		if (*in->p == '\n') {
			in->d->head.line++;
			in->line_start = in->p + 1 - in->start;
		} else if (*in->p != ' ' && *in->p != '\t' && *in->p != '\r') {
			break;
		}
	}
}

/* -- what can't be taken -- */

/* Rejects `size` bytes from where we are and goes behind them; `at`: where in them something is wrong. */
static void reject(struct input *in, size_t size, size_t at, const char *reason)
{
	const char *wrong = in->p + at, *line = memrchr(in->p, '\n', at);
	uint64_t lines = count_newlines(in->p, wrong);
	size_t column = (size_t)(line ? wrong - line : wrong - in->start - in->line_start + 1), len = size;
	while (len && (unsigned char)in->p[len - 1] <= ' ')
		len--;
	if (lines)
		batch_reject_text(in->b, in->d->head.line, in->p, len, "line %llu, column %zu: %s",
				  (unsigned long long)(in->d->head.line + lines), column, reason);
	else
		batch_reject_text(in->b, in->d->head.line, in->p, len, "column %zu: %s", column, reason);
	advance(in, in->p + size, count_newlines(in->p, in->p + size));
}

/* The record here is bad at d->scan.at: rejects it as far as it reaches. False: more bytes are needed to tell. */
static bool reject_bad(struct input *in)
{
	struct json_decoder *d = in->d;
	d->waiting = FOR_BAD;
	if (!json_skip(&d->skip, in->p, (size_t)(in->end - in->p), in->last))
		return false;
	d->waiting = FOR_NOTHING;
	reject(in, d->skip.at, d->scan.at, d->scan.reason);
	if (d->place != TOP)
		d->place = LOOSE;
	return true;
}

static bool bad(struct input *in)
{
	json_skip_begin(&in->d->skip, in->d->scan.at, in->d->place != TOP);
	return reject_bad(in);
}

/* The record here could not be read: finds out why. False: that is all for now. */
static bool refuse(struct input *in)
{
	struct json_decoder *d = in->d;
	size_t len = (size_t)(in->end - in->p);
	const char *reason = d->keys.reason;
	d->keys.reason = NULL;
	if (d->keys.full && in->b->rows)
		return false;
	json_scan_begin(&d->scan, 0);
	enum json_status status = json_scan(&d->scan, in->p, len, in->last);
	if (status == JSON_MORE || (status == JSON_WHOLE && !reason && !in->last && d->scan.at == len)) {
		d->waiting = FOR_RECORD;
		return false;
	}
	if (status == JSON_WHOLE && reason) {
		reject(in, d->scan.at, 0, reason);
		if (d->place != TOP)
			d->place = AFTER;
		return !d->keys.full;
	}
	if (status == JSON_WHOLE)
		d->scan.reason = "something follows the value";
	return bad(in);
}

/* -- between records -- */

static bool take_record(struct input *in)
{
	struct json_decoder *d = in->d;
	const char *p = *in->p == '{' ? read_record(d, in->p, in->end, in->b) : read_plain(in);
	if (__builtin_expect(!p, 0))
		return refuse(in);
	advance(in, p, d->newlines);
	if (d->place != TOP)
		d->place = AFTER;
	return true;
}

static bool step_to(struct input *in, enum place place)
{
	in->p++;
	in->d->place = place;
	return true;
}

static void reject_array(struct input *in)
{
	batch_reject_text(in->b, in->d->head.line, "", 0, "the array that begins at line %llu is not closed",
			  (unsigned long long)in->d->array_line);
	in->d->place = TOP;
}

/* Behind an element there is neither `,` nor `]`. */
static bool no_separator(struct input *in)
{
	bool line_begins = in->p - in->start == in->line_start;
	if (*in->p == '[' && line_begins) {
		reject_array(in);
		return true;
	}
	if (in->d->place == LOOSE)
		return take_record(in);
	/* What is no value is rejected on its own account. */
	if (*in->p && strchr("{[\"-0123456789tfn", *in->p))
		reject(in, 0, 0, "expected , or ] behind an element");
	in->d->place = LOOSE;
	return true;
}

static bool take_in_array(struct input *in)
{
	enum place place = in->d->place;
	if (place == AFTER || place == LOOSE) {
		if (*in->p == ',')
			return step_to(in, ELEMENT);
		return *in->p == ']' ? step_to(in, TOP) : no_separator(in);
	}
	if (place == FIRST && *in->p == ']')
		return step_to(in, TOP);
	if (*in->p != ',' && *in->p != ']')
		return take_record(in);
	enum place next = *in->p == ',' ? ELEMENT : TOP;
	reject(in, 1, 0, "expected a value");
	in->d->place = next;
	return true;
}

/* Takes what comes next; false when there is nothing more to be done in this call. */
static inline bool take(struct input *in)
{
	skip_space(in);
	if (in->p == in->end)
		return false;
	if (__builtin_expect(in->d->place != TOP, 0))
		return take_in_array(in);
	if (*in->p != '[')
		return take_record(in);
	in->d->array_line = in->d->head.line;
	return step_to(in, FIRST);
}

/* Steps over a byte order mark; false while it can't be told. */
static bool start(struct input *in)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = (size_t)(in->end - in->p), n = len < 3 ? len : 3;
	bool same = n && !memcmp(in->p, mark, n);
	if (!in->last && (!n || (same && n < 3)))
		return false;
	if (same && n == 3) {
		in->p += 3;
		in->line_start += 3;
	}
	in->d->started = true;
	return true;
}

/* Goes on with a record that was not whole; false if it still isn't. */
static bool resume(struct input *in)
{
	struct json_decoder *d = in->d;
	if (d->waiting == FOR_BAD)
		return reject_bad(in);
	enum json_status status = json_scan(&d->scan, in->p, (size_t)(in->end - in->p), in->last);
	if (status == JSON_MORE)
		return false;
	d->waiting = FOR_NOTHING;
	return status == JSON_WHOLE || bad(in);
}

static int decode(struct decoder *head, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		  size_t *used, struct error *e)
{
	struct json_decoder *d = (struct json_decoder *)head;
	struct input in = {.d = d, .b = b, .p = p, .start = p, .end = p + len, .last = last,
			   .line_start = -(ptrdiff_t)d->column};
	(void)e;
	*used = 0;
	if (limit > BATCH_ROWS_MAX)
		limit = BATCH_ROWS_MAX;
	json_keys_trim(&d->keys);
	json_keys_batch(&d->keys, b);
	d->keys.full = false;
	if ((!d->started && !start(&in)) || (d->waiting && !resume(&in)))
		return OK;
	while (b->rows < limit && take(&in))
		;
	if (last && in.p == in.end && d->place != TOP)
		reject_array(&in);
	*used = (size_t)(in.p - p);
	d->column = (size_t)(in.p - p - in.line_start);
	return OK;
}

static void decoder_release(struct decoder *head)
{
	struct json_decoder *d = (struct json_decoder *)head;
	json_keys_release(&d->keys);
	free(d);
}

struct decoder *json_decoder_new(const struct decode_options *o)
{
	static const struct decoder_ops ops = {.decode = decode, .free = decoder_release};
	struct json_decoder *d = mem_zero(sizeof *d);
	d->head = (struct decoder){.ops = &ops, .line = 1};
	json_keys_init(&d->keys, o);
	return &d->head;
}
