#include "agg/top.h"

#include <stdlib.h>
#include <string.h>

#include "agg/order.h"
#include "agg/state.h"
#include "base/mem.h"
#include "format/json.h"

void top_release(struct top *t)
{
	keys_release(&t->keys);
	free(t->counts);
	*t = (struct top){0};
}

size_t top_memory(const struct top *t)
{
	return t->cap * sizeof *t->counts + keys_memory(&t->keys);
}

static void add(struct top *t, struct value v, uint64_t count)
{
	uint32_t number = keys_number(&t->keys, v);
	if (number >= t->cap) {
		uint32_t cap = (uint32_t)mem_grow(t->cap, t->cap ? number + 1 : 8);
		t->counts = mem_resize(t->counts, cap, sizeof *t->counts);
		memset(t->counts + t->cap, 0, (cap - t->cap) * sizeof *t->counts);
		t->cap = cap;
	}
	t->counts[number] += count;
}

static int falling(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x < y) - (x > y);
}

/* Takes the count of the value in the middle off all, and forgets those that have nothing left. */
static void prune(struct top *t)
{
	struct top old = *t;
	uint32_t count = old.keys.count;
	uint64_t *sorted = mem_array(count, sizeof *sorted);
	memcpy(sorted, old.counts, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, falling);
	uint64_t cut = sorted[TOP_VALUES / 2];
	free(sorted);
	*t = (struct top){0};
	for (uint32_t n = 0; n < count; n++)
		if (old.counts[n] > cut)
			add(t, old.keys.values[n], old.counts[n] - cut);
	top_release(&old);
}

void top_add(struct top *t, struct value v, uint64_t count)
{
	add(t, v, count);
	if (t->keys.count > TOP_VALUES)
		prune(t);
}

void top_merge(struct top *to, const struct top *from)
{
	for (uint32_t n = 0; n < from->keys.count; n++)
		top_add(to, from->keys.values[n], from->counts[n]);
}

void top_save(const struct top *t, struct buf *out)
{
	state_put_varint(out, t->keys.count);
	for (uint32_t n = 0; n < t->keys.count; n++) {
		state_put_value(out, t->keys.values[n]);
		state_put_varint(out, t->counts[n]);
	}
}

void top_load(struct top *t, struct state_reader *r)
{
	for (uint64_t n = state_count(r, 2); n; n--) {
		struct value v = state_present(r, false);
		uint64_t count = state_varint(r);
		if (r->bad)
			return;
		top_add(t, v, count);
	}
}

static int compare_entries(const void *a, const void *b, void *top)
{
	const struct top *t = top;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (t->counts[x] != t->counts[y])
		return t->counts[x] > t->counts[y] ? -1 : 1;
	return order_total(t->keys.values[x], t->keys.values[y]);
}

struct value top_result(const struct top *t, uint32_t n, struct arena *texts)
{
	uint32_t count = t->keys.count;
	struct buf json = BUF_INIT;
	if (!count)
		return value_null();
	uint32_t *entries = mem_array(count, sizeof *entries);
	for (uint32_t i = 0; i < count; i++)
		entries[i] = i;
	qsort_r(entries, count, sizeof *entries, compare_entries, (void *)t);
	for (uint32_t i = 0; i < count && i < n; i++) {
		buf_string_append(&json, i ? ",{\"value\":" : "[{\"value\":");
		json_write(t->keys.values[entries[i]], &json);
		buf_printf(&json, ",\"count\":%llu}", (unsigned long long)t->counts[entries[i]]);
	}
	buf_byte(&json, ']');
	struct value v = value_text(TYPE_JSON, arena_copy(texts, json.data, json.len), json.len);
	buf_release(&json);
	free(entries);
	return v;
}
