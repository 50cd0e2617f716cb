/*
 * Numbered records, and what is known of each: {"n": 17, "key": "w0k2", "text": "..."}, where n tells what the others
 * must be. Number n belongs to writer n / RECORDS_EACH, which writes its numbers in rising order.
 */
#ifndef STREAM_TESTS_TORTURE_RECORDS_H
#define STREAM_TESTS_TORTURE_RECORDS_H

#include "store/read/reader.h"
#include "store/write/writer.h"

enum {
	RECORDS_EACH = 400,
	RECORDS_WRITERS = 10,
	RECORDS = RECORDS_EACH * RECORDS_WRITERS,
	RECORDS_SHARDS = 64,
	RECORDS_KEYS = 3
};

/* What is promised of a record. */
enum promise { UNTOUCHED, BEGUN, ACKED }; /* not there; there once or not; there once */

struct promises {
	uint8_t of[RECORDS];
};

/* What was read. */
enum { DAMAGES_MAX = 16 };

struct view {
	uint8_t seen[RECORDS];
	bool keyed;                                /* order is promised for each key; else for each writer in a shard */
	int last[RECORDS_WRITERS][RECORDS_SHARDS]; /* one more than the last number there; by key, or by shard */
	uint64_t last_seq[RECORDS_SHARDS];         /* one more than it */
	int64_t last_arrived[RECORDS_SHARDS];
	uint64_t records, foreign, disorder, damages;
	struct told {
		uint32_t shard;
		uint64_t first, behind;
	} told[DAMAGES_MAX]; /* the first of the damages */
	struct place {
		uint32_t shard;
		uint64_t seq;
	} places[RECORDS]; /* of those that were seen */
};

/* The text of a record, of RECORD_TEXT_MAX bytes at most; returns its length. */
enum { RECORD_TEXT_MAX = 3000 };
size_t record_text(int n, char *p);

/* b: the rows of these numbers. */
void records_make(struct batch *b, int first, int count);

void view_add(struct view *v, const struct batch *b, uint32_t shard);
/* Reads all there is now. */
int view_read(struct view *v, bool keyed, const struct files *io, const char *stream, struct error *e);

/* What was reported as lost need not be there: but each range must be of records that `whole` had, and that are missing. */
void view_excuse(struct view *v, const struct view *whole, struct promises *p);

/* What is wrong with it: "" if nothing is. */
const char *view_fault(const struct view *v, const struct promises *p, char text[200]);

#endif
