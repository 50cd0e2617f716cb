/*
 * Joined records: the fields of the left one, then those of the right one but its keys. A right field whose name the left record
 * has already is called `other_NAME`; with a prefix, all right fields are called PREFIX NAME.
 *
 *   pairs_begin(&p);                              texts are borrowed: those of earlier pairs are gone
 *   pairs_add(&p, left, row, right, row, NULL)    false: p.out is full, or has no room for this one
 *   ... p.out ...
 */
#ifndef STREAM_JOIN_PAIRS_H
#define STREAM_JOIN_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "record/batch.h"

enum { PAIR_WAYS = 256 };

/* Where the fields of a pair of shapes go. */
struct pair_way {
	const struct batch *left, *right;
	uint32_t left_shape, right_shape, shape;
	uint16_t *columns; /* of the left fields, then of the right; UINT16_MAX: left out */
	uint32_t cap;
};

struct pairs {
	struct batch out;
	const char *prefix;      /* borrowed; NULL: none */
	const char *const *keys; /* right fields that are left out; borrowed */
	uint32_t key_count;
	struct pair_way ways[PAIR_WAYS];
	uint32_t generation; /* of out, that the ways are of */
};

void pairs_init(struct pairs *p, const char *prefix, const char *const *keys, uint32_t key_count);
void pairs_release(struct pairs *p);

/* No pairs. The batches that earlier ones were of may have changed or gone. */
void pairs_begin(struct pairs *p);
/* No pairs; the batches are as they were. */
void pairs_clear(struct pairs *p);

/* right NULL: there is none. time NULL: metadata are those of the left record; else @time is that, and there are no others.
   False when there is no room: where out has no rows, the record has too many fields. */
bool pairs_add(struct pairs *p, const struct batch *left, uint32_t left_row, const struct batch *right,
	       uint32_t right_row, const int64_t *time);

#endif
