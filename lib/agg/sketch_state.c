/* Sketches as bytes, as state.h draws them. */
#include "agg/sketch_private.h"
#include "agg/state.h"

enum { KEPT, BUCKETED };

enum { NUMBER_MAX = 1100 * 78 }; /* no bucket is further from 0 */

static void save_buckets(const struct buckets *b, struct buf *out)
{
	uint32_t n = 0;
	int64_t before = 0;
	for (uint32_t i = 0; i < b->size; i++)
		n += buckets_count(b, i) != 0;
	state_put_varint(out, n);
	for (uint32_t i = 0; i < b->size; i++) {
		if (!buckets_count(b, i))
			continue;
		int64_t number = b->first + (int64_t)i;
		state_put_zigzag(out, number - before);
		state_put_varint(out, buckets_count(b, i));
		before = number;
	}
}

void sketch_save(const struct sketch *s, struct buf *out)
{
	const struct sketch_rest *rest = s->rest;
	buf_byte(out, rest ? BUCKETED : KEPT);
	if (!rest) {
		state_put_varint(out, s->count);
		for (uint64_t i = 0; i < s->count; i++)
			state_put_value(out, s->kept[i]);
		return;
	}
	state_put_value(out, rest->least);
	state_put_value(out, rest->greatest);
	state_put_varint(out, rest->zeros);
	save_buckets(&s->positive, out);
	save_buckets(&rest->negative, out);
}

/* Returns how many values are in them. */
static uint64_t load_buckets(struct state_reader *r, struct buckets *b)
{
	int64_t number = 0;
	uint64_t sum = 0;
	for (uint64_t n = state_count(r, 2); n && !r->bad; n--) {
		int64_t step = state_zigzag(r);
		uint64_t count = state_varint(r);
		r->bad |= step > 2 * NUMBER_MAX || step < -2 * NUMBER_MAX;
		number += r->bad ? 0 : step;
		r->bad |= number > NUMBER_MAX || number < -NUMBER_MAX;
		if (r->bad)
			break;
		buckets_add_slow(b, (int32_t)number, count);
		sum += count;
	}
	return sum;
}

static void load_bucketed(struct sketch *s, bool exact, struct state_reader *r, struct arena *texts)
{
	struct sketch_rest rest = {0};
	struct sketch from = {.rest = &rest};
	rest.least = state_present(r, true);
	rest.greatest = state_present(r, true);
	rest.zeros = state_varint(r);
	from.count = rest.zeros + load_buckets(r, &from.positive);
	from.count += load_buckets(r, &rest.negative);
	if (!r->bad) {
		from.least = number_double(rest.least);
		from.greatest = number_double(rest.greatest);
		sketch_merge(s, &from, exact, texts);
	}
	buckets_release(&from.positive);
	buckets_release(&rest.negative);
}

void sketch_load(struct sketch *s, bool exact, struct state_reader *r, struct arena *texts)
{
	uint8_t form = state_byte(r);
	if (form == BUCKETED) {
		load_bucketed(s, exact, r, texts);
		return;
	}
	r->bad |= form != KEPT;
	for (uint64_t n = state_count(r, 2); n && !r->bad; n--) {
		struct value v = state_present(r, true);
		if (!r->bad)
			sketch_add(s, v, exact, texts);
	}
}
