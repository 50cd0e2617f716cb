#include "join/interval.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "join/interval_private.h"
#include "window/spec.h"

struct interval *interval_new(const struct interval_options *o)
{
	struct interval *j = mem_zero(sizeof *j);
	j->options = *o;
	j->width = o->within > SECOND ? o->within : SECOND;
	j->sides[LEFT].past = j->sides[RIGHT].past = TIMESTAMP_MIN;
	pairs_init(&j->pairs, o->prefix, o->keys, o->key_count);
	return j;
}

static void free_bucket(struct bucket *k)
{
	key_table_release(&k->keys);
	free(k->newest);
	free(k->kept);
	hold_release(&k->hold);
	free(k->turned);
	free(k);
}

void interval_free(struct interval *j)
{
	if (!j)
		return;
	for (int s = LEFT; s <= RIGHT; s++) {
		for (uint32_t i = 0; i < j->sides[s].count; i++)
			free_bucket(j->sides[s].buckets[i]);
		free(j->sides[s].buckets);
	}
	free(j->heap);
	pairs_release(&j->pairs);
	replay_release(&j->replay);
	key_list_release(&j->keys);
	free(j);
}

size_t interval_memory(const struct interval *j)
{
	size_t total = j->heap_cap * sizeof *j->heap;
	for (int s = LEFT; s <= RIGHT; s++)
		for (uint32_t i = 0; i < j->sides[s].count; i++) {
			const struct bucket *k = j->sides[s].buckets[i];
			total += sizeof *k + key_table_memory(&k->keys) + k->key_cap * sizeof *k->newest +
				 k->cap * sizeof *k->kept + hold_memory(&k->hold);
		}
	return total;
}

int64_t interval_watermark(const struct interval *j)
{
	int64_t left = j->sides[LEFT].past, right = j->sides[RIGHT].past;
	if (j->options.outer && right != TIMESTAMP_MAX)
		right = time_subtract(right, j->options.within);
	return left < right ? left : right;
}

/* -- pairs -- */

static int flush(struct interval *j, struct error *e)
{
	int r = j->pairs.out.rows ? j->options.emit(j->options.self, &j->pairs.out, e) : 0;
	pairs_clear(&j->pairs);
	return r;
}

/* right NULL: the left one alone, as it is. */
static int add_pair(struct interval *j, const struct batch *left, uint32_t left_row, const struct batch *right,
		    uint32_t right_row, int64_t time, struct error *e)
{
	if (pairs_add(&j->pairs, left, left_row, right, right_row, &time))
		return 0;
	int r = flush(j, e);
	if (!r && !pairs_add(&j->pairs, left, left_row, right, right_row, &time)) {
		batch_reset(&j->pairs.out);
		pairs_begin(&j->pairs);
		if (!pairs_add(&j->pairs, left, left_row, right, right_row, &time))
			r = error_set(e, ERR_FAILED, "two joined records have too many fields");
	}
	return r;
}

/* -- buckets -- */

