/* The insides of redo files; for lib/store/commit/redo*.c alone. */
#ifndef STREAM_STORE_REDO_PRIVATE_H
#define STREAM_STORE_REDO_PRIVATE_H

#include <pthread.h>

#include "base/buf.h"
#include "store/commit/ledger.h"
#include "store/commit/redo.h"
#include "store/shard/pending.h"
#include "store/shard/shard.h"

#define REDO_MAGIC 0x32206f6465720a00u

/* What the payload says of a part. */
struct redo_part {
	uint64_t shard, number;
	uint64_t segment;    /* the id of its segment; */
	uint64_t base, rows; /* the records that it was made to hold */
	uint64_t pieces;
	int64_t start, size; /* of its first frame, and of the file, in bytes */
	uint64_t link;       /* 1: large enough for a segment of the log */
};

/* One that is being filled. */
struct redo_draft {
	struct redo_part part;
	struct segment segment;
	struct index_writer index;
	int64_t soon; /* the disk knows of so much */
};

/* An open shard, and what is gathered for it. */
struct redo_lane {
	struct shard shard;
	struct hash128 from;
	struct pending pending;
	uint32_t *rows; /* of the batch at hand */
	uint32_t row_count;
	struct buf held;        /* frames: they become pieces, or, if there are many, the beginning of a part */
	uint64_t next, taken;   /* the @seq of the commit's first record, as far as we know; how many went into parts */
	bool begun;             /* next says so */
	struct redo_draft part; /* open if .segment.file is */
};

/*
 * A commit being carried out, while the next one is collected: what is decided need not be waited for. It has a stream of its own, for the
 * collector reads the catalog when it likes.
 */
struct redo_carrier {
	pthread_t thread;
	bool running;
	struct stream stream;
	const char *flow;
	int code;
	struct error e;
};

struct redo {
	struct stream stream;
	char *flow;
	struct ledger ledger;
	uint64_t n; /* the last commit */
	struct redo_lane *lanes;
	size_t lane_count;
	bool collecting;
	int64_t arrived;         /* when collecting began: the @arrived of all of it */
	uint64_t pieces;         /* in the payload */
	struct redo_part *parts; /* that are whole */
	size_t part_count;
	uint64_t part_number; /* of the next */
	uint32_t direct;      /* a batch of so many rows is a piece by itself */
	size_t held_max;      /* bytes of a lane that are held; more become a part */
	int64_t link_part;    /* a part of that share of a segment's size is linked */
	int64_t part_size;    /* the next part begins; or where a segment is full, if that is less */
	struct frame_writer *frames;
	struct buf frame;
	struct arena arena;
	struct redo_carrier carrier;
	uint64_t done; /* commit that a file says was carried out; 0: none */
};

/* Where a shard ended: behind it, tags are looked for. */
struct redo_mark {
	uint64_t shard, base, segment;
	int64_t offset;
};

/* The head of a piece in the payload. */
struct redo_piece {
	uint32_t shard, size;
};

/* The end of the payload. */
struct redo_trailer {
	uint64_t marks, parts;
	int64_t arrived;
	uint64_t magic;
};

/* -- redo_collect.c: redo_append, and -- */

/* All that was gathered is in the payload, or in parts, which are durable. */
int redo_flush(struct redo *r, struct error *e);
/* The last of the payload, when the commit before was carried out. */
int redo_write_trailer(struct redo *r, struct error *e);
/* What was collected is decided, or left to a later run; the next may be collected. */
void redo_next(struct redo *r);
void redo_close_lanes(struct redo *r);

/* -- redo_lane.c -- */

/* Adds the frames in r->frame, which have no places. */
int redo_lane_add(struct redo *r, struct redo_lane *l, struct error *e);
/* What is held goes into the payload. */
int redo_lane_write_held(struct redo *r, struct redo_lane *l, struct error *e);
/* The part that is open becomes one of r->parts, durable but for its name. */
int redo_lane_end_part(struct redo *r, struct redo_lane *l, struct error *e);

/* -- redo_part.c -- */

/* Begins the part p says, of the commit that is being collected. */
int redo_draft_begin(struct redo_draft *d, const struct redo *r, const struct redo_part *p, struct error *e);
/* Places the frame, and appends it. */
int redo_draft_add(struct redo_draft *d, const struct redo *r, char *frame, const struct frame *f, struct error *e);
int redo_draft_sync(struct redo_draft *d, struct error *e);
void redo_draft_close(struct redo_draft *d);

/* Returns 1, or 0 if it is not there. */
int redo_part_open(struct segment *out, const struct stream *s, const char *flow, const struct ledger_entry *x,
		   const struct redo_part *p, struct error *e);
/* The frame at *at, as it was before it had a place, and the next *at. */
int redo_part_read(const struct segment *part, int64_t *at, struct buf *piece, uint32_t tag, struct error *e);
/* The number of the i-th piece of a part. */
uint64_t redo_part_piece(const struct redo_part *p, uint64_t i);

/* The files of that commit; of all commits of earlier epochs. */
void redo_forget_parts(const struct stream *s, const char *flow, uint64_t epoch, uint64_t n);
void redo_forget_parts_before(const struct stream *s, const char *flow, uint64_t epoch);

/* -- redo_carry.c: redo_finish, and -- */

/* What the last commit decided is on its way into the stream. */
int redo_carry(struct redo *r, struct error *e);
/* It is there. */
int redo_carried(struct redo *r, struct error *e);

/* -- redo_tags.c: which pieces a shard has -- */

/* Tagged frames that were met. */
struct redo_tags {
	struct redo_tag {
		uint32_t tag;
		uint64_t hash; /* of its bytes without place and @arrived */
		uint64_t segment;
		int64_t end; /* there */
	} * items;
	size_t count, capacity;
	size_t next;               /* of the items: probably the one that is asked for next */
	struct redo_mark from, at; /* all in between was looked at, */
	uint64_t newest;           /* when this segment was the newest */
};

void redo_tags_init(struct redo_tags *t, const struct redo_mark *from);
void redo_tags_release(struct redo_tags *t);
/* Looks at what has come since. With the shard's lock, or when it is sealed. */
int redo_tags_read(struct redo_tags *t, struct shard *s, struct error *e);
/* Of a piece, which has that tag. Borrowed until the next reading; NULL: it is not there. */
const struct redo_tag *redo_tags_find(struct redo_tags *t, uint32_t tag, const char *p, size_t len);
/* What the shard has now need not be looked at. */
void redo_tags_skip(struct redo_tags *t, const struct shard *s);
/* Nothing has come since. */
bool redo_tags_at_end(const struct redo_tags *t, const struct shard *s);

uint32_t redo_tag(const char *flow, uint64_t n, uint64_t piece);

/* -- redo_apply.c -- */

/* Carries out an entry of a flow's ledger, which has a payload: all of it is in the stream, durably. */
int redo_apply(struct stream *s, const char *flow, const struct ledger_entry *x, struct error *e);

/* -- redo_done.c -- */

/* `stream`/flows, malloced. */
char *redo_directory(const struct stream *s);
/* Whether somebody has said that commit n is carried out: 1 or 0. */
int redo_is_done(const struct stream *s, const char *flow, uint64_t n, struct error *e);
int redo_say_done(const struct stream *s, const char *flow, uint64_t n, struct error *e);
/* The ledger says no more that n is to be carried out. */
void redo_forget_done(const struct stream *s, const char *flow, uint64_t n);
void redo_forget_all_done(const struct stream *s, const char *flow);

#endif
