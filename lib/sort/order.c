#include "sort/order.h"

#include <stdbool.h>
#include <string.h>

enum {
	WORD = 8,
	BYTES = 256,
	COUNTING_MIN = 1024, /* fewer are compared */
	INSERTION_MAX = 16,
	DEPTH_MAX = 32, /* words; keys that are alike for longer are compared */
};

int order_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return order ? (order > 0) - (order < 0) : (a_len > b_len) - (a_len < b_len);
}

/* Eight bytes of a key from `from` on, as a number that compares as they do; zeros behind its end, for no key is the
   beginning of another. */
static uint64_t word_at(const struct order_keys *k, uint32_t number, size_t from)
{
	const char *key = k->bytes + k->at[number];
	size_t len = k->at[number + 1] - k->at[number];
	uint64_t word = 0;
	if (from < len)
		memcpy(&word, key + from, len - from < WORD ? len - from : WORD);
	return __builtin_bswap64(word);
}

static size_t length(const struct order_keys *k, uint32_t number)
{
	return k->at[number + 1] - k->at[number];
}

/* The prefixes are those at `from`. */
static bool before(const struct order_keys *k, size_t from, const struct order_item *a, const struct order_item *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix;
	size_t x = length(k, a->number), y = length(k, b->number);
	if (x <= from + WORD || y <= from + WORD)
		return false; /* it ends here, and so both do, alike */
	return order_compare(k->bytes + k->at[a->number] + from + WORD, x - from - WORD,
			     k->bytes + k->at[b->number] + from + WORD, y - from - WORD) < 0;
}

static void insertion_sort(const struct order_keys *k, size_t from, struct order_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct order_item item = items[i];
		size_t at = i;
		for (; at && before(k, from, &item, &items[at - 1]); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

static void merge_sort(const struct order_keys *k, size_t from, struct order_item *items, struct order_item *spare,
		       size_t count)
{
	if (count <= INSERTION_MAX) {
		insertion_sort(k, from, items, count);
		return;
	}
	size_t half = count / 2, i = 0, j = half, to = 0;
	merge_sort(k, from, items, spare, half);
	merge_sort(k, from, items + half, spare, count - half);
	if (!before(k, from, &items[half], &items[half - 1]))
		return;
	memcpy(spare, items, half * sizeof *items);
	while (i < half && j < count)
		items[to++] = before(k, from, &items[j], &spare[i]) ? items[j++] : spare[i++];
	memcpy(items + to, spare + i, (half - i) * sizeof *items);
}

/* By the prefix, from the least significant byte; bytes in which all agree are passed over. */
static void counting_sort(struct order_item *items, struct order_item *spare, size_t count)
{
	uint32_t counts[WORD][BYTES];
	struct order_item *from = items, *to = spare;
	memset(counts, 0, sizeof counts);
	for (size_t i = 0; i < count; i++)
		for (unsigned w = 0; w < WORD; w++)
			counts[w][items[i].prefix >> (w * 8) & 255]++;
	for (unsigned w = 0; w < WORD; w++) {
		if (counts[w][from[0].prefix >> (w * 8) & 255] == count)
			continue;
		uint32_t sum = 0;
		for (unsigned v = 0; v < BYTES; v++) {
			uint32_t n = counts[w][v];
			counts[w][v] = sum;
			sum += n;
		}
		for (size_t i = 0; i < count; i++)
			to[counts[w][from[i].prefix >> (w * 8) & 255]++] = from[i];
		struct order_item *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, count * sizeof *items);
}

static void sort_from(const struct order_keys *k, size_t from, struct order_item *items, struct order_item *spare,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i].prefix = word_at(k, items[i].number, from);
	if (count < COUNTING_MIN || from >= DEPTH_MAX * WORD) {
		merge_sort(k, from, items, spare, count);
		return;
	}
	counting_sort(items, spare, count);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && items[end].prefix == items[i].prefix; end++)
			;
		if (end - i > 1 && length(k, items[i].number) > from + WORD)
			sort_from(k, from + WORD, items + i, spare + i, end - i);
	}
}

void order_items(const struct order_keys *keys, struct order_item *items, struct order_item *spare, size_t count)
{
	if (count > 1)
		sort_from(keys, 0, items, spare, count);
}
