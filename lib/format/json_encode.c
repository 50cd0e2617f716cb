#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json.h"
#include "format/json_string.h"
#include "format/json_value.h"
#include "format/text.h"

enum {
	BLOCK_ROWS = 256,    /* rows that are gathered at a time */
	BLOCK_CELLS = 16384, /* but not more cells than that */
	TEXTS_MAX = 1 << 20, /* bytes of keys that are kept for the next batch */
	CHUNK = 16,
};

/* A field's `,"name":`, kept from batch to batch. */
struct key_text {
	const char *name;
	uint32_t name_len, len;
	const char *text; /* CHUNK bytes more than len may be read */
};

/* Where the cells of one column are while a block of rows is written. */
struct source {
	const struct value *values;
	bool by_row; /* values[row], else values[place in the block] */
};

struct json_encoder {
	struct encoder head;
	struct encode_options options;
	struct key_text *keys; /* one per column, the metadata before them */
	struct source *sources;
	uint32_t cap;
	struct arena texts;
	struct value *cells; /* of the columns that must be gathered */
};

/* -- values -- */

/* Writes i / 10^scale as int_text does, two digits at a time; returns the length. */
static inline size_t put_int(char *to, int64_t i, unsigned scale)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[NUMBER_TEXT_MAX], *end = digits + sizeof digits, *p = end;
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
	for (; u >= 100; u /= 100)
		memcpy(p -= 2, pairs + u % 100 * 2, 2);
	if (u >= 10)
		memcpy(p -= 2, pairs + u * 2, 2);
	else
		*--p = (char)('0' + u);
	while ((size_t)(end - p) <= scale)
		*--p = '0';
	char *out = to;
	if (i < 0)
		*out++ = '-';
	size_t whole = (size_t)(end - p) - scale;
	memcpy(out, p, whole);
	out += whole;
	if (scale) {
		*out++ = '.';
		memcpy(out, p + whole, scale);
		out += scale;
	}
	return (size_t)(out - to);
}

static inline void put_value(struct buf *out, struct value v, bool terminal)
{
	if (v.type == TYPE_STRING)
		json_string_append(out, v.s, v.len, terminal);
	else if (v.type == TYPE_INT)
		out->len += put_int(buf_reserve(out, NUMBER_TEXT_MAX), v.i, v.scale);
	else
		json_value_append(out, v, terminal);
}

/* -- keys -- */

static void key_set(struct json_encoder *x, struct key_text *k, const char *name, uint32_t len)
{
	struct buf text = BUF_INIT;
	buf_byte(&text, ',');
	json_string_append(&text, name, len, x->options.terminal);
	buf_byte(&text, ':');
	char *copy = arena_alloc(&x->texts, text.len + CHUNK);
	memcpy(copy, text.data, text.len);
	memset(copy + text.len, 0, CHUNK);
	*k = (struct key_text){
		.name = arena_copy(&x->texts, name, len),
		.name_len = len,
		.len = (uint32_t)text.len,
		.text = copy,
	};
	buf_release(&text);
}

static void key_check(struct json_encoder *x, struct key_text *k, const char *name, uint32_t len)
{
	bool same = k->text && k->name_len == len && (!len || !memcmp(k->name, name, len));
	/* What batch_drop has taken out has no name; no shape has it either. */
	if (!same && name)
		key_set(x, k, name, len);
}

static void check_keys(struct json_encoder *x, const struct batch *b)
{
	uint32_t need = b->column_count + META_COUNT;
	if (need > x->cap) {
		uint32_t cap = (uint32_t)mem_grow(x->cap, need);
		x->keys = mem_resize(x->keys, cap, sizeof *x->keys);
		x->sources = mem_resize(x->sources, cap, sizeof *x->sources);
		memset(x->keys + x->cap, 0, (cap - x->cap) * sizeof *x->keys);
		x->cap = cap;
	}
	if (x->texts.total > TEXTS_MAX) {
		arena_clear(&x->texts);
		memset(x->keys, 0, x->cap * sizeof *x->keys);
	}
	for (int m = 0; m < META_COUNT; m++)
		key_check(x, &x->keys[m], meta_names[m], (uint32_t)strlen(meta_names[m]));
	for (uint32_t c = 0; c < b->column_count; c++)
		key_check(x, &x->keys[META_COUNT + c], b->columns[c].name, b->columns[c].name_len);
}

/* -- rows -- */

