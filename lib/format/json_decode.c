/*
 * The decoder: what stands between records, and what to do about a record that can't be taken.
 *
 * Records are read in the hope that all is well, by json_record.h, which says no more than yes or no. After a no
 * json_scan looks at the same bytes and tells whether they are JSON, none, or not yet whole. In the last case it remembers
 * how far it came, and the record is read again only when it is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json_record.h"
#include "format/json_scan.h"
#include "format/json_skip.h"
#include "format/text.h"

/* What may come next, between records. */
enum place {
	TOP,     /* outside an array: any value, or `[` */
	FIRST,   /* behind the `[`: an element or `]` */
	ELEMENT, /* behind a `,`: an element */
	AFTER,   /* behind an element: `,` or `]` */
	LOOSE,   /* behind an error: `,`, `]` or an element */
};

enum waiting {
	FOR_NOTHING,
	FOR_RECORD, /* `scan` has seen a part of it */
	FOR_BAD,    /* `scan` has found it bad, `skip` has not found where to go on */
};

struct json_decoder {
	struct decoder head;
	struct json_keys keys;
	enum place place;
	enum waiting waiting;
	bool started;        /* past a byte order mark */
	uint64_t array_line; /* where the array began */
	size_t column;       /* bytes of the line that were taken by earlier calls */
	struct json_scan scan;
	struct json_skip skip;
};

/* The bytes of one call. */
struct input {
	struct json_decoder *d;
	struct batch *b;
	const char *p, *start, *end;
	bool last;
	ptrdiff_t line_start; /* where the line of p begins, counted from `start` */
};

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
	const char *p, *start = in->p;
	uint64_t newlines, line = d->head.line;
	if (*start == '{')
		p = json_record_read(&d->keys, start, in->end, line, &newlines);
	else
		p = json_plain_read(&d->keys, start, in->end, in->last, d->place != TOP, line, &newlines);
	if (__builtin_expect(!p, 0))
		return refuse(in);
	advance(in, p, newlines);
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
	struct input in = {
		.d = d, .b = b, .p = p, .start = p, .end = p + len, .last = last, .line_start = -(ptrdiff_t)d->column};
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
