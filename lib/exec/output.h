/* What a command has printed, taken for records: frames, or text as any input. */
#ifndef STREAM_EXEC_OUTPUT_H
#define STREAM_EXEC_OUTPUT_H

#include "base/buf.h"
#include "base/error.h"
#include "input/input.h"

/* The bytes of an output are taken over. */
struct input *output_input(struct buf *output);

/* Frames must be whole and ended by END: an error says why they are not. Text is text. */
int output_check(const struct buf *output, struct error *e);

#endif
