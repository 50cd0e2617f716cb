/* The insides of a writer: a lane for each open shard, and what happens when the shards change. */
#ifndef STREAM_STORE_WRITER_PRIVATE_H
#define STREAM_STORE_WRITER_PRIVATE_H

#include "store/shard/pending.h"
#include "store/shard/shard.h"
#include "store/upkeep/tidier.h"
#include "store/write/background.h"
#include "store/write/writer.h"

struct write_lane {
	struct shard shard;
	struct hash128 from;
	struct pending pending; /* gathered, not yet appended */
	uint32_t *rows;         /* of the batch at hand: those that are for this shard */
	uint32_t row_count;
};

struct store_writer {
	struct stream stream;
	struct write_lane **lanes; /* one for each open shard, in the order of their ranges */
	size_t lane_count;
	struct arena arena; /* for the batch at hand */
	int64_t oldest;     /* when the first record came that no sync was begun for; monotonic; 0: none */
	struct background syncs;
	struct tidier *tidier;
	struct frame_writer *frames; /* of all lanes: dictionaries take memory */
	bool moved;                  /* the catalog was replaced: until writer_follow, records are only gathered */
};

/* -- writer.c -- */

/* Gives the selected rows, which have their @hash, to the lanes; appends where much has been gathered. */
int writer_distribute(struct store_writer *w, const struct batch *view, struct error *e);

/* -- writer_lanes.c -- */

/* Lanes for the shards that the catalog has open; what the lanes of others still hold goes to them. */
int writer_open_lanes(struct store_writer *w, struct error *e);
/* Reads the catalog again, and writer_open_lanes. */
int writer_follow(struct store_writer *w, struct error *e);
void write_lane_free(struct write_lane *l);

#endif
