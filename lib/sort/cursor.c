#include "sort/cursor.h"

#include <stdlib.h>

#include "base/mem.h"

/* -- one source -- */

static void retire(struct merge_sources *m, struct block *k)
{
	if (m->done_count == m->done_cap) {
		m->done_cap = (uint32_t)mem_grow(m->done_cap, m->done_count + 1);
		m->done = mem_resize(m->done, m->done_cap, sizeof *m->done);
	}
	m->done[m->done_count++] = k;
}

/* The keys are made anew from the records: they are no part of a run. */
static int next_block(struct merge_sources *m, struct cursor *c, struct error *e)
{
	if (c->block)
		retire(m, c->block);
	c->block = NULL;
	int r = run_read(c->run, &c->offset, &c->block, e);
	if (r)
		return r;
	c->ended = !c->block;
	c->at = 0;
	if (c->ended)
		return 0;
	key_spec_apply(c->spec, &c->block->rows, &c->keys);
	if (c->keys.count != c->block->rows.rows)
		return error_set(e, ERR_FAILED, "a record that had a key has none when it is read again");
	return 0;
}

/* The row that it is at. */
static void look(struct cursor *c)
{
	if (c->run) {
		c->ref = (struct row_ref){c->block, c->at};
		c->key = key_bytes(&c->keys, c->at);
		c->key_len = key_len(&c->keys, c->at);
		return;
	}
	const struct sorter *s = c->sorter;
	uint32_t number = s->items[c->at].number;
	c->ref = s->refs[number];
	c->key = s->keys.data + s->key_at[number];
	c->key_len = s->key_at[number + 1] - s->key_at[number];
}

static int step(struct merge_sources *m, struct cursor *c, struct error *e)
{
	c->at++;
	if (!c->run)
		c->ended = c->at == c->sorter->count;
	else if (c->at == c->block->rows.rows) {
		int r = next_block(m, c, e);
		if (r)
			return r;
	}
	if (!c->ended)
		look(c);
	return 0;
}

/* -- all of them -- */

void sources_add(struct merge_sources *m, struct key_spec *spec, struct run *const *runs, uint32_t count,
		 const struct sorter *last)
{
	bool memory = last && last->count;
	m->cursors = mem_resize(m->cursors, m->count + count + memory + 1, sizeof *m->cursors);
	for (uint32_t i = 0; i < count; i++)
		m->cursors[m->count++] = (struct cursor){.run = runs[i], .spec = spec};
	if (memory)
		m->cursors[m->count++] = (struct cursor){.sorter = last};
}

static bool before(const struct merge_sources *m, uint32_t a, uint32_t b)
{
	const struct cursor *x = &m->cursors[a], *y = &m->cursors[b];
	int order = order_compare(x->key, x->key_len, y->key, y->key_len);
	return order ? order < 0 : a < b;
}

static void sift_down(struct merge_sources *m, uint32_t at)
{
	for (;;) {
		uint32_t least = at, left = 2 * at + 1, right = left + 1;
		if (left < m->heap_count && before(m, m->heap[left], m->heap[least]))
			least = left;
		if (right < m->heap_count && before(m, m->heap[right], m->heap[least]))
			least = right;
		if (least == at)
			return;
		uint32_t swap = m->heap[at];
		m->heap[at] = m->heap[least];
		m->heap[least] = swap;
		at = least;
	}
}

int sources_start(struct merge_sources *m, struct error *e)
{
	m->heap = mem_array(m->count + 1, sizeof *m->heap);
	for (uint32_t i = 0; i < m->count; i++) {
		struct cursor *c = &m->cursors[i];
		int r = c->run ? next_block(m, c, e) : 0;
		if (r)
			return r;
		if (c->ended)
			continue;
		look(c);
		m->heap[m->heap_count++] = i;
	}
	for (uint32_t i = m->heap_count / 2; i-- > 0;)
		sift_down(m, i);
	return 0;
}

int sources_next(struct merge_sources *m, struct row_ref *refs, uint32_t room, uint32_t *count, struct error *e)
{
	for (*count = 0; *count < room && m->heap_count;) {
		struct cursor *c = &m->cursors[m->heap[0]];
		refs[(*count)++] = c->ref;
		int r = step(m, c, e);
		if (r)
			return r;
		if (c->ended)
			m->heap[0] = m->heap[--m->heap_count];
		sift_down(m, 0);
	}
	return 0;
}

void sources_forget(struct merge_sources *m)
{
	for (uint32_t i = 0; i < m->done_count; i++)
		block_free(m->done[i]);
	m->done_count = 0;
}

void sources_release(struct merge_sources *m)
{
	sources_forget(m);
	for (uint32_t i = 0; i < m->count; i++) {
		block_free(m->cursors[i].block);
		key_list_release(&m->cursors[i].keys);
	}
	free(m->cursors);
	free(m->heap);
	free(m->done);
	*m = (struct merge_sources){0};
}
