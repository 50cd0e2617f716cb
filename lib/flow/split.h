/*
 * Splitting records by key over several outputs: each key's records go to one of them, in order, and control frames
 * go to all, before later records.
 */
#ifndef STREAM_FLOW_SPLIT_H
#define STREAM_FLOW_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/flow.h"
#include "flow/output.h"
#include "record/batch.h"

struct split {
	struct output **outputs;
	uint32_t count;
};

/* The output of a key: equal values (`1` and `1.0`) go to the same one; absent and null to the first. */
uint32_t split_of(struct value key, uint32_t count);

/* key: a value for each row of b. */
int split_batch(struct split *s, struct batch *b, const struct column *key, struct error *e);
int split_control(struct split *s, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e);
/* Tells those behind that they see a part, by this key: a WATERMARK without a time, state `split`. */
int split_announce(struct split *s, const char *key, struct error *e);
/* Whether the body of a WATERMARK frame is that. */
bool split_is_announced(const struct batch *body);
/* For who brings the shares together: those behind us learn that there was a splitter, but no key. */
int split_joined(struct flow *f, struct error *e);
/* HELLO, RESTORE or BARRIER goes to all; in HELLO each learns which part it is. ERR_USAGE if one of them is text. */
int split_forward(struct split *s, enum frame_kind kind, const struct batch *body, struct error *e);
int split_flush(struct split *s, struct error *e);
/* Those behind learn whether the records have an end; before anything is written, if it is to stand in the first line. */
void split_set_bounded(struct split *s, enum frame_bounded bounded);
/* END with the counts to the first, and the same stages with zeros to the others, so that they add up to the truth. */
int split_end(struct split *s, struct flow *f, struct error *e);

#endif
