/*
 * Putting keys (lib/key/encode.h) in order. Keys that are the same stay in the order of their numbers.
 *
 * Eight bytes of every key are sorted at a time, by counting byte for byte, and what they do not tell apart by the next
 * eight; small sets by comparing. So a short key is never looked at twice, and no comparison leaves the items' array.
 */
#ifndef STREAM_SORT_ORDER_H
#define STREAM_SORT_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct order_item {
	uint64_t prefix; /* scratch */
	uint32_t number;
};

struct order_keys {
	const char *bytes;
	const size_t *at; /* key n is bytes[at[n] .. at[n + 1]) */
};

/* Puts items[0..count), whose numbers ascend, in order of their keys. `spare` has room for as many. */
void order_items(const struct order_keys *keys, struct order_item *items, struct order_item *spare, size_t count);

/* -1, 0, 1 */
int order_compare(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
