/*
 * The loop that every command runs on. A command says what it is (struct command), what it does with each thing that
 * comes (struct stage), and its main is one call of flow_main.
 *
 * The loop reads the inputs, hands batches and control frames to the stage, passes on what the stage does not care
 * about, writes what it emits, flushes before it waits, notices a reader that died even while idle, rejects and counts,
 * and knows what an end is: END is passed on with the counts of all stages; the end of frames without END means that the
 * process upstream died, and then the stage's `end` is not called and the status is 4.
 *
 * The checkpoint protocol (HELLO, RESTORE, BARRIER) is spoken here too, and nowhere else; see flow/checkpoint.h.
 */
#ifndef STREAM_FLOW_FLOW_H
#define STREAM_FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/checkpoint.h"
#include "flow/command.h"
#include "format/frame.h"
#include "record/batch.h"
#include "record/order.h"

struct flow;

/* What `produce` returns. */
enum { FLOW_MORE, FLOW_WAIT, FLOW_DONE };

/*
 * Callbacks; all may be NULL. Each returns 0 or an error, which ends the command. `input` is the number of the input, 0 for
 * the files and standard input. A batch may be changed, and lives until the callback returns; its rejects are taken care of by
 * the loop afterwards.
 */
struct stage {
	/* Takes its operands off; what is left are FILEs (an error for a source). Returns 1 if all is done (`--list`). */
	int (*setup)(void *self, struct flow *f, struct operands *o, struct error *e);
	/* Rows, at least one. NULL: emitted as they are. */
	int (*batch)(void *self, struct flow *f, int input, struct batch *b, struct error *e);
	/* WATERMARK, WINDOW, IDLE and kinds not known. NULL: passed on. */
	int (*control)(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		       struct error *e);
	/* All inputs are at their end: emit the rest. `final`: nothing will ever follow, so all windows close. */
	int (*end)(void *self, struct flow *f, bool final, struct error *e);
	/* A source's turn to emit something: FLOW_MORE (call again), FLOW_WAIT (for flow_wait_for or the timer), FLOW_DONE, or an error. */
	int (*produce)(void *self, struct flow *f, struct error *e);
	/* What flow_wait_for waits for can be read, in a stage that has inputs too. */
	int (*ready)(void *self, struct flow *f, struct error *e);
	/* All inputs are at their end, and what was begun is not: called like `produce`, until FLOW_DONE. */
	int (*drain)(void *self, struct flow *f, struct error *e);
	/* The loop is about to wait: the last chance to commit what is held back for company. */
	int (*idle)(void *self, struct flow *f, struct error *e);
	/* Every flow_timer interval. */
	int (*timer)(void *self, struct flow *f, struct error *e);
	/* The first SIGINT or SIGTERM came. NULL: text is read no further, frames until their END. */
	int (*interrupted)(void *self, struct flow *f, struct error *e);
	/* One input is at its end (only asked for with more than one). */
	int (*input_end)(void *self, struct flow *f, int input, struct error *e);
	/* One input of frames ended without END. Returns the error that says so; NULL: it says that the process upstream died. */
	int (*input_cut)(void *self, struct flow *f, int input, struct error *e);
	/* At the way out, whatever happened (`failed`): undo or let go. */
	void (*close)(void *self, bool failed);

	/* Checkpoints (flow/checkpoint.h). With none of these the stage refuses to stand in a checkpointed flow; */
	const struct checkpoint_ops *checkpoint;
	const struct end_ops *last;
	const struct source_ops *source;
	const char *refusal; /* then this is said; NULL: `keeps no checkpoints` */
};

/* The whole of a command's main; returns the exit status. */
int flow_main(int argc, char **argv, const struct command *c, const struct stage *s, void *self);

/* -- for callbacks -- */

/* Writes the selected rows. */
int flow_emit(struct flow *f, struct batch *b, struct error *e);
/* Whether what is written are frames, so that stored frames of `*from` to `*to` rows can be passed on as they are. Not for `setup`. */
bool flow_passes_frames(struct flow *f, uint32_t *from, uint32_t *to);
/* Passes on a frame of so many rows that stands alone and was verified, with @stream added. */
int flow_emit_frame(struct flow *f, const char *p, uint32_t rows, const char *stream, struct error *e);
/* Shows, keeps and counts the rejects of a batch of the stage's own (those of the batch it was given are the loop's). */
int flow_reject(struct flow *f, struct batch *b, struct error *e);
/* Writes a control frame (nothing where the output is text). */
int flow_control(struct flow *f, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e);
/* Event time as a whole has come to `time`: a WATERMARK with one row and no shard. */
int flow_watermark(struct flow *f, int64_t time, struct error *e);

/*
 * The fields that the stage reads: a field that no record has had is warned of once, with the nearest name, and is an error
 * (status 2) if it is so at the end. `only`: it needs no others, so that they need not be unpacked. `names` is borrowed. Called
 * again when a WINDOW frame brings more of them; what was given before must still be there.
 */
void flow_fields(struct flow *f, const char *const *names, size_t count);
void flow_only_fields(struct flow *f, bool only);

/* In `setup`: rejects go there, as if --bad had been given. `dest` is borrowed. */
void flow_keep_rejects(struct flow *f, const char *dest);

