/* The insides of redo files; for lib/store/redo*.c alone. */
#ifndef STREAM_STORE_REDO_PRIVATE_H
#define STREAM_STORE_REDO_PRIVATE_H

#include <pthread.h>

#include "base/buf.h"
#include "store/ledger.h"
#include "store/pending.h"
#include "store/redo.h"
#include "store/shard.h"

#define REDO_MAGIC 0x31206f6465720a00u

/* An open shard, and what is gathered for it. */
struct redo_lane {
	struct shard shard;
	struct hash128 from;
	struct pending pending;
	uint32_t *rows; /* of the batch at hand */
	uint32_t row_count;
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
	bool collecting; /* the marks are in the file */
	uint32_t direct; /* a batch of so many rows is a piece by itself */
	uint64_t pieces;
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

/* The head of a piece in the file. */
struct redo_piece {
	uint32_t shard, size;
};

/* -- redo_collect.c: redo_append, and -- */

/* All that was gathered is in the payload. */
int redo_flush(struct redo *r, struct error *e);
void redo_close_lanes(struct redo *r);

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
/* Borrowed until the next reading; NULL: it is not there. */
const struct redo_tag *redo_tags_find(struct redo_tags *t, uint32_t tag, uint64_t hash);
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
