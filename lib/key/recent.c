#include "key/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch_rows.h"
#include "window/spec.h"

void recent_init(struct recent *r, int64_t within)
{
	*r = (struct recent){.within = within, .forgotten = INT64_MIN};
}

static void free_bucket(struct recent_bucket *b)
{
	key_table_release(&b->keys);
	free(b->times);
}

void recent_release(struct recent *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		free_bucket(&r->buckets[i]);
	free(r->buckets);
	*r = (struct recent){0};
}

size_t recent_memory(const struct recent *r)
{
	size_t total = r->cap * sizeof *r->buckets;
	for (uint32_t i = 0; i < r->count; i++)
		total += key_table_memory(&r->buckets[i].keys) + r->buckets[i].cap * sizeof(int64_t);
	return total;
}

/* Where the bucket of that start is, or would be. */
static uint32_t place(const struct recent *r, int64_t start)
{
	uint32_t low = 0, high = r->count;
	if (r->last < r->count && r->buckets[r->last].start == start)
		return r->last;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->buckets[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_near(const struct recent *r, uint32_t at, int64_t start, const char *key, size_t len, int64_t time)
{
	if (at >= r->count || r->buckets[at].start != start)
		return false;
	const struct recent_bucket *b = &r->buckets[at];
	uint32_t number = key_table_find(&b->keys, key, len);
	if (number == KEY_NONE)
		return false;
	int64_t other = b->times[number];
	return time < other ? time_subtract(other, time) < r->within : time_subtract(time, other) < r->within;
}

static struct recent_bucket *bucket_at(struct recent *r, uint32_t at, int64_t start)
{
	if (at < r->count && r->buckets[at].start == start)
		return &r->buckets[at];
	if (r->count == r->cap) {
		r->cap = (uint32_t)mem_grow(r->cap, r->count + 1);
		r->buckets = mem_resize(r->buckets, r->cap, sizeof *r->buckets);
	}
	memmove(r->buckets + at + 1, r->buckets + at, (r->count - at) * sizeof *r->buckets);
	r->buckets[at] = (struct recent_bucket){.start = start};
	r->count++;
	return &r->buckets[at];
}

static void note(struct recent_bucket *b, const char *key, size_t len, int64_t time)
{
	uint32_t number = key_table_number(&b->keys, key, len);
	if (number >= b->cap) {
		b->cap = (uint32_t)mem_grow(b->cap, number + 1);
		b->times = mem_resize(b->times, b->cap, sizeof *b->times);
	}
	b->times[number] = time;
}

bool recent_see(struct recent *r, const char *key, size_t len, int64_t time)
{
	int64_t start = window_floor(time, r->within, 0);
	uint32_t at = place(r, start);
	bool here = at < r->count && r->buckets[at].start == start;
	if (is_near(r, at, start, key, len, time) ||
	    (at && is_near(r, at - 1, time_subtract(start, r->within), key, len, time)) ||
	    is_near(r, at + here, time_add(start, r->within), key, len, time))
		return false;
	note(bucket_at(r, at, start), key, len, time);
	r->last = at;
	return true;
}

int recent_load(struct recent *r, int64_t start, const struct batch *b, struct error *e)
{
	struct recent_bucket *bucket = bucket_at(r, place(r, start), start);
	for (uint32_t row = 0; row < b->rows; row++) {
		struct value key;
		int code = key_of_row(b, row, &key, e);
		if (code)
			return code;
		note(bucket, key.s, key.len, batch_get(b, row, "time").i);
	}
	return 0;
}

void recent_forget(struct recent *r, int64_t time)
{
	uint32_t gone = 0;
	r->forgotten = time > r->forgotten ? time : r->forgotten;
	while (gone < r->count && time_add(time_add(r->buckets[gone].start, r->within), r->within) <= time)
		free_bucket(&r->buckets[gone++]);
	if (!gone)
		return;
	r->count -= gone;
	memmove(r->buckets, r->buckets + gone, r->count * sizeof *r->buckets);
	r->last = 0;
}
