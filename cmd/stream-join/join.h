/* stream-join: what it knows, and how a snapshot has it. */
#ifndef STREAM_CMD_JOIN_JOIN_H
#define STREAM_CMD_JOIN_JOIN_H

#include "event/clock.h"
#include "flow/flow.h"
#include "hold/state.h"
#include "join/interval.h"
#include "join/lookup.h"
#include "join/pairs.h"

struct join {
	const char *key_text, *prefix, *time_field;
	bool outer;
	int64_t within, delay, idle, limit;

	struct key_spec specs[2]; /* of the left records, of the right ones */
	struct key_list keys;

	const char *table;
	struct lookup *lookup;
	struct lookup_version failed; /* the last one that could not be read */
	struct pairs pairs;

	struct interval *interval;
	struct event_clock clocks[2];
	int64_t sent;
	uint64_t unsent, unchecked;

	/* while a snapshot is read */
	struct state_in in;
	uint32_t files;
	int side;
};

/* Says how far the results have come, if that is news. */
int join_watermark(struct join *j, struct flow *f, struct error *e);

/* state.c */
int join_save(void *self, struct flow *f, struct snapshot *to, struct error *e);
int join_load(void *self, struct flow *f, struct batch *b, struct error *e);

#endif
