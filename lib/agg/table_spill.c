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

enum {
	FAN_IN = 16,           /* runs of one level that become one of the next */
	FRAME_BYTES = 1 << 17, /* of states in a frame */
	SUM_GROUPS = 8192,     /* of a sum, before its memory is looked at */
};

/* -- out -- */

static int write_rows(struct table *t, struct run *run, struct error *e)
{
	int code = run_write(run, &t->spilled.b, e);
	batch_clear(&t->spilled.b);
	return code;
}

int table_write_groups(struct table *t, struct run *run, struct pane *p, struct error *e)
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

void table_add_run(struct pane *p, struct pane_run run)
{
	p->runs = mem_resize(p->runs, p->run_count + 1, sizeof *p->runs);
	p->runs[p->run_count++] = run;
}

/* -- runs of a pane -- */

static int write_chunk(struct table *t, struct pane *chunk, void *arg, struct error *e)
{
	return table_write_groups(t, arg, chunk, e);
}

/* FAN_IN runs of one level become one of the next, in their place. */
static int fold(struct table *t, struct pane *p, uint32_t at, struct error *e)
{
	struct pane_run *runs = p->runs + at;
	struct run *run;
	int code = run_new(t->spool, &run, e);
	if (code)
		return code;
	code = table_merge_runs(t, p, runs, FAN_IN, write_chunk, run, e);
	if (!code)
		code = run_finish(run, e);
	if (code) {
		run_free(run);
		return code;
	}
	for (uint32_t i = 0; i < FAN_IN; i++)
		run_free(runs[i].run);
	runs[0] = (struct pane_run){run, runs[0].level + 1, runs[FAN_IN - 1].generation, true};
	p->run_count -= FAN_IN - 1;
	memmove(runs + 1, runs + FAN_IN, (p->run_count - at - 1) * sizeof *runs);
	return OK;
}

/* Where FAN_IN runs of one level begin; UINT32_MAX: nowhere. One that no snapshot has yet stays as it is until then. */
static uint32_t foldable(const struct table *t, const struct pane *p)
{
	uint32_t alike = 0;
	for (uint32_t i = 0; i < p->run_count; i++) {
		if (t->tracks && p->id && !p->runs[i].saved)
			break;
		alike = alike && p->runs[i].level == p->runs[i - 1].level ? alike + 1 : 1;
		if (alike == FAN_IN)
			return i + 1 - FAN_IN;
	}
	return UINT32_MAX;
}

int table_fold_runs(struct table *t, struct pane *p, struct error *e)
{
	uint32_t at;
	while ((at = foldable(t, p)) != UINT32_MAX)
		if (fold(t, p, at, e))
			return e->code;
	return OK;
}

int table_spill_pane(struct table *t, struct pane *p, struct error *e)
{
	struct run *run;
	int code = p->groups.count ? run_new(t->spool, &run, e) : OK;
	if (code || !p->groups.count)
		return code;
	code = table_write_groups(t, run, p, e);
	if (!code)
		code = run_finish(run, e);
	if (code) {
		run_free(run);
		return code;
	}
	pane_drain(p, &t->shape);
	table_add_run(p, (struct pane_run){.run = run, .generation = p->generation++});
	table_note_change(t, p);
	return table_fold_runs(t, p, e);
}

/* -- panes with runs -- */

static int merge_pane(struct table *t, struct pane *p, table_take take, void *arg, struct error *e)
{
	int code = table_spill_pane(t, p, e);
	return code ? code : table_merge_runs(t, p, p->runs, p->run_count, take, arg, e);
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
	if (!t->limit || sum->groups.count < SUM_GROUPS || pane_memory(sum, &t->shape) < t->limit / 4)
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
