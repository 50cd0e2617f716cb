/* A table as a snapshot: entries (snapshot.h), a row for each ENTRIES_SIZE bytes of them. */
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "record/batch_rows.h"

enum { ENTRIES_SIZE = 1 << 18 };

struct writing {
	struct table *t;
	table_emit emit;
	void *self;
	struct buf *entries;
	const struct pane *of; /* what the groups that are being written are of; NULL: not said yet in this row */
	uint32_t generation, level;
};

/* -- rows -- */

static int emit_row(struct writing *w, const struct field *fields, uint32_t count, struct error *e)
{
	struct batch b;
	batch_init(&b);
	batch_add_row(&b, fields, count);
	int code = w->emit(w->self, &b, e);
	batch_release(&b);
	return code;
}

static int emit_entries(struct writing *w, struct error *e)
{
	struct buf *entries = w->entries;
	if (!entries->len)
		return OK;
	struct field row = {table_state, value_text(TYPE_BYTES, entries->data, entries->len)};
	int code = emit_row(w, &row, 1, e);
	buf_clear(entries);
	w->of = NULL;
	return code;
}

static int make_room(struct writing *w, struct error *e)
{
	return w->entries->len < ENTRIES_SIZE ? OK : emit_entries(w, e);
}

static int put_head(struct writing *w, struct error *e)
{
	struct table *t = w->t;
	struct field row[] = {{table_partial, table_about(t)},
			      {"closed", value_int(t->closed)},
			      {"oldest", value_int(t->oldest)},
			      {"oldest_at", value_int(t->oldest_at)},
			      {"last", value_int((int64_t)t->changes.last_id)}};
	return emit_row(w, row, sizeof row / sizeof *row, e);
}

/* -- entries -- */

static int put_gone(struct writing *w, struct error *e)
{
	const struct changes *c = &w->t->changes;
	int code = OK;
	for (size_t i = 0; i < c->gone_count && !code; i++) {
		buf_byte(w->entries, ENTRY_GONE);
		state_put_varint(w->entries, c->gone[i]);
		code = make_room(w, e);
	}
	return code;
}

static void put_pane(struct writing *w, const struct pane *p)
{
	struct buf *out = w->entries;
	buf_byte(out, ENTRY_PANE);
	state_put_varint(out, p->id);
	state_put_zigzag(out, p->span.start);
	state_put_zigzag(out, p->span.end);
	state_put_zigzag(out, p->least);
	state_put_zigzag(out, p->greatest);
	state_put_varint(out, (uint64_t)p->records);
	buf_byte(out, p->touched);
	state_put_varint(out, p->generation);
	if (table_is_keyed(w->t))
		table_put_values(out, &w->t->by, p->key);
}

static void put_of(struct writing *w, const struct pane *p)
{
	buf_byte(w->entries, ENTRY_OF);
	state_put_varint(w->entries, p->id);
	state_put_varint(w->entries, w->generation);
	state_put_varint(w->entries, w->level);
	w->of = p;
}

/* `holder` has the groups: the pane itself, or a piece of one of its runs. */
static int put_group(struct writing *w, const struct pane *p, struct pane *holder, uint32_t group, struct error *e)
{
	struct buf *states = &w->t->cell;
	int code = make_room(w, e);
	if (w->of != p)
		put_of(w, p);
	buf_byte(w->entries, ENTRY_GROUP);
	table_put_values(w->entries, &holder->groups, group);
	buf_clear(states);
	table_put_states(w->t, holder, group, states);
	state_put_varint(w->entries, states->len);
	buf_append(w->entries, states->data, states->len);
	return code;
}

/* -- panes -- */

struct piece {
	struct writing *w;
	const struct pane *of;
};

static int put_piece(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	const struct piece *piece = arg;
	int code = OK;
	(void)t;
	for (uint32_t g = 0; g < chunk->groups.count && !code; g++)
		code = put_group(piece->w, piece->of, chunk, g, e);
	return code;
}

static int put_runs(struct writing *w, struct pane *p, bool changes, struct error *e)
{
	struct piece piece = {w, p};
	int code = OK;
	for (uint32_t i = 0; i < p->run_count && !code; i++) {
		struct pane_run *r = &p->runs[i];
		if (changes && r->saved)
			continue;
		w->of = NULL;
		w->generation = r->generation;
		w->level = r->level + 1;
		code = table_merge_runs(w->t, p, r, 1, put_piece, &piece, e);
		r->saved = true;
	}
	return code ? code : table_fold_runs(w->t, p, e);
}

static int put_groups(struct writing *w, struct pane *p, bool changes, struct error *e)
{
	int code = OK;
	w->of = NULL;
	w->generation = p->generation;
	w->level = 0;
	for (uint32_t g = 0; g < p->groups.count && !code; g++)
		if (!changes || pane_is_marked(p, g))
			code = put_group(w, p, p, g, e);
	return code;
}

static int put_all(struct writing *w, struct pane *p, bool changes, struct error *e)
{
	put_pane(w, p);
	int code = put_runs(w, p, changes && p->saved, e);
	if (!code)
		code = put_groups(w, p, changes && p->saved, e);
	p->saved = true;
	p->changed_at = 0;
	p->marks.kept = true;
	pane_unmark(p);
	return code;
}

int table_snapshot(struct table *t, bool changes, table_emit emit, void *self, struct error *e)
{
	struct changes *c = &t->changes;
	struct writing w = {.t = t, .emit = emit, .self = self, .entries = &c->entries};
	changes = changes && t->tracks;
	t->tracks = true;
	int code = put_head(&w, e);
	if (!code && changes)
		code = put_gone(&w, e);
	uint32_t count = changes ? c->changed_count : t->pane_count;
	for (uint32_t i = 0; i < count && !code; i++) {
		struct pane *p = changes ? c->changed[i] : t->panes[i];
		if (p)
			code = put_all(&w, p, changes, e);
		if (!code)
			code = make_room(&w, e);
	}
	c->gone_count = 0;
	c->changed_count = 0;
	return code ? code : emit_entries(&w, e);
}
