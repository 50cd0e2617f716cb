#include "agg/distinct.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/state.h"
#include "base/mem.h"

enum { REGISTERS = 1 << DISTINCT_BITS, RANK_MAX = 64 - DISTINCT_BITS + 1 };

void distinct_release(struct distinct *d)
{
	free(d->set);
	free(d->registers);
	*d = (struct distinct){0};
}

static void add_register(struct distinct *d, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> (64 - DISTINCT_BITS));
	/* The bit below the register's number bounds the rank. */
	uint64_t rest = hash << DISTINCT_BITS | UINT64_C(1) << (DISTINCT_BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
	if (rank > d->registers[at])
		d->registers[at] = rank;
}

static uint64_t *place(const struct distinct *d, uint64_t hash)
{
	uint32_t mask = d->cap - 1, at = (uint32_t)hash & mask;
	while (d->set[at] && d->set[at] != hash)
		at = (at + 1) & mask;
	return &d->set[at];
}

static void grow(struct distinct *d)
{
	struct distinct old = *d;
	d->cap = old.cap ? old.cap * 2 : 8;
	d->set = mem_zero(d->cap * sizeof *d->set);
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.set[i])
			*place(d, old.set[i]) = old.set[i];
	free(old.set);
}

static void start_registers(struct distinct *d)
{
	d->registers = mem_zero(REGISTERS);
	for (uint32_t i = 0; i < d->cap; i++)
		if (d->set[i])
			add_register(d, d->set[i]);
	free(d->set);
	d->set = NULL;
	d->cap = d->count = 0;
}

/* Every bit out of every bit in, by a bijection (Stafford's mix 13): a hash that is good enough for tables leaves
   patterns in the upper bits, and an estimate needs them random. */
static uint64_t scatter(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

static void add_scattered(struct distinct *d, uint64_t hash)
{
	if (d->registers) {
		add_register(d, hash);
		return;
	}
	hash += !hash;
	if (d->count >= d->cap / 2 + d->cap / 4)
		grow(d);
	uint64_t *p = place(d, hash);
	if (*p == hash)
		return;
	*p = hash;
	if (++d->count > DISTINCT_EXACT)
		start_registers(d);
}

void distinct_add(struct distinct *d, uint64_t hash)
{
	add_scattered(d, scatter(hash));
}

void distinct_merge(struct distinct *to, const struct distinct *from)
{
	if (from->registers && !to->registers)
		start_registers(to);
	for (uint32_t i = 0; i < from->cap; i++)
		if (from->set[i])
			add_scattered(to, from->set[i]);
	if (!from->registers)
		return;
	for (uint32_t i = 0; i < REGISTERS; i++)
		if (from->registers[i] > to->registers[i])
			to->registers[i] = from->registers[i];
}

/* -- as bytes -- */

enum { SET, FEW_REGISTERS, ALL_REGISTERS };

static void save_registers(const struct distinct *d, struct buf *out)
{
	uint32_t n = 0, before = 0;
	for (uint32_t i = 0; i < REGISTERS; i++)
		n += d->registers[i] != 0;
	if (n > REGISTERS / 2) {
		buf_byte(out, ALL_REGISTERS);
		buf_append(out, d->registers, REGISTERS);
		return;
	}
	buf_byte(out, FEW_REGISTERS);
	state_put_varint(out, n);
	for (uint32_t i = 0; i < REGISTERS; i++) {
		if (!d->registers[i])
			continue;
		state_put_varint(out, i - before);
		buf_byte(out, (char)d->registers[i]);
		before = i;
	}
}

void distinct_save(const struct distinct *d, struct buf *out)
{
	if (d->registers) {
		save_registers(d, out);
		return;
	}
	buf_byte(out, SET);
	state_put_varint(out, d->count);
	for (uint32_t i = 0; i < d->cap; i++)
		if (d->set[i])
			state_put_u64(out, d->set[i]);
}

static void raise_register(struct distinct *d, uint64_t at, uint8_t rank, struct state_reader *r)
{
	r->bad |= at >= REGISTERS || rank > RANK_MAX;
	if (!r->bad && rank > d->registers[at])
		d->registers[at] = rank;
}

void distinct_load(struct distinct *d, struct state_reader *r)
{
	uint8_t form = state_byte(r);
	r->bad |= form > ALL_REGISTERS;
	if (form == SET) {
		for (uint64_t n = state_count(r, sizeof(uint64_t)); n; n--)
			add_scattered(d, state_u64(r));
		return;
	}
	if (!d->registers && !r->bad)
		start_registers(d);
	if (form == ALL_REGISTERS) {
		for (uint32_t i = 0; i < REGISTERS && !r->bad; i++)
			raise_register(d, i, state_byte(r), r);
		return;
	}
	uint64_t at = 0;
	for (uint64_t n = state_count(r, 2); n && !r->bad; n--) {
		uint64_t step = state_varint(r);
		at = step < REGISTERS ? at + step : REGISTERS;
		raise_register(d, at, state_byte(r), r);
	}
}

/* -- the estimate -- */

/* Ertl's sigma and tau: what the registers at either end of the range stand for. */
static double sigma(double x)
{
	if (x == 1)
		return INFINITY;
	double y = 1, z = x, before;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double tau(double x)
{
	if (x == 0 || x == 1)
		return 0;
	double y = 1, z = 1 - x, before;
	do {
		x = sqrt(x);
		before = z;
		y /= 2;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

uint64_t distinct_count(const struct distinct *d)
{
	if (!d->registers)
		return d->count;
	uint32_t ranks[RANK_MAX + 1] = {0};
	for (uint32_t i = 0; i < REGISTERS; i++)
		ranks[d->registers[i]]++;
	double m = REGISTERS, z = m * tau(1 - ranks[RANK_MAX] / m);
	for (int rank = RANK_MAX - 1; rank >= 1; rank--)
		z = (z + ranks[rank]) / 2;
	z += m * sigma(ranks[0] / m);
	return (uint64_t)(m * m / (2 * log(2) * z) + 0.5);
}
