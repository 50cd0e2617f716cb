/*
 * Copies of a command side by side: a child of ours, the splitter, writes to their standard inputs, and we read their
 * standard outputs.
 *
 *   copies_start(&c, argv, argc, count, e);
 *   copies_fork(&c, e);                      1 in the splitter, whose c.items[i].input are open; 0 in us, who have .output
 *   copies_wait(&c, f, e);                   all outputs have ended well: did everybody?
 *   copies_cut(&c, i, e);                    one ended without END: who died, and how?
 *   copies_stop(&c);                         after a failure of any kind, before we end
 *
 * One that dies takes all with it, and one line tells of it: the splitter, whose pipe broke, leaves the others their inputs
 * for a while (copies_rest), and so they learn of it by their outputs, of which we have closed our ends, and end quietly.
 */
#ifndef STREAM_FLOW_COPIES_H
#define STREAM_FLOW_COPIES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "flow/flow.h"

enum { COPIES_NAME_MAX = 64 };

struct copy {
	pid_t pid;         /* 0: none */
	int status;        /* as a shell counts it; COPY_RUNS: not known to have ended */
	int input, output; /* ends of the pipes, the owner's to close; of the splitter -1 */
};

enum { COPY_RUNS = -1 };

struct copies {
	char **command; /* owned, its words are borrowed */
	struct copy *items;
	int count;
	struct copy splitter;
};

/* argv: argc words. An argv[0] that cannot be executed is an error here. */
int copies_start(struct copies *c, char *const *argv, int argc, int count, struct error *e);
/* Standard input is the splitter's from here on. */
int copies_fork(struct copies *c, struct error *e);
/* `copy 1 of 4 (stream-agg)` */
void copies_name(const struct copies *c, int i, char out[COPIES_NAME_MAX]);

/* The splitter has written all that there was: nobody waits for what we leave unread. */
bool copies_are_fed(struct copies *c);
/* SIGTERM to the splitter, who then ends its outputs as a source does. */
void copies_interrupt(const struct copies *c);

/* Waits for all: an error for a status other than 0 and 3; 3 shows in our status. */
int copies_wait(struct copies *c, struct flow *f, struct error *e);
/* Returns ERR_UPSTREAM, with the one who died. */
int copies_cut(struct copies *c, int i, struct error *e);
/* Our ends of their outputs were closed: gives them time to see it, then ends the splitter, and so their inputs. */
void copies_stop(struct copies *c);
void copies_release(struct copies *c);

/* In the splitter, after a failure: if a copy went away, waits for the others to do so, for at most a second. */
void copies_rest(const struct copies *c);

#endif
