#include <stdlib.h>

#include "base/mem.h"
#include "format/cell.h"
#include "format/csv.h"
#include "format/meta_cell.h"

/* With very many fields a batch is full before it has `limit` rows. */
enum { BATCH_CELLS_MAX = 8 << 20 };

struct csv_decoder {
	struct decoder head;
	struct decode_options options;
	char delimiter;
	bool began;   /* a byte order mark is behind us, if there was one */
	bool skip_lf; /* the last byte taken was a CR: an LF that follows belongs to it */
	bool has_meta;
	struct csv_header header;
	struct csv_scan scan; /* of a record that was not whole when it was last seen */
	int *columns;         /* of the batch at hand, for each header field; -1: not wanted, or metadata */
	struct value **cells; /* where its values go; NULL: nowhere */
};

/* One call of decode. */
struct rows {
	struct csv_decoder *d;
	struct batch *b;
	uint32_t limit;
	uint32_t shape;
	uint32_t capacity; /* of the batch, when cells was filled */
	bool ready;        /* columns, cells and shape are known */
};

/* -- where cells go -- */

static void find_cells(struct rows *r)
{
	struct csv_decoder *d = r->d;
	for (uint32_t i = 0; i < d->header.count; i++) {
		int meta = d->header.fields[i].meta;
		if (meta >= 0)
			d->cells[i] = r->b->meta[meta].values;
		else
			d->cells[i] = d->columns[i] < 0 ? NULL : r->b->columns[d->columns[i]].values;
	}
	r->capacity = r->b->capacity;
}

/* False: these fields have no room beside those that the batch has. */
static bool find_columns(struct rows *r)
{
	struct csv_decoder *d = r->d;
	uint16_t *shape = arena_array(&r->b->arena, d->header.count, sizeof *shape);
	uint32_t count = 0;
	for (uint32_t i = 0; i < d->header.count; i++) {
		const struct csv_field *f = &d->header.fields[i];
		d->columns[i] = -1;
		if (f->meta >= 0)
			batch_meta(r->b, (enum meta)f->meta);
		if (f->meta >= 0 || !f->wanted)
			continue;
		if ((d->columns[i] = batch_column(r->b, f->name, f->len)) < 0)
			return false;
		shape[count++] = (uint16_t)d->columns[i];
	}
	int found = batch_shape_of(r->b, shape, count);
	if (found < 0)
		return false;
	r->shape = (uint32_t)found;
	r->ready = true;
	uint32_t rows = BATCH_CELLS_MAX / (count + 1);
	if (r->limit > rows)
		r->limit = rows ? rows : 1;
	find_cells(r);
	return true;
}

/* -- records -- */

static struct value cell_value(const struct csv_cell *cell, struct arena *a)
{
	if (cell->quoted) {
		size_t len;
		const char *text = csv_cell_text(cell, a, &len);
		return value_string(text, len);
	}
	return cell->len ? cell_read_fast(cell->s, cell->len) : value_null();
}

/* Reads the cells of a record into their row. *stop is where it ended, *count how many there were. */
static enum csv_end read_cells(struct csv_cursor *cursor, const struct csv_decoder *d, struct arena *a, uint32_t row,
			       const char **stop, uint32_t *count)
{
	struct csv_cursor c = *cursor;
	struct value **cells = d->cells;
	uint32_t width = d->header.count, n = 0;
	struct csv_cell cell;
	enum csv_end how;
	do {
		how = csv_cell_next(&c, &cell);
		if (n < width && cells[n])
			cells[n][row] = cell_value(&cell, a);
		n++;
	} while (how == CSV_DELIMITER);
	*cursor = c;
	*stop = cell.stop;
	*count = n;
	return how;
}

/* NULL, or why the metadata of the row are none. */
static const char *read_meta(const struct csv_decoder *d, uint32_t row)
{
	for (uint32_t i = 0; i < d->header.count; i++) {
		int meta = d->header.fields[i].meta;
		const char *wrong = meta < 0 ? NULL : meta_from_cell((enum meta)meta, &d->cells[i][row]);
		if (wrong)
			return wrong;
	}
	return NULL;
}

/*
 * Gives up the record at start: it can't be told where it ends, so its first line is rejected and reading goes on
 * behind that. False: this line is not whole yet.
 */
static bool give_up(struct rows *r, struct csv_cursor *c, const char *start, enum csv_end how)
{
	const char *stop = csv_line_end(start, c->end);
	if (!stop && !c->last)
		return false;
	if (!stop)
		stop = c->end;
	batch_reject_text(r->b, r->d->head.line, start, (size_t)(stop - start), "%s",
			  how == CSV_OPEN    ? "a quote that is opened here is not closed"
			  : how == CSV_STRAY ? "a cell goes on behind its closing quote"
					     : "the record is longer than 64 MiB: is a quote left open?");
	csv_load(c, stop);
	csv_next(c);
	csv_step(c, stop);
	r->d->head.line++;
	return true;
}

/* The record at start is not whole: notes how far it goes. */
static void wait_for_more(struct csv_decoder *d, struct csv_cursor *c, const char *start)
{
	d->scan = (struct csv_scan){0};
	csv_scan_more(&d->scan, start, (size_t)(c->end - start), c->delimiter);
	c->at = start;
}

