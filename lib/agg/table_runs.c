/* Runs of a pane back from disk: merged by key, the oldest first where keys are the same, and handed out piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"

enum {
	CHUNK_BYTES = 1 << 20, /* of states in a piece, */
	CHUNK_GROUPS = 8192,   /* and groups */
};

struct cursor {
	const struct run *run;
	off_t offset;
	struct block *block; /* NULL: ended */
	uint32_t row;
	struct value *keys; /* of the row */
};

struct merging {
	struct table *t;
	struct cursor *cursors;
	uint32_t *heap; /* numbers of those that have not ended, by keys, then number */
	uint32_t heap_count, count;
	struct value *keys;
	struct pane *chunk;
	size_t bytes; /* of the states in it */
};

static struct value cell(const struct block *k, const char *name, uint32_t row)
{
	return column_get(batch_field(&k->rows, name, strlen(name)), row);
}

static int look(struct merging *m, struct cursor *c, struct error *e)
{
	if (c->block && c->row == c->block->rows.rows) {
		block_free(c->block);
		c->block = NULL;
		c->row = 0;
		int code = run_read(c->run, &c->offset, &c->block, e);
		if (code || !c->block)
			return code;
	}
	for (uint32_t k = 0; k < m->t->key_count; k++)
		c->keys[k] = cell(c->block, m->t->key_names[k], c->row);
	return OK;
}

static int compare_keys(const struct value *a, const struct value *b, uint32_t count)
{
	int order = 0;
	for (uint32_t k = 0; k < count && !order; k++)
		order = value_compare(a[k], b[k]);
	return order;
}

static bool before(const struct merging *m, uint32_t a, uint32_t b)
{
	int order = compare_keys(m->cursors[a].keys, m->cursors[b].keys, m->t->key_count);
	return order ? order < 0 : a < b;
}

static void sift_down(struct merging *m, uint32_t at)
{
	for (uint32_t child; (child = 2 * at + 1) < m->heap_count; at = child) {
		child += child + 1 < m->heap_count && before(m, m->heap[child + 1], m->heap[child]);
		if (!before(m, m->heap[child], m->heap[at]))
			return;
		uint32_t swap = m->heap[at];
		m->heap[at] = m->heap[child];
		m->heap[child] = swap;
	}
}

static int start(struct merging *m, struct table *t, const struct pane_run *runs, uint32_t count, struct error *e)
{
	*m = (struct merging){.t = t, .count = count};
	m->cursors = mem_zero(count * sizeof *m->cursors);
	m->heap = mem_array(count, sizeof *m->heap);
	m->keys = mem_array(((size_t)count + 1) * t->key_count, sizeof *m->keys);
	for (uint32_t i = 0; i < count; i++) {
		struct cursor *c = &m->cursors[i];
		c->run = runs[i].run;
		c->keys = m->keys + ((size_t)i + 1) * t->key_count;
		if (run_read(c->run, &c->offset, &c->block, e) || (c->block && look(m, c, e)))
			return e->code;
		if (c->block)
			m->heap[m->heap_count++] = i;
	}
	for (uint32_t at = m->heap_count; at-- > 0;)
		sift_down(m, at);
	return OK;
}

static void finish(struct merging *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		block_free(m->cursors[i].block);
	pane_free(m->chunk, &m->t->shape);
	free(m->cursors);
	free(m->heap);
	free(m->keys);
}

static bool chunk_is_full(const struct merging *m, const struct cursor *c)
{
	const struct groups *g = &m->chunk->groups;
	if (m->bytes < CHUNK_BYTES && g->count < CHUNK_GROUPS)
		return false;
	for (uint32_t k = 0; k < m->t->key_count; k++)
		m->keys[k] = groups_key(g, g->count - 1, k);
	return compare_keys(m->keys, c->keys, m->t->key_count) != 0;
}

/* Hands out a piece: no group is in two of them. */
static int hand_out(struct merging *m, const struct pane *p, table_take take, void *arg, struct error *e)
{
	m->chunk->least = p->least;
	m->chunk->greatest = p->greatest;
	m->chunk->touched = p->touched;
	int code = take(m->t, m->chunk, arg, e);
	pane_free(m->chunk, &m->t->shape);
	m->chunk = NULL;
	m->bytes = 0;
	return code;
}

static int add_row(struct merging *m, struct cursor *c, const struct pane *p, struct error *e)
{
	struct value state = cell(c->block, table_state, c->row);
	if (!m->chunk)
		m->chunk = pane_new(&m->t->shape, p->span);
	m->bytes += state.len;
	if (!table_load_cell(m->t, m->chunk, state, c->keys))
		return error_set(e, ERR_FAILED, "a temporary file gave back other bytes than were written");
	c->row++;
	return OK;
}

int table_merge_runs(struct table *t, const struct pane *p, const struct pane_run *runs, uint32_t count,
		     table_take take, void *arg, struct error *e)
{
	struct merging m;
	int code = start(&m, t, runs, count, e);
	while (!code && m.heap_count) {
		struct cursor *c = &m.cursors[m.heap[0]];
		if (m.chunk && chunk_is_full(&m, c))
			code = hand_out(&m, p, take, arg, e);
		if (!code)
			code = add_row(&m, c, p, e);
		if (!code)
			code = look(&m, c, e);
		if (!c->block)
			m.heap[0] = m.heap[--m.heap_count];
		sift_down(&m, 0);
	}
	if (!code && m.chunk)
		code = hand_out(&m, p, take, arg, e);
	finish(&m);
	return code;
}
