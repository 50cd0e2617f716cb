/*
 * Odd CSV files of other projects, with the cells that Python's csv finds in them, in ../shared/data. A record that is
 * as wide as the header must have these cells; others must be rejects. Names that are empty are ours to make.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/json.h"
#include "format/text.h"
#include "test.h"

#define DIRECTORY "../shared/data/csv_conformance/"

/* False: it is not there. */
static bool read_file(const char *name, struct buf *out)
{
	char path[256];
	snprintf(path, sizeof path, DIRECTORY "%s", name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	for (size_t n = 1; n;) {
		n = fread(buf_reserve(out, 4096), 1, 4096, f);
		out->len += n;
	}
	fclose(f);
	return true;
}

/* Walks over the elements of a JSON array. */
struct elements {
	const char *p, *end;
	struct arena *arena;
};

static struct elements elements_of(struct value array, struct arena *a)
{
	return (struct elements){array.s + 1, array.s + array.len - 1, a};
}

static bool next_element(struct elements *x, struct value *v)
{
	struct error e;
	bool incomplete;
	while (x->p < x->end && strchr(" ,", *x->p))
		x->p++;
	if (x->p >= x->end)
		return false;
	x->p = json_read(x->p, x->end, x->arena, v, &incomplete, &e);
	CHECK(x->p);
	return x->p != NULL;
}

static uint32_t count_elements(struct value array, struct arena *a)
{
	struct elements x = elements_of(array, a);
	struct value v;
	uint32_t n = 0;
	while (next_element(&x, &v))
		n++;
	return n;
}

static bool same_text(struct value got, struct value want)
{
	struct buf text = BUF_INIT;
	value_plain(got, &text);
	bool same = text.len == want.len && (!text.len || !memcmp(text.data, want.s, text.len));
	buf_release(&text);
	return same;
}

static bool same_header(struct value want, const struct batch *b, struct arena *a)
{
	struct elements names = elements_of(want, a);
	struct value name;
	bool same = true;
	for (uint32_t c = 0; next_element(&names, &name) && c < b->column_count; c++)
		same &= !name.len || same_text(value_string(b->columns[c].name, b->columns[c].name_len), name);
	return same;
}

static bool same_row(struct value want, const struct batch *b, uint32_t row, struct arena *a)
{
	struct elements cells = elements_of(want, a);
	struct value cell;
	bool same = row < b->rows;
	for (uint32_t c = 0; same && next_element(&cells, &cell); c++)
		same = same_text(b->columns[c].values[row], cell);
	return same;
}

static bool same_rows(struct value want, const struct batch *b, struct arena *a)
{
	struct elements rows = elements_of(want, a);
	struct value cells;
	uint32_t row = 0, rejects = 0, width = 0;
	bool same = true;
	if (next_element(&rows, &cells)) {
		width = count_elements(cells, a);
		same = same_header(cells, b, a) && (!b->rows || b->column_count == width);
	}
	while (same && next_element(&rows, &cells)) {
		uint32_t count = count_elements(cells, a);
		if (count == width)
			same = same_row(cells, b, row++, a);
		else
			rejects += count > 0;
	}
	return same && row == b->rows && rejects == b->reject_count;
}

static void check_file(const char *name, struct value rows)
{
	struct arena arena = {0};
	struct buf text = BUF_INIT;
	struct batch b;
	struct error e;
	size_t used = 0;
	batch_init(&b);
	struct decoder *d = csv_decoder_new(NULL, ',');
	CHECK(read_file(name, &text));
	CHECK(!d->ops->decode(d, text.data, text.len, true, BATCH_ROWS, &b, &used, &e) && used == text.len);
	bool same = same_rows(rows, &b, &arena);
	CHECK(same);
	printf("%s %s: %u rows, %u rejects\n", same ? "agrees" : "DIFFERS", name, b.rows, b.reject_count);
	d->ops->free(d);
	batch_release(&b);
	buf_release(&text);
	arena_release(&arena);
}

static void check_line(const struct batch *b, uint32_t row)
{
	struct value name = column_get(batch_field(b, "file", 4), row),
		     rows = column_get(batch_field(b, "rows", 4), row);
	struct value note = column_get(batch_field(b, "note", 4), row);
	char *file = mem_copy(name.s, name.len);
	if (rows.type == TYPE_JSON)
		check_file(file, rows);
	else
		printf("skipped %s: %.*s\n", file, (int)note.len, note.s);
	free(file);
}

int main(void)
{
	struct buf list = BUF_INIT;
	struct batch b;
	struct error e;
	size_t used;
	if (!read_file("expected.jsonl", &list)) {
		printf("skipped: there is no " DIRECTORY "\n");
		return 0;
	}
	batch_init(&b);
	struct decoder *d = json_decoder_new(&(struct decode_options){0});
	CHECK(!d->ops->decode(d, list.data, list.len, true, BATCH_ROWS, &b, &used, &e) && used == list.len);
	CHECK(b.rows > 0 && !b.reject_count);
	for (uint32_t row = 0; row < b.rows; row++)
		check_line(&b, row);
	d->ops->free(d);
	batch_release(&b);
	buf_release(&list);
	return test_done();
}
