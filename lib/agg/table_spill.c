/*
 * Groups beyond the limit, on disk. A pane's groups go out as a run of partial results, ordered by key; when their window closes,
 * the runs of a pane are merged group by group, in the order in which results come out, so that no more than a piece of
 * each is in memory. What one window has of several panes is summed in a pane that may have runs of its own.
 *
 * Runs are merged the oldest first: what depends on arrival (ties of first and last, the spelling of a key) is as if nothing
 * had been written.
 */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"

enum {
	FAN_IN = 16,           /* runs of one level that become one of the next */
	FRAME_BYTES = 1 << 17, /* of states in a frame */
	CHUNK_BYTES = 1 << 20, /* of states in a piece of the result, */
	CHUNK_GROUPS = 8192,   /* and groups */
	SMALL_PANE = 8192,     /* bytes: not worth a run of its own while others are greater */
	ROW_GROWTH = 256,      /* bytes that a record may add beside its texts */
};

/* -- out -- */

static int write_rows(struct table *t, struct run *run, struct error *e)
{
	int code = run_write(run, &t->spilled.b, e);
	batch_clear(&t->spilled.b);
	return code;
}

/* Appends all groups, by key. */
static int write_groups(struct table *t, struct run *run, struct pane *p, struct error *e)
{
	uint32_t count = p->groups.count;
	uint32_t *groups = mem_array(count, sizeof *groups);
	int code = OK;
	groups_sorted(&p->groups, groups);
	for (uint32_t i = 0; i < count && !code; i++) {
		table_put_state(t, &t->spilled, p, groups[i]);
		if (t->spilled.b.rows == RUN_ROWS || t->spilled.bytes > FRAME_BYTES || i + 1 == count)
			code = write_rows(t, run, e);
	}
	free(groups);
	return code;
}

static void add_run(struct pane *p, struct run *run, uint32_t level)
{
	p->runs = mem_resize(p->runs, p->run_count + 1, sizeof *p->runs);
	p->runs[p->run_count++] = (struct pane_run){run, level};
}

/* -- back: the groups of several runs, in order -- */

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

typedef int (*take_chunk)(struct table *t, struct pane *chunk, void *arg, struct error *e);

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
static int hand_out(struct merging *m, const struct pane *p, take_chunk take, void *arg, struct error *e)
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

/* The groups of these runs of a pane, in order, piece by piece. */
static int merge_runs(struct table *t, const struct pane *p, const struct pane_run *runs, uint32_t count,
		      take_chunk take, void *arg, struct error *e)
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

/* -- runs of a pane -- */

static int write_chunk(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	return write_groups(t, arg, chunk, e);
}

/* The newest FAN_IN runs are of one level: they become one of the next. */
static int fold(struct table *t, struct pane *p, struct error *e)
{
	struct pane_run *runs = p->runs + p->run_count - FAN_IN;
	struct run *run;
	uint32_t level = runs->level + 1;
	int code = run_new(t->spool, &run, e);
	if (code)
		return code;
	code = merge_runs(t, p, runs, FAN_IN, write_chunk, run, e);
	if (!code)
		code = run_finish(run, e);
	if (code) {
		run_free(run);
		return code;
	}
	for (uint32_t i = 0; i < FAN_IN; i++)
		run_free(runs[i].run);
	p->run_count -= FAN_IN;
	add_run(p, run, level);
	return OK;
}

int table_spill_pane(struct table *t, struct pane *p, struct error *e)
{
	struct run *run;
	int code = p->groups.count ? run_new(t->spool, &run, e) : OK;
	if (code || !p->groups.count)
		return code;
	code = write_groups(t, run, p, e);
	if (!code)
		code = run_finish(run, e);
	if (code) {
		run_free(run);
		return code;
	}
	pane_drain(p, &t->shape);
	add_run(p, run, 0);
	while (!code && p->run_count >= FAN_IN &&
	       p->runs[p->run_count - FAN_IN].level == p->runs[p->run_count - 1].level)
		code = fold(t, p, e);
	return code;
}

/* -- panes with runs -- */

static int merge_pane(struct table *t, struct pane *p, take_chunk take, void *arg, struct error *e)
{
	int code = table_spill_pane(t, p, e);
	return code ? code : merge_runs(t, p, p->runs, p->run_count, take, arg, e);
}

struct emission {
	struct span w;
	table_emit emit;
	void *self;
};

static int emit_chunk(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	const struct emission *to = arg;
	return table_emit_pane(t, chunk, to->w, to->emit, to->self, e);
}

int table_emit_spilled(struct table *t, struct pane *p, struct span w, table_emit emit, void *self, struct error *e)
{
	struct emission to = {w, emit, self};
	return merge_pane(t, p, emit_chunk, &to, e);
}

static int put_chunk(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	const struct emission *to = arg;
	return table_put_partials(t, chunk, to->emit, to->self, e);
}

