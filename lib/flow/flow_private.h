/* The insides of a flow; for the files of lib/flow alone. */
#ifndef STREAM_FLOW_FLOW_PRIVATE_H
#define STREAM_FLOW_FLOW_PRIVATE_H

#include "flow/counts.h"
#include "flow/flow.h"
#include "flow/live.h"
#include "flow/output.h"
#include "flow/protocol.h"
#include "flow/side.h"
#include "input/input.h"

enum { ONCE = -1 };

struct flow_input {
	struct input *input;
	bool ended;
	bool waits;         /* had nothing to give when it was last asked */
	bool held;          /* the stage wants nothing of it for now */
	bool final;         /* what its END said; true for text */
	bool copy;          /* of an earlier input: it has the same sources */
	bool aligned;       /* has come to a frame of the protocol that others have not come to yet */
	struct hello hello; /* what it said, until all have said it */
};

/* Fields that the stage reads, and whether a record had them. */
struct field_watch {
	const char *const *names;
	bool *seen;
	size_t count, unseen;
	bool only, warned;
};

struct flow {
	const struct command *command;
	const struct stage *stage;
	void *self;
	struct common_options options;

	struct flow_input *inputs;
	int input_count;
	struct output *output; /* NULL: a sink */

	char *signature; /* our arguments, see flow/hello.h */
	struct protocol protocol;
	struct live live;

	const struct batch *current; /* the loop's batch that the stage has now */
	struct counts own;
	struct counts_list upstream;
	struct field_watch watch;
	struct side bad;
	uint64_t shown, hidden; /* rejected records that were shown, and those that were too many for that */
	uint64_t lost_late;     /* late ones that nobody kept */

	int64_t interval;   /* of the timer, ns; 0: none; ONCE */
	int64_t next_timer; /* monotonic */
	int64_t next_report;
	int wait_fd; /* of a source; -1 */
	struct watched {
		struct output *output;
		const char *keeper;
	} * watched; /* outputs of the stage's own */
	int watched_count;
	bool child;       /* one command is two processes, and this is not the one that was started */
	bool part;        /* behind a splitter: others have the rest of the records */
	char **part_keys; /* see flow_part_keys */
	size_t part_key_count;
	bool told;      /* the stage knows of the first signal */
	bool cut_short; /* a signal ended us before the input did */
	enum frame_bounded bounded;
	enum format text; /* what text is taken for; FORMAT_AUTO: what it looks like */
	int64_t started;
	bool final;
	struct error failed;  /* code 0: nothing failed so far that must wait for the end */
	struct batch control; /* for the control frames that we make */
};

/* inputs.c */
int flow_open_inputs(struct flow *f, const struct operands *rest, struct error *e);
void flow_close_inputs(struct flow *f);
/* Of all inputs together: only what all have is an end. */
enum frame_bounded flow_inputs_bounded(const struct flow *f);
struct input_options flow_input_options(struct flow *f);

/* fields.c */
void flow_watch_batch(struct flow *f, const struct input *in, const struct batch *b);
/* ERR_USAGE for a field that no record had. */
int flow_watch_end(struct flow *f, struct error *e);

/* flow.c */
/* Selects those of the selected rows that stand before `row`. */
void flow_select_before(struct batch *b, uint32_t row);

/* rejects.c */
/* Shows, keeps and counts the rejects of b from the first-th on. */
int flow_take_rejects(struct flow *f, struct batch *b, uint32_t first, struct error *e);

/* report.c */
void flow_report(struct flow *f);                                /* the audit, on standard error */
int flow_report_live(struct flow *f, bool end, struct error *e); /* the counts of now: terminal line, metrics file */

/* loop.c */
/* Whether it is one of those that are read now. */
bool flow_reads_input(const struct flow *f, int input);
int flow_run(struct flow *f, struct error *e);
/* What the stage has begun comes to its end; while all inputs are at a barrier. */
int flow_settle(struct flow *f, struct error *e);
/* Flushes, then waits for an input (fd, if it is not -1, beside the others), a timer, a signal, or the death of a reader. */
int flow_wait(struct flow *f, int fd, struct error *e);

#endif
