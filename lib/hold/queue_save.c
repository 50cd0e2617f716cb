/* A queue for a snapshot, and back. */
#include <stdlib.h>

#include "base/mem.h"
#include "hold/queue.h"

static int save_rows(const struct queued *n, const struct state_out *o, struct error *e)
{
	uint32_t count = n->block->rows.rows - n->at;
	struct row_ref *refs = mem_array(count, sizeof *refs);
	for (uint32_t i = 0; i < count; i++)
		refs[i] = (struct row_ref){n->block, n->at + i};
	int r = state_part(o, "queued", count, NULL, 0, e);
	if (!r)
		r = state_refs(o, refs, count, e);
	free(refs);
	return r;
}

static int save_control(const struct queued *n, const struct state_out *o, struct error *e)
{
	const struct field head[] = {{"kind", value_int(n->kind)}, {"flags", value_int(n->flags)}};
	return state_batch(o, "control", head, 2, &n->block->rows, e);
}

int queue_save(const struct queue *q, const struct state_out *o, const struct field *more, uint32_t count,
	       struct error *e)
{
	struct field head[STATE_FIELDS_MAX] = {
		{"greatest", value_int(q->greatest)},
		{"from", value_int(queue_empty(q) ? q->greatest : queue_time(q))},
	};
	for (uint32_t i = 0; i < count; i++)
		head[2 + i] = more[i];
	int r = state_part(o, "queue", 0, head, 2 + count, e);
	for (const struct queued *n = q->first; n && !r; n = n->next)
		r = n->kind ? save_control(n, o, e) : save_rows(n, o, e);
	return r;
}

int queue_load_head(struct queue *q, const struct state_in *in, const struct batch *head, struct error *e)
{
	int64_t kind, flags;
	if (state_is(in, "queue"))
		return state_int(head, 0, "greatest", &q->later, e) || state_int(head, 0, "from", &q->greatest, e)
			       ? e->code
			       : 0;
	if (!state_is(in, "control"))
		return 0;
	if (state_int(head, 0, "kind", &kind, e) || state_int(head, 0, "flags", &flags, e))
		return e->code;
	q->kind = (unsigned)kind;
	q->flags = (unsigned)flags;
	if (!in->left) {
		struct batch nothing;
		batch_init(&nothing);
		queue_control(q, q->kind, q->flags, &nothing);
		batch_release(&nothing);
	}
	return 0;
}

int queue_load_rows(struct queue *q, const struct state_in *in, struct batch *b, struct error *e)
{
	if (!state_is(in, "control"))
		return queue_rows(q, b, e);
	queue_control(q, q->kind, q->flags, b);
	return 0;
}

void queue_load_end(struct queue *q)
{
	q->greatest = q->later;
}
