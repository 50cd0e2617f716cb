/*
 * An input: files one after another, or one descriptor, in whatever format, as a run of events. It never waits: where
 * nothing can be had at once it says so, and the caller flushes what it has and polls.
 *
 * A batch belongs to the input and is valid until the next call of input_next.
 */
#ifndef STREAM_INPUT_INPUT_H
#define STREAM_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "format/frame.h"
#include "format/text.h"
#include "input/bytes.h"
#include "record/batch.h"

struct input;

enum input_event {
	INPUT_BATCH,   /* rows, or rejects, or both */
	INPUT_CONTROL, /* a control frame: input_frame() tells which */
	INPUT_WAIT,    /* poll input_fd() for reading */
	INPUT_END,     /* the end: of text, or of frames that were ended by END */
	INPUT_CUT,     /* the end of frames without END: whoever wrote them died */
};

struct input_options {
	enum format format; /* FORMAT_AUTO: by the first bytes */
	enum format text;   /* and then: what anything but frames is taken for; FORMAT_AUTO: what it looks like */
	uint32_t rows;      /* a batch has at most so many */
	size_t block;       /* bytes of a regular file that are read at a time; 0: what suits the cache */
	struct decode_options decode;
	struct bytes_options bytes;
};

/* The files are opened when their turn comes. `files` is borrowed. count > 0. */
struct input *input_new(const char *const *files, size_t count, const struct input_options *o);
/* fd is taken over. */
struct input *input_from_fd(int fd, const char *name, const struct input_options *o);
/* What is in memory already: `data`, from malloc, is taken over; DECODE_SLACK bytes more than len are allocated. It is
   not unpacked. */
struct input *input_from_memory(char *data, size_t len, const char *name, const struct input_options *o);
void input_free(struct input *in);

/* Returns an enum input_event, or an error. *b is set for BATCH and CONTROL. */
int input_next(struct input *in, struct batch **b, struct error *e);

/* Decodes a few records out of the block that was read last, with all their fields, to see what they are called. */
void input_sample(const struct input *in, struct batch *to);

/* Of the last CONTROL. */
const struct frame *input_frame(const struct input *in);

int input_fd(const struct input *in);
/* Whether the records have an end, as far as can be told now: a regular file has, frames say it of their source. */
/* From the next frame on, only these fields are needed (borrowed; NULL: all); those given at first are still borrowed. */
void input_want(struct input *in, const char *const *want, size_t count);

enum frame_bounded input_bounded(const struct input *in);
/* Whether what is read now came as frames, so that END can be expected. */
bool input_is_frames(const struct input *in);
/* Name of the file that is read now. */
const char *input_name(const struct input *in);
/* For progress: bytes taken so far, and of all regular files together (-1: not known). */
long long input_taken(const struct input *in);
long long input_total(const struct input *in);

#endif
