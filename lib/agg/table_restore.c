/* Snapshots back into a table, the newest first: what was said first counts. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "record/batch_rows.h"

enum {
	CHUNK_GROUPS = 8192,   /* of a run that is being written, */
	CHUNK_BYTES = 1 << 20, /* and bytes of their states */
};

/* What the groups that are being read are for. */
enum use { SKIP, MEMORY, RUN };

struct restoring {
	struct keys ids;     /* of panes that something was said of */
	struct pane **panes; /* by the number of their id; NULL: gone */
	uint32_t cap;
	struct value *values; /* of a key */
	struct pane *current; /* what the groups are of */
	enum use use;
	struct pane_run run; /* being written; run NULL: none */
	struct pane *run_of;
	struct pane *chunk; /* of it */
	size_t chunk_bytes;
};

void table_restoring_free(struct table *t)
{
	struct restoring *r = t->restoring;
	if (!r)
		return;
	run_free(r->run.run);
	pane_free(r->chunk, &t->shape);
	keys_release(&r->ids);
	free(r->panes);
	free(r->values);
	free(r);
	t->restoring = NULL;
}

static int makes_no_sense(struct error *e)
{
	return error_set(e, ERR_FAILED, "a snapshot of aggregates that makes no sense, though its checksums are right");
}

/* -- panes -- */

/* The place of a pane by its id; *known: something was said of it. */
static struct pane **pane_place(struct restoring *r, uint64_t id, bool *known)
{
	uint32_t before = r->ids.count, number = keys_number(&r->ids, value_int((int64_t)id));
	*known = number < before;
	if (number >= r->cap) {
		r->cap = (uint32_t)mem_grow(r->cap, number + 1);
		r->panes = mem_resize(r->panes, r->cap, sizeof *r->panes);
	}
	if (!*known)
		r->panes[number] = NULL;
	return &r->panes[number];
}

static void read_pane(struct table *t, struct state_reader *s)
{
	struct restoring *r = t->restoring;
	bool known, keyed = table_is_keyed(t);
	uint64_t id = state_varint(s);
	struct pane **place = pane_place(r, id, &known);
	struct span span = {state_zigzag(s), state_zigzag(s)};
	int64_t least = state_zigzag(s), greatest = state_zigzag(s), records = (int64_t)state_varint(s);
	bool touched = state_byte(s);
	uint64_t generation = state_varint(s);
	if (keyed)
		table_read_values(s, r->values, (uint32_t)t->spec.by_count);
	s->bad |= !id || id > t->changes.last_id || generation > UINT32_MAX || records < 0 || span.start > span.end;
	if (known || s->bad)
		return;
	uint64_t last = t->changes.last_id;
	struct pane *p = *place = table_add_pane(t, span);
	t->changes.last_id = last;
	p->id = id;
	p->least = least;
	p->greatest = greatest;
	p->records = records;
	p->touched = touched;
	p->generation = (uint32_t)generation;
	if (keyed)
		table_place_by_key(t, p, r->values);
}

/* -- runs -- */

static int write_chunk(struct table *t, struct error *e)
{
	struct restoring *r = t->restoring;
	int code = table_write_groups(t, r->run.run, r->chunk, e);
	pane_drain(r->chunk, &t->shape);
	r->chunk_bytes = 0;
	return code;
}

static int finish_run(struct table *t, struct error *e)
{
	struct restoring *r = t->restoring;
	if (!r->run.run)
		return OK;
	int code = write_chunk(t, e);
	if (!code)
		code = run_finish(r->run.run, e);
	if (code)
		return code;
	table_add_run(r->run_of, r->run);
	r->run.run = NULL;
	return OK;
}

/* Goes on with the run that was begun in the row before, or begins it. */
static int open_run(struct table *t, struct pane *p, uint32_t generation, uint32_t level, struct error *e)
{
	struct restoring *r = t->restoring;
	if (r->run.run && r->run_of == p && r->run.generation == generation)
		return OK;
	int code = finish_run(t, e);
	if (code)
		return code;
	if (!t->spool)
		return error_set(e, ERR_USAGE, "a snapshot of aggregates that were beyond a limit, and there is none");
	if (!r->chunk)
		r->chunk = pane_new(&t->shape, p->span);
	r->run = (struct pane_run){.level = level, .generation = generation};
	r->run_of = p;
	return run_new(t->spool, &r->run.run, e);
}