/* The first that begins at `start` or later. */
static uint32_t place(const struct side *s, int64_t start)
{
	uint32_t low = 0, high = s->count;
	if (high && s->buckets[high - 1]->start < start)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->buckets[middle]->start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct bucket *interval_bucket(struct interval *j, int side, int64_t time)
{
	struct side *s = &j->sides[side];
	int64_t start = window_floor(time, j->width, 0);
	uint32_t at = place(s, start);
	if (at < s->count && s->buckets[at]->start == start)
		return s->buckets[at];
	if (s->count == s->cap) {
		s->cap = (uint32_t)mem_grow(s->cap, s->count + 1);
		s->buckets = mem_resize(s->buckets, s->cap, sizeof(struct bucket *));
	}
	memmove(s->buckets + at + 1, s->buckets + at, (s->count - at) * sizeof(struct bucket *));
	s->buckets[at] = mem_zero(sizeof **s->buckets);
	s->buckets[at]->start = start;
	s->buckets[at]->last = TIMESTAMP_MIN;
	s->count++;
	return s->buckets[at];
}

static uint32_t keep(struct bucket *k, const char *key, size_t len, struct kept entry)
{
	uint32_t number = key_table_number(&k->keys, key, len);
	if (number >= k->key_cap) {
		uint32_t cap = (uint32_t)mem_grow(k->key_cap, number + 1);
		k->newest = mem_resize(k->newest, cap, sizeof *k->newest);
		memset(k->newest + k->key_cap, 0, (cap - k->key_cap) * sizeof *k->newest);
		k->key_cap = cap;
	}
	if (k->count == k->cap) {
		k->cap = (uint32_t)mem_grow(k->cap, k->count + 1);
		k->kept = mem_resize(k->kept, k->cap, sizeof *k->kept);
	}
	entry.next = k->newest[number];
	k->kept[k->count++] = entry;
	k->newest[number] = k->count;
	k->last = entry.time > k->last ? entry.time : k->last;
	return k->count - 1;
}

/* -- left records without a partner -- */

static bool earlier(const struct waiting *a, const struct waiting *b)
{
	return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

static void push(struct interval *j, struct waiting w)
{
	if (j->heap_count == j->heap_cap) {
		j->heap_cap = (uint32_t)mem_grow(j->heap_cap, j->heap_count + 1);
		j->heap = mem_resize(j->heap, j->heap_cap, sizeof *j->heap);
	}
	uint32_t at = j->heap_count++;
	for (; at && earlier(&w, &j->heap[(at - 1) / 2]); at = (at - 1) / 2)
		j->heap[at] = j->heap[(at - 1) / 2];
	j->heap[at] = w;
}

static void pop(struct interval *j)
{
	struct waiting w = j->heap[--j->heap_count];
	uint32_t at = 0;
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= j->heap_count)
			break;
		if (child + 1 < j->heap_count && earlier(&j->heap[child + 1], &j->heap[child]))
			child++;
		if (!earlier(&j->heap[child], &w))
			break;
		j->heap[at] = j->heap[child];
		at = child;
	}
	if (j->heap_count)
		j->heap[at] = w;
}

bool interval_is_past(const struct interval *j, int other, int64_t time)
{
	int64_t past = j->sides[other].past;
	return past == TIMESTAMP_MAX || time_add(time, j->options.within) < past;
}

void interval_wait(struct interval *j, struct bucket *k, uint32_t kept)
{
	push(j, (struct waiting){k->kept[kept].time, j->seq++, k, kept});
}

static int emit_waiting(struct interval *j, struct error *e)
{
	int r = 0;
	while (!r && j->heap_count && interval_is_past(j, RIGHT, j->heap[0].time)) {
		struct waiting w = j->heap[0];
		const struct kept *k = &w.bucket->kept[w.kept];
		pop(j);
		if (!k->matched)
			r = add_pair(j, &k->ref.block->rows, k->ref.row, NULL, 0, k->time, e);
	}
	return r;
}

/* -- in -- */

/* A record that was kept has found its first partner. */
static void mark_matched(const struct interval *j, struct bucket *k, uint32_t kept)
{
	k->kept[kept].matched = true;
	if (!j->options.outer || kept >= k->saved)
		return;
	if (k->turned_count == k->turned_cap) {
		k->turned_cap = (uint32_t)mem_grow(k->turned_cap, k->turned_count + 1);
		k->turned = mem_resize(k->turned, k->turned_cap, sizeof *k->turned);
	}
	k->turned[k->turned_count++] = kept;
}

/* Pairs a row with all that the other side has. */
static int probe(struct interval *j, int side, const struct batch *b, uint32_t row, int64_t time, const char *key,
		 size_t len, bool *matched, struct error *e)
{
	struct side *other = &j->sides[!side];
	int64_t from = time_subtract(time, j->options.within), to = time_add(time, j->options.within);
	int r = 0;
	for (uint32_t i = place(other, window_floor(from, j->width, 0));
	     i < other->count && other->buckets[i]->start <= to && !r; i++) {
		struct bucket *k = other->buckets[i];
		uint32_t number = key_table_find(&k->keys, key, len);
		for (uint32_t n = number == KEY_NONE ? 0 : k->newest[number]; n && !r; n = k->kept[n - 1].next) {
			struct kept *p = &k->kept[n - 1];
			if (p->time < from || p->time > to)
				continue;
			*matched = true;
			if (!p->matched)
				mark_matched(j, k, n - 1);
			const struct batch *theirs = &p->ref.block->rows;
			int64_t later = p->time > time ? p->time : time;
			r = side == LEFT ? add_pair(j, b, row, theirs, p->ref.row, later, e)
					 : add_pair(j, theirs, p->ref.row, b, row, later, e);
		}
	}
	return r;
}