/* Takes the record at the cursor. False: it is not whole. */
static inline bool take_record(struct rows *r, struct csv_cursor *c)
{
	struct csv_decoder *d = r->d;
	struct batch *b = r->b;
	const char *start = c->at, *stop, *wrong = NULL;
	uint32_t count, row = batch_begin(b);
	if (r->capacity != b->capacity)
		find_cells(r);
	csv_begin(c);
	enum csv_end how = read_cells(c, d, &b->arena, row, &stop, &count);
	if (how == CSV_INCOMPLETE)
		return false;
	if (how == CSV_LINE && stop - start > CSV_RECORD_MAX)
		how = CSV_LONG;
	if (how != CSV_LINE)
		return give_up(r, c, start, how);
	if (count != d->header.count)
		batch_reject_text(b, d->head.line, start, (size_t)(stop - start), "%u cell%s, but the header has %u",
				  count, count == 1 ? "" : "s", d->header.count);
	else if (d->has_meta && (wrong = read_meta(d, row)))
		batch_reject_text(b, d->head.line, start, (size_t)(stop - start), "%s", wrong);
	else
		batch_end(b, r->shape, d->head.line);
	d->head.line += 1 + c->breaks;
	return true;
}

static inline bool skip_blank_lines(struct csv_decoder *d, struct csv_cursor *c)
{
	while (c->at < c->end && (*c->at == '\n' || *c->at == '\r')) {
		csv_step(c, csv_next(c));
		d->head.line++;
	}
	return c->at < c->end;
}

/* Takes what is whole; the cursor then is where the first record begins that was not taken. */
static int take_records(struct rows *r, struct csv_cursor *c, struct error *e)
{
	while (r->b->rows < r->limit && skip_blank_lines(r->d, c)) {
		const char *start = c->at;
		if (!r->ready && !find_columns(r))
			return r->b->rows ? OK : error_set(e, ERR_FAILED, "the header has too many fields");
		if (!take_record(r, c)) {
			wait_for_more(r->d, c, start);
			break;
		}
	}
	return OK;
}

/* -- the head of the file -- */

static int utf16_error(struct error *e)
{
	return error_set(e, ERR_FAILED, "this is UTF-16, not UTF-8: read it through iconv -f utf-16 -t utf-8");
}

/* Takes a byte order mark. 1: what follows is text; 0: it can't be told yet; else an error. */
static int skip_mark(struct csv_decoder *d, struct csv_cursor *c, struct error *e)
{
	static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};
	size_t have = (size_t)(c->end - c->at);
	for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
		size_t len = strlen(marks[m]);
		if (memcmp(c->at, marks[m], have < len ? have : len))
			continue;
		if (have < len && !c->last)
			return 0;
		if (have < len)
			break;
		if (m > 0)
			return utf16_error(e);
		csv_skip(c, c->at + len);
		break;
	}
	d->began = true;
	return 1;
}

static int read_header(struct csv_decoder *d, struct csv_cursor *c, struct error *e)
{
	struct csv_header *h = &d->header;
	if (!d->began) {
		int begun = skip_mark(d, c, e);
		if (begun <= 0)
			return begun;
	}
	if (!skip_blank_lines(d, c))
		return 0;
	const char *start = c->at;
	int done = csv_header_read(h, c, d->head.line, &d->options, e);
	if (!done)
		wait_for_more(d, c, start);
	if (done <= 0)
		return done;
	d->head.line += 1 + c->breaks;
	d->cells = mem_array(h->count, sizeof *d->cells);
	d->columns = mem_array(h->count, sizeof *d->columns);
	for (uint32_t i = 0; i < h->count; i++)
		d->has_meta |= h->fields[i].meta >= 0;
	return 1;
}

/* -- the decoder -- */

static int decode(struct decoder *head, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		  size_t *used, struct error *e)
{
	struct csv_decoder *d = (struct csv_decoder *)head;
	struct csv_cursor c = {.at = p, .end = p + len, .delimiter = d->delimiter, .last = last};
	struct rows r = {.d = d, .b = b, .limit = limit};
	*used = 0;
	if (!len || (d->scan.seen && !last && !csv_scan_more(&d->scan, p, len, d->delimiter)))
		return OK;
	d->scan = (struct csv_scan){0};
	csv_load(&c, p);
	if (d->skip_lf && *p == '\n')
		csv_skip(&c, p + 1);
	d->skip_lf = false;
	int done = d->header.count ? 1 : read_header(d, &c, e);
	if (done > 0)
		done = take_records(&r, &c, e);
	if (done < 0)
		return done;
	*used = (size_t)(c.at - p);
	d->skip_lf = c.at == c.end && c.at[-1] == '\r';
	return OK;
}

static void decoder_release(struct decoder *head)
{
	struct csv_decoder *d = (struct csv_decoder *)head;
	csv_header_release(&d->header);
	free(d->cells);
	free(d->columns);
	free(d);
}

struct decoder *csv_decoder_new(const struct decode_options *o, char delimiter)
{
	static const struct decoder_ops ops = {decode, decoder_release};
	struct csv_decoder *d = mem_zero(sizeof *d);
	d->head = (struct decoder){.ops = &ops, .line = 1};
	d->delimiter = delimiter;
	if (o)
		d->options = *o;
	return &d->head;
}
