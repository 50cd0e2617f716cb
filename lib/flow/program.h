/*
 * Another program as the next stage: records and control frames go to its standard input, and its status tells
 * whether it has them. stream-sink stands on this for what it does not do itself.
 */
#ifndef STREAM_FLOW_PROGRAM_H
#define STREAM_FLOW_PROGRAM_H

#include "base/error.h"
#include "flow/flow.h"
#include "flow/output.h"
#include "flow/spawn.h"

struct program {
	struct spawned process; /* pid 0: none */
	struct output *pipe;
	const char *name; /* for messages; borrowed */
	bool ours;        /* speaks frames, and its statuses are ours */
};

/* Starts argv (see spawn_command); format is FORMAT_FRAMES or a text. `f` watches that it lives. */
int program_start(struct program *p, const char *name, char *const *argv, enum format format, struct flow *f,
		  struct error *e);
int program_batch(struct program *p, struct flow *f, struct batch *b, struct error *e);
int program_control(struct program *p, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e);
int program_flush(struct program *p, struct error *e);
/* Sends END, closes the pipe and waits: an error unless its status is 0 (or, if it speaks frames, 3: some were rejected). It may be
   started again. */
int program_end(struct program *p, struct flow *f, struct error *e);
/* Without END: it learns that we failed. Does nothing after program_end, or when it was never started. */
void program_abandon(struct program *p);

#endif
