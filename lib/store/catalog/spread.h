/*
 * The points of a batch's rows in the hash space, as the column @hash: 16 bytes, big-endian, in the form that fits
 * the key's column (a constant, a dictionary, or bytes). It lives in the arena.
 */
#ifndef STREAM_STORE_SPREAD_H
#define STREAM_STORE_SPREAD_H

#include "base/arena.h"
#include "record/batch.h"
#include "store/catalog/route.h"

/* By key: a column of `rows` rows. */
struct column spread_keys(const struct router *r, const struct column *key, uint32_t rows, struct arena *a);
/* Random points. Rows take turns among 64 of them, one in each 64th of the space, so that they spread evenly and
   cost a byte each. */
struct column spread_random(uint32_t rows, struct arena *a);

/* Makes of b what is stored: with no place yet, the key given, or (NULL) its own, and @hash by that; at random if it has none. */
void spread_batch(struct batch *b, const struct router *r, const struct column *key, struct arena *a);

/* The point of one row of such a column. */
struct hash128 spread_point(const struct column *hash, uint32_t row);

#endif