static int compare_runs(const void *a, const void *b)
{
	const struct pane_run *x = a, *y = b;
	return (x->generation > y->generation) - (x->generation < y->generation);
}

/* -- groups -- */

static int read_of(struct table *t, struct state_reader *s, struct error *e)
{
	struct restoring *r = t->restoring;
	bool known;
	uint64_t id = state_varint(s), generation = state_varint(s), level = state_varint(s);
	struct pane *p = *pane_place(r, id, &known);
	s->bad |= !known || generation > UINT32_MAX || level > UINT32_MAX;
	r->current = p;
	r->use = SKIP;
	if (!p || s->bad)
		return OK;
	if (!level && generation == p->generation)
		r->use = MEMORY;
	if (!level || generation >= p->generation)
		return OK;
	r->use = RUN;
	return open_run(t, p, (uint32_t)generation, (uint32_t)level - 1, e);
}

static int read_group(struct table *t, struct state_reader *s, struct error *e)
{
	struct restoring *r = t->restoring;
	table_read_values(s, r->values, t->key_count);
	uint64_t len = state_count(s, 1);
	const char *states = state_bytes(s, len);
	if (s->bad || r->use == SKIP)
		return OK;
	struct pane *p = r->use == RUN ? r->chunk : r->current;
	uint32_t before = p->groups.count, group = groups_number(&p->groups, r->values);
	if (group < before)
		return OK;
	struct state_reader in = {.p = states, .end = states + len};
	table_load_states(t, p, group, &in);
	s->bad |= in.bad || in.p != in.end;
	r->chunk_bytes += r->use == RUN ? len : 0;
	if (r->use == RUN && (p->groups.count >= CHUNK_GROUPS || r->chunk_bytes >= CHUNK_BYTES))
		return write_chunk(t, e);
	return OK;
}

/* -- rows -- */

static void read_gone(struct table *t, struct state_reader *s)
{
	bool known;
	pane_place(t->restoring, state_varint(s), &known);
}

static int read_entries(struct table *t, struct value cell, struct error *e)
{
	struct state_reader s = {.p = cell.s, .end = cell.s + cell.len};
	int code = OK;
	t->restoring->current = NULL;
	t->restoring->use = SKIP;
	while (!code && !s.bad && s.p < s.end) {
		switch (state_byte(&s)) {
		case ENTRY_GONE: read_gone(t, &s); break;
		case ENTRY_PANE: read_pane(t, &s); break;
		case ENTRY_OF: code = read_of(t, &s, e); break;
		case ENTRY_GROUP: code = read_group(t, &s, e); break;
		default: s.bad = true;
		}
	}
	return code || !s.bad ? code : makes_no_sense(e);
}

static int read_head(struct table *t, const struct batch *b, uint32_t row, struct error *e)
{
	/* (An older one may be from before the window was known.) */
	int code = t->restoring ? OK : table_check_about(t, batch_get(b, row, table_partial), e);
	if (code || t->restoring)
		return code;
	t->restoring = mem_zero(sizeof *t->restoring);
	size_t most = t->key_count > t->spec.by_count ? t->key_count : t->spec.by_count;
	t->restoring->values = mem_array(most, sizeof *t->restoring->values);
	t->closed = batch_get(b, row, "closed").i;
	t->oldest = batch_get(b, row, "oldest").i;
	t->oldest_at = batch_get(b, row, "oldest_at").i;
	t->changes.last_id = (uint64_t)batch_get(b, row, "last").i;
	return OK;
}

static int finish(struct table *t, struct error *e)
{
	if (!t->restoring)
		return OK;
	int code = finish_run(t, e);
	for (uint32_t i = 0; i < t->pane_count; i++)
		if (t->panes[i]->run_count)
			qsort(t->panes[i]->runs, t->panes[i]->run_count, sizeof *t->panes[i]->runs, compare_runs);
	t->grown = t->headroom; /* whether it is too much is looked at when the next records have come */
	table_restoring_free(t);
	return code;
}

int table_restore(struct table *t, const struct batch *b, struct error *e)
{
	if (!b)
		return finish(t, e);
	int code = OK;
	for (uint32_t i = 0; i < batch_count(b) && !code; i++) {
		uint32_t row = batch_row(b, i);
		struct value state = batch_get(b, row, table_state);
		if (state.type != TYPE_BYTES)
			code = read_head(t, b, row, e);
		else
			code = t->restoring ? read_entries(t, state, e) : makes_no_sense(e);
	}
	return code;
}
