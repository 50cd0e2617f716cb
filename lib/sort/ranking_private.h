/* The insides of a ranking; for lib/sort/ranking*.c alone. */
#ifndef STREAM_SORT_RANKING_PRIVATE_H
#define STREAM_SORT_RANKING_PRIVATE_H

#include "sort/ranking.h"

/* A record that was among the first when it came. */
struct slot {
	struct row_ref ref;
	size_t key_at;
	uint32_t key_len;
	uint64_t seq;
};

/* Slots of a group, the last in order on top. */
struct heap {
	uint32_t *slots;
	uint32_t count, cap;
	uint32_t tied; /* how many have the key of the one on top; only with ties */
};

struct ranking {
	uint32_t n;
	bool ties;
	struct key_table groups;
	struct heap *heaps; /* by number of group */
	uint32_t heap_count, heap_cap;
	struct slot *slots;
	uint32_t slot_count, slot_cap;
	uint32_t live; /* slots that are in a heap */
	struct buf keys;
	struct hold hold;
	/* of a snapshot that is being read: numbers of its records, and how many of them are there */
	uint64_t *order;
	uint32_t order_count, order_cap, order_at;
};

/* Slots that are in a heap, r->live of them, in order of arrival. The caller's to free. */
uint32_t *ranking_live(const struct ranking *r);
/* Whether row k, by its key and group, is among the first of its group so far; it then has a slot, */
bool ranking_consider(struct ranking *r, const struct key_list *keys, const struct key_list *groups, uint32_t k,
		      uint64_t seq);
/* and this keeps the records of the last n slots. */
int ranking_hold(struct ranking *r, struct batch *b, const uint32_t *rows, uint32_t n, struct error *e);

#endif
