/*
 * An output: batches and control frames on their way into a descriptor, as frames or as text.
 *
 * What it is to be is decided before the first byte, by who reads (DESIGN section 4): frames for one of our commands or a named
 * FIFO, JSON lines for everybody else; on a terminal a table if the result is small and ends, else JSON lines. Small batches are
 * gathered into larger frames until somebody asks to flush.
 */
#ifndef STREAM_FLOW_OUTPUT_H
#define STREAM_FLOW_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/frame.h"
#include "format/text.h"
#include "record/batch.h"

struct live;
struct output;

struct output_options {
	enum format format;           /* FORMAT_AUTO: by who reads */
	struct encode_options encode; /* for text */
	uint32_t rows;                /* a frame has at most so many; 0: BATCH_ROWS */
};

/* fd is taken over; `name` is for messages and borrowed. Nothing is looked at or written yet. */
struct output *output_new(int fd, const char *name, const struct output_options *o);
void output_free(struct output *out);
/* Whom to tell when we wait for the reader; borrowed. */
void output_set_live(struct output *out, const struct live *live);

/* For the stream line; settled with the first byte. */
void output_set_bounded(struct output *out, enum frame_bounded bounded);

/* Writes the selected rows, or keeps them for company. A text format may reject some of them (rejects of b). */
int output_batch(struct output *out, struct batch *b, struct error *e);
int output_control(struct output *out, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e);

/* Whether frames go out, so that one of `*from` to `*to` rows can be passed on as it is. */
bool output_passes(struct output *out, uint32_t *from, uint32_t *to);
/* Passes on a frame that stands alone and was verified, with @stream added. */
int output_frame(struct output *out, const char *p, const char *stream, size_t len, struct error *e);

/* Everything so far is written, and the stream line if frames are meant: a reader then knows that END must follow. */
int output_flush(struct output *out, struct error *e);

/* For one of several outputs: what its reader does not take at once is kept (up to 16 MiB), for output_flush to try again; so a slow
   reader does not hold up the others. fd must be ours alone: it is made non-blocking. */
void output_set_patient(struct output *out);
/* Bytes that are kept. */
size_t output_pending(const struct output *out);

/* Writes what the format still owes (a table), flushes and closes; a full disk is noticed here at the latest. */
int output_finish(struct output *out, struct error *e);

/*
 * We end in failure: what was emitted so far is written, and a reader of ours, even one that got nothing yet, is told by a stream
 * line that no END follows, for to end without a word would look like the end of empty text. Does nothing after output_finish
 * or when a write failed.
 */
void output_abandon(struct output *out);

/* Whether it is frames; settles what it is to be. */
bool output_is_frames(struct output *out);
/* Everything so far is written, and durable if it goes to a regular file; *kept: it does. */
int output_deliver(struct output *out, bool *kept, struct error *e);

int output_fd(const struct output *out); /* -1 once it is closed */
bool output_is_terminal(const struct output *out);

#endif
