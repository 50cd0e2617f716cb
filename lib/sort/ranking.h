/*
 * The first N records of each group by key; of records with the same key, those that came first, or with `ties` all whose
 * key is that of the N-th. Memory is that of these records for each group, and as much again until what was displaced is swept
 * out.
 *
 *   ranking_add(r, b, keys, groups, which, seq, e)      rows with their keys, groups and places in the order of arrival
 *   rankings_take(list, count, n, ties, &total)          several rankings (of the panes of a window) as one
 */
#ifndef STREAM_SORT_RANKING_H
#define STREAM_SORT_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "hold/hold.h"
#include "hold/state.h"
#include "key/spec.h"
#include "key/table.h"

struct ranking;

struct ranking *ranking_new(uint32_t n, bool ties);
void ranking_free(struct ranking *r);

/*
 * The i-th of the selected rows has the key and group of number which[i] (NULL: i), and came as the seq + which[i]-th of
 * all. groups NULL: all are of one group.
 */
int ranking_add(struct ranking *r, struct batch *b, const struct key_list *keys, const struct key_list *groups,
		const uint32_t *which, uint64_t seq, struct error *e);
/*
 * For a snapshot: parts `order`, the `seq` of each record that is kept, and `ranked`, these records, the earliest first. Both heads have
 * these fields too. To load them into an empty one: ranking_load_order for the rows of the first; then, with the rows of the second,
 * ranking_load. ranking_order has the numbers of the records that ranking_load is given next.
 */
int ranking_save(struct ranking *r, const struct state_out *o, const struct field *more, uint32_t count,
		 struct error *e);
int ranking_load_order(struct ranking *r, const struct batch *b, struct error *e);
const uint64_t *ranking_order(const struct ranking *r, uint32_t *left);
int ranking_load(struct ranking *r, struct batch *b, const struct key_list *keys, const struct key_list *groups,
		 struct error *e);

size_t ranking_memory(const struct ranking *r); /* bytes, about */

struct ranked {
	struct row_ref ref;
	uint32_t rank; /* in its group, from 1; with ties that of the first record with the same key */
};

/* The first n of each group, groups in order of their keys. The list is the caller's to free; its rows belong to the
   rankings. */
struct ranked *rankings_take(struct ranking *const *list, uint32_t count, uint32_t n, bool ties, size_t *total);

#endif
