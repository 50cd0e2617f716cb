/* A ranking for a snapshot, and back. Those that are kept, considered anew in any order, are kept again. */
#include <stdlib.h>

#include "base/mem.h"
#include "record/batch_rows.h"
#include "sort/ranking_private.h"

int ranking_save(struct ranking *r, const struct state_out *o, const struct field *more, uint32_t count,
		 struct error *e)
{
	uint32_t *live = ranking_live(r);
	struct row_ref *refs = mem_array(r->live + 1, sizeof *refs);
	struct batch b;
	batch_init(&b);
	int code = state_part(o, "order", r->live, more, count, e);
	for (uint32_t i = 0; i < r->live; i++) {
		refs[i] = r->slots[live[i]].ref;
		batch_add_row(&b, &(struct field){"seq", value_int((int64_t)r->slots[live[i]].seq)}, 1);
		if (b.rows < BATCH_ROWS && i + 1 < r->live)
			continue;
		code = code ? code : o->add(o->self, &b, e);
		batch_clear(&b);
	}
	batch_release(&b);
	if (!code)
		code = state_part(o, "ranked", r->live, more, count, e);
	if (!code)
		code = state_refs(o, refs, r->live, e);
	free(refs);
	free(live);
	return code;
}

int ranking_load_order(struct ranking *r, const struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	if (r->order_cap < r->order_count + count) {
		r->order_cap = (uint32_t)mem_grow(r->order_cap, r->order_count + count);
		r->order = mem_resize(r->order, r->order_cap, sizeof *r->order);
	}
	for (uint32_t i = 0; i < count; i++) {
		int64_t seq;
		int code = state_int(b, batch_row(b, i), "seq", &seq, e);
		if (code)
			return code;
		r->order[r->order_count++] = (uint64_t)seq;
	}
	return 0;
}

const uint64_t *ranking_order(const struct ranking *r, uint32_t *left)
{
	*left = r->order_count - r->order_at;
	return r->order + r->order_at;
}

int ranking_load(struct ranking *r, struct batch *b, const struct key_list *keys, const struct key_list *groups,
		 struct error *e)
{
	uint32_t count = batch_count(b), n = 0, left, *rows = arena_array(&b->arena, count, sizeof *rows);
	const uint64_t *order = ranking_order(r, &left);
	if (count > left)
		return error_set(e, ERR_FAILED, "a snapshot of records in an order that makes no sense");
	for (uint32_t i = 0; i < count; i++)
		if (ranking_consider(r, keys, groups, i, order[i]))
			rows[n++] = batch_row(b, i);
	r->order_at += count;
	if (r->order_at == r->order_count) {
		free(r->order);
		r->order = NULL;
		r->order_count = r->order_cap = r->order_at = 0;
	}
	return ranking_hold(r, b, rows, n, e);
}
