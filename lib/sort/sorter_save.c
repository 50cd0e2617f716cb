/* A sorter's records for a snapshot. */
#include <stdlib.h>

#include "base/mem.h"
#include "sort/cursor.h"

void sorter_known(struct sorter *s)
{
	for (uint32_t i = 0; i < s->fresh_count; i++)
		run_free(s->fresh[i]);
	s->fresh_count = 0;
	s->fresh_rows = 0;
	s->known = s->count;
}

static int to_run(void *self, const struct batch *b, struct error *e)
{
	return run_write(self, b, e);
}

int sorter_put_aside(struct sorter *s, struct error *e)
{
	struct run *run;
	if (!s->kept || s->known == s->count)
		return 0;
	int r = run_new(s->spool, &run, e);
	if (r)
		return r;
	const struct state_out out = {.add = to_run, .self = run};
	r = state_refs(&out, s->refs + s->known, s->count - s->known, e);
	if (!r)
		r = run_finish(run, e);
	if (r) {
		run_free(run);
		return r;
	}
	s->fresh = mem_resize(s->fresh, s->fresh_count + 1, sizeof(struct run *));
	s->fresh[s->fresh_count++] = run;
	s->fresh_rows += s->count - s->known;
	s->known = s->count;
	return 0;
}

static int save_run(const struct run *run, const struct state_out *o, struct error *e)
{
	struct block *k = NULL;
	off_t at = 0;
	int r;
	while (!(r = run_read(run, &at, &k, e)) && k) {
		r = o->add(o->self, &k->rows, e);
		block_free(k);
		if (r)
			break;
	}
	return r;
}

/* Rows of these runs, and of memory from the first-th on. Runs are older, and each is in an order that sorting it again leaves as it is. */
static int save_rows(struct sorter *s, const struct state_out *o, struct run *const *runs, uint32_t count,
		     uint32_t first, struct error *e)
{
	int r = 0;
	for (uint32_t i = 0; i < count && !r; i++)
		r = save_run(runs[i], o, e);
	return r ? r : state_refs(o, s->refs + first, s->count - first, e);
}

int sorter_save(struct sorter *s, const struct state_out *o, const struct field *more, uint32_t count, struct error *e)
{
	bool change = o->changes && s->kept;
	uint64_t rows = change ? s->fresh_rows + s->count - s->known : s->spilled + s->count;
	int r = rows ? state_part(o, "rows", rows, more, count, e) : 0;
	if (!r && rows)
		r = change ? save_rows(s, o, s->fresh, s->fresh_count, s->known, e)
			   : save_rows(s, o, s->runs, s->run_count, 0, e);
	sorter_known(s);
	s->kept = true;
	return r;
}
