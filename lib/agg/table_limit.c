/* The limit of memory: when it is looked at, and what is done when there is too little. */
#include <stdlib.h>
#include <string.h>

#include "agg/table_private.h"
#include "base/mem.h"

enum {
	SMALL_PANE = 8192, /* bytes: not worth a run of its own while others are greater */
	ROW_GROWTH = 256,  /* bytes that a record may add beside its texts */
};

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
