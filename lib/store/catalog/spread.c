#include "store/catalog/spread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/timestamp.h"

enum { POINT = 16, STRATA = 64 };

static struct value point_value(struct hash128 h, struct arena *a)
{
	uint8_t *bytes = arena_alloc(a, POINT);
	hash128_bytes(h, bytes);
	return value_text(TYPE_BYTES, (const char *)bytes, POINT);
}

static struct hash128 value_point(const struct router *r, struct value v, struct buf *text)
{
	if (v.type == TYPE_STRING)
		return route_key(r, v.s, v.len);
	buf_clear(text);
	value_plain(v, text);
	return route_key(r, text->data ? text->data : "", text->len);
}

/* A point per entry of the key's dictionary, and one more for rows that have no key. */
static struct column spread_dict(const struct router *r, const struct column *key, uint32_t rows, struct buf *text,
				 struct arena *a)
{
	uint32_t size = key->dict_size + 1;
	struct value *dict = arena_array(a, size, sizeof *dict);
	for (uint32_t i = 0; i < key->dict_size; i++)
		dict[i] = point_value(value_point(r, key->dict[i], text), a);
	dict[key->dict_size] = point_value(value_point(r, value_null(), text), a);
	uint32_t *codes = arena_array(a, rows, sizeof *codes);
	for (uint32_t i = 0; i < rows; i++)
		codes[i] = key->marks && key->marks[i] ? key->dict_size : (uint32_t)column_raw(key, i);
	return (struct column){.form = COLUMN_DICT, .width = 4, .ints = codes, .dict = dict, .dict_size = size};
}

static struct column spread_rows(const struct router *r, const struct column *key, uint32_t rows, struct buf *text,
				 struct arena *a)
{
	uint8_t *bytes = arena_array(a, rows, POINT);
	uint32_t *offsets = arena_array(a, (size_t)rows + 1, sizeof *offsets);
	for (uint32_t i = 0; i < rows; i++) {
		offsets[i] = i * POINT;
		hash128_bytes(value_point(r, column_get(key, i), text), bytes + i * POINT);
	}
	offsets[rows] = rows * POINT;
	return (struct column){
		.form = COLUMN_TEXT, .type = TYPE_BYTES, .bytes = (const char *)bytes, .offsets = offsets};
}

struct column spread_keys(const struct router *r, const struct column *key, uint32_t rows, struct arena *a)
{
	struct buf text = BUF_INIT;
	struct column hash;
	if (key->form == COLUMN_CONST)
		hash = column_const(point_value(value_point(r, key->value, &text), a));
	else if (key->form == COLUMN_DICT && key->dict_size <= rows)
		hash = spread_dict(r, key, rows, &text, a);
	else
		hash = spread_rows(r, key, rows, &text, a);
	buf_release(&text);
	return hash;
}

struct column spread_random(uint32_t rows, struct arena *a)
{
	struct hash128 points[STRATA];
	uint32_t count = rows < STRATA ? rows : STRATA;
	if (getrandom(points, count * sizeof *points, 0) != (ssize_t)(count * sizeof *points))
		for (uint32_t i = 0; i < count; i++) /* no entropy: the clock spreads as well */
			points[i] = hash128(&(int64_t){monotonic_now() + i}, sizeof(int64_t));
	struct value *dict = arena_array(a, count, sizeof *dict);
	uint8_t first = (uint8_t)points[0].low;
	for (uint32_t i = 0; i < count; i++) {
		points[i].high = points[i].high >> 6 | (uint64_t)((first + i) % STRATA) << 58;
		dict[i] = point_value(points[i], a);
	}
	if (count == 1)
		return column_const(dict[0]);
	uint8_t *codes = arena_alloc(a, rows);
	for (uint32_t i = 0; i < rows; i++)
		codes[i] = (uint8_t)(i % count);
	return (struct column){.form = COLUMN_DICT, .width = 1, .ints = codes, .dict = dict, .dict_size = count};
}

struct hash128 spread_point(const struct column *hash, uint32_t row)
{
	return hash128_from_bytes((const uint8_t *)column_get(hash, row).s);
}

static bool has_key(const struct batch *b)
{
	const struct column *key = &b->meta[META_KEY];
	return key->form != COLUMN_CONST || key->value.type != TYPE_ABSENT;
}

void spread_batch(struct batch *b, const struct router *r, const struct column *key, struct arena *a)
{
	if (key)
		b->meta[META_KEY] = *key;
	b->meta[META_STREAM] = b->meta[META_SHARD] = b->meta[META_SEQ] = column_const(value_absent());
	b->meta[META_HASH] =
		key || has_key(b) ? spread_keys(r, &b->meta[META_KEY], b->rows, a) : spread_random(b->rows, a);
}
