#include "format/json_record.h"

#include "format/json_number.h"
#include "format/json_scan.h"
#include "format/json_value.h"
#include "format/meta_cell.h"

static inline uint32_t begin_row(struct json_keys *k, struct batch *b)
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

/* Reads the value at p, which is likely a plain string or a number. One that seems to go on behind end is stopped by the
   search for the next key, which finds none there. */
static inline const char *read_value(const char *p, const char *end, const struct json_key *key, struct arena *a,
				     struct value *cell, uint64_t *newlines)
{
	const char *q;
	if (*p == '"' && *(q = json_string_stop(p + 1, end)) == '"') {
		*cell = value_string(p + 1, (size_t)(q - p - 1));
		return q + 1;
	}
	if ((unsigned char)(*p - '0') < 10 || *p == '-')
		return json_number(p, end, cell);
	return json_value_read(p, end, 1, key->row_mask, a, cell, newlines);
}

const char *json_record_read(struct json_keys *keys, const char *p, const char *end, uint64_t line, uint64_t *newlines)
{
	struct batch *b = keys->batch;
	uint32_t row = begin_row(keys, b);
	const char *start = p;
	struct json_key *key = &keys->root;
	*newlines = 0;
	while ((key = json_keys_next(keys, key, p, end))) {
		p += key->gap_len;
		if (key->kind == JSON_CLOSE)
			break;
		struct value *cell = &key->cells[row & key->row_mask];
		p = read_value(p, end, key, &b->arena, cell, newlines);
		if (!p)
			return NULL;
		if (key->kind == JSON_META && (keys->reason = meta_from_cell((enum meta)key->meta, cell)))
			return NULL;
	}
	if (!key || (size_t)(p - start) > UINT32_MAX)
		return NULL;
	*newlines += key->newlines;
	end_row(keys, key, b, line);
	return p;
}

/* Whether a value that has no bracket at its end is known to end at p. */
static bool is_delimited(const char *p, const char *end, bool last, bool in_array)
{
	if (p == end)
		return last;
	return (unsigned char)*p <= ' ' || (in_array && (*p == ',' || *p == ']'));
}

const char *json_plain_read(struct json_keys *keys, const char *p, const char *end, bool last, bool in_array,
			    uint64_t line, uint64_t *newlines)
{
	struct batch *b = keys->batch;
	uint32_t row = begin_row(keys, b);
	bool wanted = json_keys_wanted(keys, "value", 5);
	struct value v;
	*newlines = 0;
	p = json_value_read(p, end, 0, wanted, &b->arena, &v, newlines);
	if (!p || (v.type != TYPE_JSON && !is_delimited(p, end, last, in_array)))
		return NULL;
	int column = wanted ? batch_column(b, "value", 5) : 0;
	uint16_t columns[1] = {(uint16_t)column};
	int shape = column < 0 ? -1 : batch_shape_of(b, columns, wanted);
	if (shape < 0) {
		json_keys_no_room(keys);
		return NULL;
	}
	if (wanted)
		b->columns[column].values[row] = v;
	batch_end(b, (uint32_t)shape, line);
	return p;
}
