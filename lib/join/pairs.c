#include "join/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LEFT_OUT UINT16_MAX

void pairs_init(struct pairs *p, const char *prefix, const char *const *keys, uint32_t key_count)
{
	*p = (struct pairs){.prefix = prefix, .keys = keys, .key_count = key_count};
	batch_init(&p->out);
}

void pairs_release(struct pairs *p)
{
	for (uint32_t i = 0; i < PAIR_WAYS; i++)
		free(p->ways[i].columns);
	batch_release(&p->out);
	*p = (struct pairs){0};
}

static void forget(struct pairs *p)
{
	for (uint32_t i = 0; i < PAIR_WAYS; i++)
		p->ways[i].left = NULL;
	p->generation = p->out.generation;
}

void pairs_clear(struct pairs *p)
{
	batch_clear(&p->out);
	if (p->generation != p->out.generation)
		forget(p);
}

void pairs_begin(struct pairs *p)
{
	batch_clear(&p->out);
	forget(p);
}

static bool is_key(const struct pairs *p, const struct column *c)
{
	for (uint32_t i = 0; i < p->key_count; i++)
		if (strlen(p->keys[i]) == c->name_len && !memcmp(p->keys[i], c->name, c->name_len))
			return true;
	return false;
}

static bool has_field(const struct batch *b, const struct shape *s, const struct column *c)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct column *own = &b->columns[s->columns[i]];
		if (own->name_len == c->name_len && !memcmp(own->name, c->name, c->name_len))
			return true;
	}
	return false;
}

/* The column of a right field; -1: no room. */
static int right_column(struct pairs *p, const struct batch *left, const struct shape *s, const struct column *c)
{
	const char *before = p->prefix ? p->prefix : has_field(left, s, c) ? "other_" : "";
	if (!*before)
		return batch_column(&p->out, c->name, c->name_len);
	struct buf name = BUF_INIT;
	buf_string_append(&name, before);
	buf_append(&name, c->name, c->name_len);
	int at = batch_column(&p->out, name.data, name.len);
	buf_release(&name);
	return at;
}

/* Of fields that come to the same name the first stays. */
static bool is_new(const uint16_t *columns, uint32_t count, int at)
{
	for (uint32_t i = 0; i < count; i++)
		if (columns[i] == at)
			return false;
	return true;
}

static bool make_way(struct pairs *p, struct pair_way *w, const struct shape *left, const struct shape *right)
{
	uint32_t total = left->count + (right ? right->count : 0), n = 0;
	if (w->cap < 2 * total + 1) {
		w->cap = 2 * total + 1;
		w->columns = mem_resize(w->columns, w->cap, sizeof *w->columns);
	}
	uint16_t *list = w->columns + total; /* those of the shape, which leaves some out */
	for (uint32_t i = 0; i < total; i++) {
		const struct column *c = i < left->count ? &w->left->columns[left->columns[i]]
							 : &w->right->columns[right->columns[i - left->count]];
		w->columns[i] = LEFT_OUT;
		if (i >= left->count && is_key(p, c))
			continue;
		int at = i < left->count ? batch_column(&p->out, c->name, c->name_len)
					 : right_column(p, w->left, left, c);
		if (at < 0 || at == LEFT_OUT)
			return false;
		if (!is_new(list, n, at))
			continue;
		w->columns[i] = (uint16_t)at;
		list[n++] = (uint16_t)at;
	}
	int shape = batch_shape_of(&p->out, list, n);
	w->shape = (uint32_t)shape;
	return shape >= 0;
}

static struct pair_way *find_way(struct pairs *p, const struct batch *left, uint32_t left_shape,
				 const struct batch *right, uint32_t right_shape)
{
	uint64_t hash = hash_mix((uint64_t)(uintptr_t)right ^ right_shape, (uint64_t)(uintptr_t)left + left_shape);
	struct pair_way *w = &p->ways[hash % PAIR_WAYS];
	if (w->left == left && w->right == right && w->left_shape == left_shape && w->right_shape == right_shape)
		return w;
	w->left = left;
	w->right = right;
	w->left_shape = left_shape;
	w->right_shape = right_shape;
	if (make_way(p, w, &left->shapes[left_shape], right ? &right->shapes[right_shape] : NULL))
		return w;
	w->left = NULL;
	return NULL;
}

static void put_meta(struct batch *out, const struct batch *left, uint32_t row, uint32_t at)
{
	for (enum meta m = 0; m < META_COUNT; m++) {
		struct value v = column_get(&left->meta[m], row);
		if (out->meta[m].form == COLUMN_VALUES || v.type != TYPE_ABSENT)
			batch_meta(out, m)[at] = v;
	}
}

static void put_fields(struct batch *out, const struct batch *from, uint32_t row, const struct shape *s,
		       const uint16_t *columns, uint32_t at)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (columns[i] != LEFT_OUT)
			out->columns[columns[i]].values[at] = column_get(&from->columns[s->columns[i]], row);
}

bool pairs_add(struct pairs *p, const struct batch *left, uint32_t left_row, const struct batch *right,
	       uint32_t right_row, const int64_t *time)
{
	struct batch *out = &p->out;
	uint32_t ls = left->shape_of ? left->shape_of[left_row] : 0;
	uint32_t rs = right && right->shape_of ? right->shape_of[right_row] : 0;
	if (out->rows == BATCH_ROWS)
		return false;
	struct pair_way *w = find_way(p, left, ls, right, rs);
	if (!w)
		return false;
	const struct shape *s = &left->shapes[ls];
	uint32_t at = batch_begin(out);
	put_fields(out, left, left_row, s, w->columns, at);
	if (right)
		put_fields(out, right, right_row, &right->shapes[rs], w->columns + s->count, at);
	if (time)
		batch_meta(out, META_TIME)[at] = value_time(*time);
	else
		put_meta(out, left, left_row, at);
	batch_end(out, w->shape, 0);
	return true;
}
