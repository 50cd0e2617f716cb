/* The insides of an interval join; for lib/join/interval*.c alone. */
#ifndef STREAM_JOIN_INTERVAL_PRIVATE_H
#define STREAM_JOIN_INTERVAL_PRIVATE_H

#include "hold/hold.h"
#include "hold/replay.h"
#include "join/interval.h"
#include "join/pairs.h"
#include "key/table.h"

struct kept {
	struct row_ref ref;
	int64_t time;
	uint32_t next; /* number + 1 of the one before it with that key; 0: none */
	bool matched;
};

struct bucket {
	int64_t start, last; /* the stretch of time; the greatest time in it */
	struct key_table keys;
	uint32_t *newest; /* by number of key: kept + 1 */
	uint32_t key_cap;
	struct kept *kept;
	uint32_t count, cap;
	struct hold hold;

	/* With snapshots: what the last one has, and which of these have found a partner since. */
	uint32_t saved;
	uint32_t *turned;
	uint32_t turned_count, turned_cap;
};

struct side {
	struct bucket **buckets; /* in order of start */
	uint32_t count, cap;
	int64_t past; /* no record before it will come */
};

/* Left records that have found no partner so far, the earliest first. */
struct waiting {
	int64_t time;
	uint64_t seq; /* of arrival */
	struct bucket *bucket;
	uint32_t kept;
};

struct interval {
	struct interval_options options;
	int64_t width;
	struct side sides[2];
	struct waiting *heap;
	uint32_t heap_count, heap_cap;
	uint64_t seq;
	struct pairs pairs;

	/* while a snapshot is read */
	struct state_in in;
	struct replay replay;
	struct key_list keys;
	int64_t past[2];
};

/* Of rows that come. */
struct newcomer {
	uint32_t row, key; /* number of its key */
	int64_t time;
	bool matched;
};

struct bucket *interval_bucket(struct interval *j, int side, int64_t time);
/* Rows that stand side by side and are of one bucket. */
int interval_keep(struct interval *j, int side, struct batch *b, const struct newcomer *rows, uint32_t count,
		  const struct key_list *keys, struct error *e);
/* This left record waits for a partner. */
void interval_wait(struct interval *j, struct bucket *k, uint32_t kept);
/* Frees the buckets of a side that nothing of the other will be near to. */
void interval_drop(struct interval *j, int side);
/* Nothing of side `other` that could be near to this time will come any more. */
bool interval_is_past(const struct interval *j, int other, int64_t time);

#endif