/* In `setup`: text is lines, whatever it looks like (unless -i says else). */
void flow_text_is_lines(struct flow *f);

/* For a source that remembers what it gave: whether it gives frames (not in `setup`); and that all it emitted and rejected is written,
   and durable where it goes to a regular file (*kept). */
bool flow_gives_frames(struct flow *f);
int flow_deliver(struct flow *f, bool *kept, struct error *e);

/* Counts late records; `caught`: they were kept somewhere. They are in no one else's count. */
void flow_count_late(struct flow *f, uint64_t count, bool caught);

/* Somebody behind us has rejected records that nobody kept: our status is to say so. */
void flow_note_uncaught(struct flow *f);

/* What was asked for is done, and its records are whole, but they tell of failure: END goes out, then the status is 1, with
   this line. */
void flow_fail_at_end(struct flow *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From here on the records that come out are not those that came in, one for one (see COMMAND_FOLDS). */
void flow_fold(struct flow *f);

/* Counts records that a stage with outputs of its own, or a sink, has passed on. */
void flow_count_out(struct flow *f, uint64_t count);

/* In `setup`: from here on this is another stage, which writes nothing to standard output. `child`: in a process of its own,
   which leaves --stats and --metrics to its parent. */
void flow_become(struct flow *f, const struct stage *stage, bool child);

/* Calls `timer` every `interval` nanoseconds from now on; 0: never. */
void flow_timer(struct flow *f, int64_t interval);
/* Calls `timer` once, at this monotonic time (INT64_MAX: not at all), instead of by an interval. */
void flow_timer_at(struct flow *f, int64_t at);
/* A source that waits is called again when fd can be read; a stage with inputs has its `ready` called. */
void flow_wait_for(struct flow *f, int fd);
/* Reads this descriptor (taken over) as a further input; returns its number. For `setup`: standard input is then not read, unless asked for. */
int flow_add_input(struct flow *f, int fd, const char *name);
/* In `setup`: a further input that reads these files (borrowed; `-`: standard input) one after another, by -i. */
int flow_add_files(struct flow *f, const char *const *files, size_t count);
/* In `setup`, of a stage with several inputs: the FILEs that are left, or standard input, as the one that the others are added to.
   Takes them off; returns its number. */
int flow_add_operands(struct flow *f, struct operands *o, struct error *e);
/* Leaves an input unread until it is asked for again: others have to come first. Not all at once, unless flow_wait_for or a timer
   will ask for one. (While one input has come to a barrier, the others are read to theirs, held or not: `batch` must keep what comes.) */
void flow_hold_input(struct flow *f, int input, bool hold);
/* Whether this one has an end, as far as is known so far; its name, for messages. */
enum frame_bounded flow_input_bounded(const struct flow *f, int input);
const char *flow_input_name(const struct flow *f, int input);
/* Whether nothing will ever follow an input that has ended: its END said so, or it was text. */
bool flow_input_final(const struct flow *f, int input);

/* For a stage with outputs of its own: writes on when a patient one can take more, and notices when its reader dies, even while
   idle. That ends us quietly, as for standard output; or, if `keeper` names what was to keep the records, as a failure. */
struct output;
void flow_watch_output(struct flow *f, struct output *out, const char *keeper);
/* It is at its end, and about to be freed. */
void flow_unwatch_output(struct flow *f, const struct output *out);
/* Fills the body of an END frame with the counts so far; `zero`: the same stages, all counts 0 (for all but one of several outputs). */
void flow_end_body(struct flow *f, bool zero, struct batch *body);

const struct common_options *flow_options(const struct flow *f);
/* Whether what comes in, by all inputs, has an end, as far as is known so far. A source sets it. */
enum frame_bounded flow_bounded(const struct flow *f);
void flow_set_bounded(struct flow *f, enum frame_bounded bounded);
/* A splitter upstream has said that others have the rest of the records. */
bool flow_is_part(const struct flow *f);
/* The keys (-k, as they were written) that these records were split by and that no fan-in has brought together again yet. */
size_t flow_part_keys(const struct flow *f, char *const **keys);

/*
 * What is emitted from here on until the next watermark, or the end, is in order of these fields: who brings the copies of a pipeline
 * together again then keeps it (an ORDER frame; nothing if there is no splitter upstream). The fields are borrowed for the call.
 */
int flow_order(struct flow *f, const struct order_field *fields, size_t count, struct error *e);
/* Results go to a person's screen. */
bool flow_on_terminal(const struct flow *f);
/* The first SIGINT or SIGTERM, if it came (a source then ends); else 0. */
int flow_interrupted(const struct flow *f);

/* For who looks at a pipeline with stream-run: what a source waits for that is not records (`a free slot`; "": records again); and what
   a group's reader reads, called for each stream. */
void flow_says_waiting(struct flow *f, const char *reason);
void flow_says_reading(struct flow *f, const char *stream, const char *group, uint32_t slot);

/* For a source that reads for itself: rows of a batch at most, and bytes of a read (0: no limit), as tests shrink them. */
void flow_batch_limits(struct flow *f, uint32_t *rows, size_t *read_max);

/* A line on standard error unless -q. */
void flow_warn(const struct flow *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
