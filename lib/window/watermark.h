/*
 * Event time: how far it has come, and which records are late.
 *
 * A tracker knows the shards of one input. For each it holds the greatest time seen, from records and from WATERMARK
 * frames; the shard's watermark is that less `delay`, the bound on disorder. A record is late by its *own* shard's
 * watermark as the records before it have left it, judged in the order of rows: neither the other shards, nor how
 * records were cut into batches, can matter.
 *
 *   late:      the end of its last window + lateness <= watermark of its shard
 *   closes:    a window whose end <= watermark of the input, the least of those of all shards that are active
 *
 * An announced shard that was silent so far holds time back (its watermark is TIMESTAMP_MIN) until it is drained or
 * idle. Idle and drained shards hold nothing back; a record makes an idle one active again. Where no shard is active,
 * time is that of the most advanced. The input's watermark never falls. With DELAY_UNLIMITED it stays TIMESTAMP_MIN and
 * nothing is late.
 *
 * A shard that comes back from idleness, or turns up unannounced, starts at the input's watermark of that moment. So a
 * shard's watermark is never below the input's, and a record that is not late never meets a closed window.
 */
#ifndef STREAM_WINDOW_WATERMARK_H
#define STREAM_WINDOW_WATERMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/batch.h"
#include "window/spec.h"

enum shard_state { SHARD_ACTIVE, SHARD_IDLE, SHARD_DRAINED };

struct watermark_shard {
	struct value name; /* as in @shard: string, int, or absent where there are none */
	int64_t greatest;  /* time; TIMESTAMP_MIN: none seen */
	int64_t floor;     /* its watermark is at least this */
	int64_t heard;     /* monotonic time of the last sign of life */
	enum shard_state state;
};

struct watermark {
	int64_t delay;
	int64_t at;  /* of the input; only grows */
	int64_t now; /* what watermark_now said */
	struct watermark_shard *shards;
	uint32_t count, cap;
	uint32_t *index;     /* number + 1 by name, open addressing */
	uint32_t index_size; /* a power of two */
	bool resumed;        /* it has what a run before this one left */
	uint32_t last;       /* the shard found last: the next record is usually of the same */
	struct arena names;
};

void watermark_init(struct watermark *w, int64_t delay);
void watermark_release(struct watermark *w);

/* The monotonic time that shards are heard at from here on. */
static inline void watermark_now(struct watermark *w, int64_t now)
{
	w->now = now;
}

/* Announces a shard, or changes its state. `greatest` may be TIMESTAMP_MIN: nothing new. */
void watermark_shard(struct watermark *w, struct value name, int64_t greatest, enum shard_state state);

/* Takes a WATERMARK frame: fields shard, time, state. With `times` false the times are not looked at, for the source's
   @time is not what the windows go by. A row that makes no sense is ERR_FAILED. */
int watermark_frame(struct watermark *w, const struct batch *b, bool times, struct error *e);

/*
 * Time comes to the end of the last window that has a record, for all shards: those that are open close, and what comes later for them is
 * late. Unlike TIMESTAMP_MAX it leaves a time after it, for whoever goes on. Returns the input's watermark.
 */
int64_t watermark_drain(struct watermark *w, const struct window_spec *s);

/*
 * A tracker as rows, for a snapshot, and back into a new one: `shard`, `greatest`, `floor`, `state`, and for how long (ns) nothing was heard of
 * it while somebody listened; in the first row also `at`. Afterwards, that a shard is announced which was known is no sign of life.
 */
void watermark_save(const struct watermark *w, struct batch *b);
int watermark_load(struct watermark *w, const struct batch *b, struct error *e);

/* Reads a WATERMARK frame as stages behind stream-window get it: event time as a whole. TIMESTAMP_MIN if there is none
 * in it. */
int64_t watermark_whole(const struct batch *b);

/* Active shards not heard of for `idle` ns become idle. Returns when to ask again (monotonic), TIMESTAMP_MAX: no need.
 */
int64_t watermark_idle(struct watermark *w, int64_t idle);

/*
 * Takes count records, rows[i] of the batch (rows NULL: row i), with times[i]; @shard is read from the batch. Writes
 * the rows in time to `kept`, the late ones to `late` (each with room for count), in order; returns how many were kept.
 */
uint32_t watermark_records(struct watermark *w, const struct window_spec *s, const struct batch *b,
			   const uint32_t *rows, uint32_t count, const int64_t *times, uint32_t *kept, uint32_t *late);

/* The input's watermark. */
int64_t watermark_at(struct watermark *w);

/*
 * The watermark of several inputs: the least. An input's may only rise; one at its end counts as TIMESTAMP_MAX.
 */
struct watermark_inputs {
	int64_t *at; /* owned */
	uint32_t count;
};

void watermark_inputs_init(struct watermark_inputs *w, uint32_t count);
void watermark_inputs_release(struct watermark_inputs *w);
/* Returns the least after it. */
int64_t watermark_inputs_advance(struct watermark_inputs *w, uint32_t input, int64_t at);
static inline int64_t watermark_inputs_end(struct watermark_inputs *w, uint32_t input)
{
	return watermark_inputs_advance(w, input, INT64_MAX);
}

#endif
