/* The insides of a reader: a lane for each shard. */
#ifndef STREAM_STORE_READER_PRIVATE_H
#define STREAM_STORE_READER_PRIVATE_H

#include "store/read/reader.h"

struct lane {
	struct cursor cursor;
	const struct stream *stream;
	uint32_t shard;
	struct lane **parents; /* those that must end before it begins: the nearest ancestors that are read */
	size_t parent_count, parents_ended;
	bool ready; /* its batch waits for its turn */
	bool waits; /* had nothing when it was last asked */
	bool final; /* what it can give now is all it ever can */
	bool ended; /* nothing will follow */
};

struct source {
	struct stream stream;
	struct lane **lanes; /* by shard id */
	size_t lane_count;
};

struct store_reader {
	const struct store_reader_options *options;
	struct source *sources;
	size_t source_count;
	struct lane **lanes; /* of all sources; in each, by shard id: parents come before their children */
	size_t lane_count, lane_capacity;
	struct lane *given; /* whose batch the caller has */
	struct watch watch;
	bool follows; /* it did at the opening */
	bool noticed;
	bool settled; /* all was looked at since the watch is there */
	uint64_t changes;
};

/* A lane for each shard of the stream that is to be read, where they begin and end. */
int lanes_open(struct store_reader *r, const struct files *io, const char *name, struct error *e);
/* When all are open. */
int lanes_place(struct store_reader *r, struct error *e);
/* Looks whether streams have new shards, and adds lanes for them. */
int lanes_refresh(struct store_reader *r, struct error *e);
void lanes_release(struct store_reader *r);

/* Whether it must wait for a parent. */
bool lane_is_blocked(struct lane *l);
/* Asks it for the next batch. */
int lane_advance(struct store_reader *r, struct lane *l, struct error *e);

#endif