int table_put_spilled(struct table *t, struct pane *p, table_emit emit, void *self, struct error *e)
{
	struct emission to = {p->span, emit, self};
	return merge_pane(t, p, put_chunk, &to, e);
}

static int keep_sum_small(struct table *t, struct pane *sum, struct error *e)
{
	if (!t->limit || sum->groups.count < CHUNK_GROUPS || pane_memory(sum, &t->shape) < t->limit / 4)
		return OK;
	return table_spill_pane(t, sum, e);
}

static int sum_chunk(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	struct pane *sum = arg;
	pane_merge(sum, chunk, &t->shape);
	return keep_sum_small(t, sum, e);
}

int table_sum_pane(struct table *t, struct pane *sum, struct pane *p, struct error *e)
{
	if (p->run_count)
		return merge_pane(t, p, sum_chunk, sum, e);
	pane_merge(sum, p, &t->shape);
	return keep_sum_small(t, sum, e);
}

/* -- the limit -- */

void table_limit(struct table *t, size_t limit, const char *dir)
{
	t->limit = limit;
	t->headroom = limit / 2;
	if (limit)
		t->spool = spool_new(dir);
}

/* The texts of a column of `rows` rows. */
static size_t text_bytes(const struct column *c, uint32_t rows)
{
	size_t bytes = 0;
	if (c->form == COLUMN_TEXT)
		return c->offsets[rows] - c->offsets[0];
	if (c->form == COLUMN_CONST)
		return value_has_text(c->value) ? c->value.len : 0;
	const struct value *values = c->form == COLUMN_VALUES ? c->values : c->form == COLUMN_DICT ? c->dict : NULL;
	uint32_t count = c->form == COLUMN_DICT ? c->dict_size : rows;
	for (uint32_t i = 0; values && i < count; i++)
		bytes += value_has_text(values[i]) ? values[i].len : 0;
	/* Each row may keep a copy of its own. */
	return c->form == COLUMN_DICT && count ? bytes + bytes / count * rows : bytes;
}

/* At most, about, what these records have added. */
static size_t growth(const struct table *t, const struct batch *b)
{
	size_t bytes = (size_t)batch_count(b) * ROW_GROWTH;
	if (t->takes_partials)
		return bytes + text_bytes(batch_field(b, table_state, strlen(table_state)), b->rows);
	for (uint32_t k = 0; k < t->key_count; k++)
		bytes += text_bytes(&t->keys[k].column, b->rows);
	for (uint32_t i = 0; i < t->arg_count; i++)
		bytes += text_bytes(&t->args[i].column, b->rows);
	return bytes;
}

/* Panes of at least `least` bytes. */
static int spill_panes(struct table *t, size_t least, struct error *e)
{
	int code = OK;
	table_drop_running(t);
	for (uint32_t i = 0; i < t->pane_count && !code; i++)
		if (!least || pane_memory(t->panes[i], &t->shape) >= least)
			code = table_spill_pane(t, t->panes[i], e);
	return code;
}

static int give_early(struct table *t, table_emit emit, void *self, struct error *e)
{
	int code = table_give(t, emit, self, e);
	if (t->has_window && t->spec.kind == WINDOW_SESSION)
		for (uint32_t i = 0; i < t->by_cap; i++)
			t->by_panes[i].count = 0;
	return code;
}

static bool can_shrink(const struct table *t)
{
	return !t->has_window || t->spec.kind <= WINDOW_CUMULATE ||
	       (t->gives_partials && t->spec.kind == WINDOW_SESSION);
}

static int shrink(struct table *t, table_emit emit, void *self, struct error *e)
{
	if (!can_shrink(t))
		return OK;
	if (t->gives_partials)
		return give_early(t, emit, self, e);
	int code = spill_panes(t, SMALL_PANE, e);
	return code || table_memory(t) <= t->limit / 2 ? code : spill_panes(t, 0, e);
}

int table_shrink(struct table *t, const struct batch *b, table_emit emit, void *self, struct error *e)
{
	if (!t->limit)
		return OK;
	t->grown += growth(t, b);
	if (t->grown < t->headroom)
		return OK;
	/* A quarter is for what is being written, and for arrays that are moved as they grow. */
	size_t most = t->limit / 4 * 3, memory = table_memory(t);
	int code = memory > most ? shrink(t, emit, self, e) : OK;
	if (code)
		return code;
	if (memory > most)
		memory = table_memory(t);
	if (memory > t->limit)
		return error_set(
			e, ERR_FAILED, "%s",
			can_shrink(t) ? "the windows that are open need more memory than --limit; make it greater, or "
					"the windows fewer (stream-window --delay)"
				      : "the groups of sessions and counts need more memory than --limit: make it "
					"greater, or use stream-shard");
	t->grown = 0;
	t->headroom = memory < most ? most - memory : 0;
	if (t->headroom < t->limit / 16)
		t->headroom = t->limit / 16;
	return OK;
}