static inline void put_field(struct json_encoder *x, struct buf *out, uint32_t at, uint32_t row, uint32_t place)
{
	const struct source *s = &x->sources[at];
	const struct key_text *k = &x->keys[at];
	struct value v = s->values[s->by_row ? row : place];
	if (v.type == TYPE_ABSENT)
		return;
	char *to = buf_reserve(out, k->len); /* BUF_SLACK is more than a CHUNK */
	for (uint32_t i = 0; i < k->len; i += CHUNK)
		memcpy(to + i, k->text + i, CHUNK);
	out->len += k->len;
	put_value(out, v, x->options.terminal);
}

/* The first comma of the row, which begins at `start`, becomes its brace. */
static void end_row(struct buf *out, size_t start)
{
	if (out->len == start)
		buf_byte(out, '{');
	out->data[start] = '{';
	buf_byte(out, '}');
}

static void find_source(struct json_encoder *x, uint32_t at, const struct column *c, const uint32_t *rows,
			uint32_t count, struct value *cells)
{
	x->sources[at] = (struct source){cells, false};
	if (c->form == COLUMN_VALUES)
		x->sources[at] = (struct source){c->values, true};
	else
		column_gather(c, rows, count, cells);
}

static void encode_block(struct json_encoder *x, const struct batch *b, const uint32_t *rows, uint32_t count,
			 struct buf *out)
{
	uint32_t first = x->options.meta ? 0 : META_COUNT;
	for (uint32_t m = first; m < META_COUNT; m++)
		find_source(x, m, &b->meta[m], rows, count, x->cells + (size_t)m * count);
	for (uint32_t c = 0; c < b->column_count; c++)
		find_source(x, META_COUNT + c, &b->columns[c], rows, count,
			    x->cells + (size_t)(META_COUNT + c) * count);
	for (uint32_t i = 0; i < count; i++) {
		size_t start = out->len;
		const struct shape *s = batch_shape(b, rows[i]);
		for (uint32_t m = first; m < META_COUNT; m++)
			put_field(x, out, m, rows[i], i);
		for (uint32_t f = 0; f < s->count; f++)
			put_field(x, out, META_COUNT + s->columns[f], rows[i], i);
		end_row(out, start);
		buf_byte(out, '\n');
	}
}

static int encode(struct encoder *head, struct batch *b, struct buf *out, struct error *e)
{
	struct json_encoder *x = (struct json_encoder *)head;
	uint32_t columns = b->column_count + META_COUNT, rows[BLOCK_ROWS];
	uint32_t block = BLOCK_CELLS / columns;
	(void)e;
	block = block < 1 ? 1 : block > BLOCK_ROWS ? BLOCK_ROWS : block;
	check_keys(x, b);
	x->cells = mem_resize(x->cells, (size_t)block * columns, sizeof *x->cells);
	for (uint32_t at = 0, count; at < batch_count(b); at += count) {
		count = batch_count(b) - at < block ? batch_count(b) - at : block;
		for (uint32_t i = 0; i < count; i++)
			rows[i] = batch_row(b, at + i);
		encode_block(x, b, rows, count, out);
	}
	return OK;
}

static void encoder_release(struct encoder *head)
{
	struct json_encoder *x = (struct json_encoder *)head;
	arena_release(&x->texts);
	free(x->keys);
	free(x->sources);
	free(x->cells);
	free(x);
}

struct encoder *json_encoder_new(const struct encode_options *o)
{
	static const struct encoder_ops ops = {.encode = encode, .free = encoder_release};
	struct json_encoder *x = mem_zero(sizeof *x);
	x->head.ops = &ops;
	x->options = *o;
	return &x->head;
}

/* -- one row, without an encoder -- */

static void write_field(const char *name, size_t len, struct value v, struct buf *out)
{
	if (v.type == TYPE_ABSENT)
		return;
	buf_byte(out, ',');
	json_string_append(out, name, len, false);
	buf_byte(out, ':');
	put_value(out, v, false);
}

void json_write_row(const struct batch *b, uint32_t row, bool meta, struct buf *out)
{
	size_t start = out->len;
	const struct shape *s = batch_shape(b, row);
	for (int m = 0; meta && m < META_COUNT; m++)
		write_field(meta_names[m], strlen(meta_names[m]), column_get(&b->meta[m], row), out);
	for (uint32_t f = 0; f < s->count; f++) {
		const struct column *c = &b->columns[s->columns[f]];
		write_field(c->name, c->name_len, column_get(c, row), out);
	}
	end_row(out, start);
}
