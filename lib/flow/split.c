#include "flow/split.h"

#include <stdlib.h>
#include <string.h>

#include "flow/hello.h"
#include "record/batch_rows.h"

uint32_t split_of(struct value key, uint32_t count)
{
	if (value_is_missing(key))
		return 0;
	return (uint32_t)(((value_hash(key, 0) >> 32) * count) >> 32);
}

/* Fills where[i] with the output of the i-th selected row. */
static void place_rows(const struct split *s, struct batch *b, const struct column *key, uint32_t *where)
{
	uint32_t count = batch_count(b);
	if (key->form == COLUMN_CONST) {
		uint32_t to = split_of(key->value, s->count);
		for (uint32_t i = 0; i < count; i++)
			where[i] = to;
		return;
	}
	if (key->form == COLUMN_DICT && !key->marks && key->dict_size <= count) {
		uint32_t *of_code = arena_array(&b->arena, key->dict_size, sizeof *of_code);
		for (uint32_t code = 0; code < key->dict_size; code++)
			of_code[code] = split_of(key->dict[code], s->count);
		for (uint32_t i = 0; i < count; i++)
			where[i] = of_code[column_raw(key, batch_row(b, i))];
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		where[i] = split_of(column_get(key, batch_row(b, i)), s->count);
}

int split_batch(struct split *s, struct batch *b, const struct column *key, struct error *e)
{
	uint32_t count = batch_count(b);
	uint32_t *where = arena_array(&b->arena, count, sizeof *where);
	uint32_t *sizes = arena_array(&b->arena, s->count, sizeof *sizes);
	uint32_t **rows = arena_array(&b->arena, s->count, sizeof *rows);
	place_rows(s, b, key, where);
	memset(sizes, 0, s->count * sizeof *sizes);
	for (uint32_t i = 0; i < count; i++)
		sizes[where[i]]++;
	for (uint32_t k = 0; k < s->count; k++) {
		rows[k] = arena_array(&b->arena, sizes[k], sizeof **rows);
		sizes[k] = 0;
	}
	for (uint32_t i = 0; i < count; i++)
		rows[where[i]][sizes[where[i]]++] = batch_row(b, i);
	for (uint32_t k = 0; k < s->count; k++) {
		batch_select(b, rows[k], sizes[k]);
		int r = sizes[k] ? output_batch(s->outputs[k], b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}

int split_control(struct split *s, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e)
{
	int r = 0;
	for (uint32_t k = 0; k < s->count && !r; k++)
		r = output_control(s->outputs[k], kind, flags, body, e);
	return r;
}

/* key NULL: none */
static void announcement(const char *key, struct batch *body)
{
	struct field row[] = {{"shard", value_null()},
			      {"state", value_string("split", 5)},
			      {"key", key ? value_string(key, strlen(key)) : value_null()}};
	batch_init(body);
	batch_add_row(body, row, 2 + (key != NULL));
}

int split_announce(struct split *s, const char *key, struct error *e)
{
	struct batch body;
	announcement(key, &body);
	int r = split_control(s, FRAME_WATERMARK, 0, &body, e);
	batch_release(&body);
	return r;
}

bool split_is_announced(const struct batch *body)
{
	struct value state = batch_get(body, 0, "state");
	return body->rows && state.type == TYPE_STRING && state.len == 5 && !memcmp(state.s, "split", 5);
}

int split_joined(struct flow *f, struct error *e)
{
	struct batch body;
	announcement(NULL, &body);
	int r = flow_control(f, FRAME_WATERMARK, 0, &body, e);
	batch_release(&body);
	return r;
}

/* `1`, or behind another splitter `0-1`. */
static int forward_hello(struct split *s, const struct batch *body, struct error *e)
{
	struct hello h = {0};
	struct batch own;
	int r = hello_read(body, &h, e);
	char *before = h.part;
	h.part = NULL;
	batch_init(&own);
	for (uint32_t k = 0; !r && k < s->count; k++) {
		char *part = arena_printf(&own.arena, "%s%s%u", before ? before : "", before ? "-" : "", k);
		hello_set_part(&h, part);
		hello_write(&h, &own);
		r = output_is_frames(s->outputs[k])
			    ? output_control(s->outputs[k], FRAME_HELLO, FRAME_CRITICAL, &own, e)
			    : error_set(e, ERR_USAGE,
					"in a checkpointed pipeline the copies must be commands of ours, which read "
					"frames");
	}
	batch_release(&own);
	hello_release(&h);
	free(before);
	return r;
}

static int forward_mark(struct split *s, enum frame_kind kind, const struct batch *body, struct error *e)
{
	int r = 0;
	for (uint32_t k = 0; !r && k < s->count; k++)
		r = output_control(s->outputs[k], kind, FRAME_CRITICAL, body, e);
	return r;
}

int split_forward(struct split *s, enum frame_kind kind, const struct batch *body, struct error *e)
{
	int r = kind == FRAME_HELLO ? forward_hello(s, body, e) : forward_mark(s, kind, body, e);
	return r ? r : split_flush(s, e);
}

int split_flush(struct split *s, struct error *e)
{
	int r = 0;
	for (uint32_t k = 0; k < s->count && !r; k++)
		r = output_flush(s->outputs[k], e);
	return r;
}

void split_set_bounded(struct split *s, enum frame_bounded bounded)
{
	for (uint32_t k = 0; k < s->count; k++)
		output_set_bounded(s->outputs[k], bounded);
}

int split_end(struct split *s, struct flow *f, struct error *e)
{
	struct batch body;
	int r = 0;
	batch_init(&body);
	for (uint32_t k = 0; k < s->count && !r; k++) {
		flow_end_body(f, k > 0, &body);
		r = output_control(s->outputs[k], FRAME_END, 0, &body, e);
		if (!r)
			r = output_finish(s->outputs[k], e);
	}
	batch_release(&body);
	return r;
}