int interval_keep(struct interval *j, int side, struct batch *b, const struct newcomer *rows, uint32_t count,
		  const struct key_list *keys, struct error *e)
{
	struct bucket *k = interval_bucket(j, side, rows->time);
	uint32_t *selected = arena_array(&b->arena, count, sizeof *selected);
	for (uint32_t i = 0; i < count; i++)
		selected[i] = rows[i].row;
	batch_select(b, selected, count);
	for (uint32_t i = 0; i < count;) {
		struct row_ref at;
		int taken = hold_add(&k->hold, b, i, &at, e);
		if (taken < 0)
			return taken;
		for (int n = 0; n < taken; n++, i++, at.row++) {
			struct kept entry = {.ref = at, .time = rows[i].time, .matched = rows[i].matched};
			uint32_t number = keep(k, key_bytes(keys, rows[i].key), key_len(keys, rows[i].key), entry);
			if (side == LEFT && j->options.outer && !entry.matched)
				interval_wait(j, k, number);
		}
	}
	return 0;
}

static int keep_all(struct interval *j, int side, struct batch *b, const struct newcomer *rows, uint32_t count,
		    const struct key_list *keys, struct error *e)
{
	int r = 0;
	for (uint32_t i = 0, n; i < count && !r; i += n) {
		int64_t start = window_floor(rows[i].time, j->width, 0);
		for (n = 1; i + n < count && rows[i + n].time >= start && rows[i + n].time < time_add(start, j->width);
		     n++)
			;
		r = interval_keep(j, side, b, rows + i, n, keys, e);
	}
	return r;
}

int interval_add(struct interval *j, int side, struct batch *b, const struct key_spec *spec,
		 const struct key_list *keys, struct error *e)
{
	uint32_t count = batch_count(b), n = 0;
	struct newcomer *stay = arena_array(&b->arena, count, sizeof *stay);
	int r = 0;
	pairs_begin(&j->pairs);
	for (uint32_t i = 0; i < count && !r; i++) {
		uint32_t row = batch_row(b, i);
		struct newcomer c = {.row = row, .key = i, .time = column_get(&b->meta[META_TIME], row).i};
		bool lacks = key_row_lacks(spec, row), done = lacks || interval_is_past(j, !side, c.time);
		if (!lacks)
			r = probe(j, side, b, row, c.time, key_bytes(keys, i), key_len(keys, i), &c.matched, e);
		if (!done)
			stay[n++] = c;
		else if (!r && !c.matched && side == LEFT && j->options.outer)
			r = add_pair(j, b, row, NULL, 0, c.time, e);
	}
	if (!r)
		r = flush(j, e);
	return r || !n ? r : keep_all(j, side, b, stay, n, keys, e);
}

void interval_drop(struct interval *j, int side)
{
	struct side *s = &j->sides[side];
	uint32_t gone = 0;
	while (gone < s->count && interval_is_past(j, !side, s->buckets[gone]->last))
		free_bucket(s->buckets[gone++]);
	s->count -= gone;
	if (gone)
		memmove(s->buckets, s->buckets + gone, s->count * sizeof(struct bucket *));
}

int interval_advance(struct interval *j, int side, int64_t time, struct error *e)
{
	if (time <= j->sides[side].past)
		return 0;
	j->sides[side].past = time;
	pairs_begin(&j->pairs);
	int r = side == RIGHT ? emit_waiting(j, e) : 0;
	if (!r)
		r = flush(j, e);
	interval_drop(j, !side);
	return r;
}
