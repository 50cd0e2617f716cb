/* An interval join for a snapshot: the records of both sides, bucket by bucket, and which of the left have found a partner. */
#include <stdlib.h>

#include "base/mem.h"
#include "join/interval_private.h"
#include "record/batch_rows.h"

enum { HELD, MATCHED };

/* -- saving -- */

static int save_held(struct bucket *k, uint32_t from, const struct state_out *o, const struct field *head,
		     struct error *e)
{
	uint32_t count = k->count - from;
	if (!count)
		return 0;
	struct row_ref *refs = mem_array(count, sizeof *refs);
	for (uint32_t i = 0; i < count; i++)
		refs[i] = k->kept[from + i].ref;
	int r = state_part(o, "held", count, head, 2, e);
	if (!r)
		r = state_refs(o, refs, count, e);
	free(refs);
	return r;
}

/* Numbers of a bucket's records, in batches. */
struct numbers {
	const struct state_out *out;
	const struct field *head;
	struct batch rows;
	int r;
};

static void put_number(struct numbers *n, uint32_t number, bool last, struct error *e)
{
	if (!last)
		batch_add_row(&n->rows, &(struct field){"number", value_int(number)}, 1);
	if (n->r || !n->rows.rows || (!last && n->rows.rows < BATCH_ROWS))
		return;
	n->r = state_batch(n->out, "matched", n->head, 2, &n->rows, e);
	batch_clear(&n->rows);
}

static int save_matched(const struct bucket *k, uint32_t from, const struct state_out *o, const struct field *head,
			struct error *e)
{
	struct numbers n = {.out = o, .head = head};
	batch_init(&n.rows);
	for (uint32_t i = 0; from && i < k->turned_count; i++)
		put_number(&n, k->turned[i], false, e);
	for (uint32_t i = from; i < k->count; i++)
		if (k->kept[i].matched)
			put_number(&n, i, false, e);
	put_number(&n, 0, true, e);
	batch_release(&n.rows);
	return n.r;
}

static int save_bucket(const struct interval *j, int side, struct bucket *k, const struct state_out *o, struct error *e)
{
	const struct field head[] = {{"side", value_int(side)}, {"start", value_int(k->start)}};
	uint32_t from = o->changes ? k->saved : 0;
	int r = save_held(k, from, o, head, e);
	if (!r && side == LEFT && j->options.outer)
		r = save_matched(k, from, o, head, e);
	k->saved = k->count;
	k->turned_count = 0;
	return r;
}

int interval_save(struct interval *j, const struct state_out *o, struct error *e)
{
	const struct field head[] = {{"left", value_int(j->sides[LEFT].past)},
				     {"right", value_int(j->sides[RIGHT].past)}};
	int r = state_part(o, "interval", 0, head, 2, e);
	for (int side = LEFT; side <= RIGHT; side++)
		for (uint32_t i = 0; i < j->sides[side].count && !r; i++)
			r = save_bucket(j, side, j->sides[side].buckets[i], o, e);
	return r;
}

/* -- loading -- */

static int load_head(struct interval *j, const struct batch *b, struct error *e)
{
	int64_t side, start;
	if (state_is(&j->in, "interval")) {
		replay_file(&j->replay);
		if (j->replay.files > 1)
			return 0;
		return state_int(b, 0, "left", &j->past[LEFT], e) || state_int(b, 0, "right", &j->past[RIGHT], e)
			       ? e->code
			       : 0;
	}
	if (state_int(b, 0, "side", &side, e) || state_int(b, 0, "start", &start, e))
		return e->code;
	return replay_part(&j->replay, (int)(2 * !!side) + (state_is(&j->in, "matched") ? MATCHED : HELD), start, e);
}

static int keep_again(struct interval *j, int side, struct key_spec *spec, struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	struct newcomer *rows = arena_array(&b->arena, count, sizeof *rows);
	key_spec_apply(spec, b, &j->keys);
	if (batch_count(b) < count)
		return error_set(e, ERR_FAILED, "a record that had a key has none when it is read again");
	/* As if they had a partner: who waits for one is known when all are there. */
	for (uint32_t i = 0; i < count; i++)
		rows[i] = (struct newcomer){.row = batch_row(b, i),
					    .key = i,
					    .time = column_get(&b->meta[META_TIME], batch_row(b, i)).i,
					    .matched = true};
	struct bucket *k = interval_bucket(j, side, rows[0].time);
	uint32_t first = k->count;
	int r = interval_keep(j, side, b, rows, count, &j->keys, e);
	for (uint32_t i = first; i < k->count; i++)
		k->kept[i].matched = false;
	return r;
}

static int match_again(struct interval *j, int64_t start, const struct batch *b, struct error *e)
{
	struct bucket *k = interval_bucket(j, LEFT, start);
	for (uint32_t row = 0; row < b->rows; row++) {
		int64_t number;
		if (state_int(b, row, "number", &number, e))
			return e->code;
		if (number < 0 || number >= k->count)
			return error_set(e, ERR_FAILED, "a snapshot of joined records that makes no sense");
		k->kept[number].matched = true;
	}
	return 0;
}

struct loading {
	struct interval *interval;
	struct key_spec *specs;
};

static int take_again(void *self, const struct replay_part *part, struct batch *b, struct error *e)
{
	const struct loading *l = self;
	int side = part->kind / 2;
	return part->kind % 2 == MATCHED ? match_again(l->interval, part->id, b, e)
					 : keep_again(l->interval, side, &l->specs[side], b, e);
}

static int finish(struct interval *j, struct key_spec specs[2], struct error *e)
{
	if (!j->replay.files)
		return 0;
	struct loading l = {j, specs};
	int r = replay_give(&j->replay, take_again, &l, e);
	for (int side = LEFT; side <= RIGHT; side++)
		j->sides[side].past = j->past[side];
	for (int side = LEFT; side <= RIGHT; side++)
		interval_drop(j, side);
	/* Those whose time is past have come out alone. */
	for (uint32_t i = 0; j->options.outer && i < j->sides[LEFT].count; i++) {
		struct bucket *k = j->sides[LEFT].buckets[i];
		for (uint32_t n = 0; n < k->count; n++)
			if (!k->kept[n].matched && !interval_is_past(j, RIGHT, k->kept[n].time))
				interval_wait(j, k, n);
	}
	return r;
}

int interval_load(struct interval *j, struct batch *b, struct key_spec specs[2], struct error *e)
{
	if (!b)
		return finish(j, specs, e);
	int r = state_take(&j->in, b, e);
	if (r)
		return r < 0 ? r : load_head(j, b, e);
	return replay_rows(&j->replay, b, e);
}
