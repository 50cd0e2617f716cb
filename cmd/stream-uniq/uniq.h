/* stream-uniq: what it knows, and how a snapshot has it. */
#ifndef STREAM_CMD_UNIQ_UNIQ_H
#define STREAM_CMD_UNIQ_UNIQ_H

#include "event/clock.h"
#include "flow/flow.h"
#include "hold/state.h"
#include "key/recent.h"
#include "key/spec.h"
#include "sort/ranking.h"
#include "window/panes.h"

#define UNIQ_NAME "stream-uniq without --within"

/* The keys of a pane. */
struct seen {
	struct key_table keys;
	uint32_t saved; /* that a snapshot has */
};

struct uniq {
	const char *key_text, *time_field;
	int64_t within, delay, limit;
	bool last;

	struct key_spec key;
	struct key_list keys;

	struct recent recent;     /* with --within */
	struct event_clock clock; /* the same; started unless behind stream-window */
	int64_t slack;            /* behind stream-window: a record may be so far behind the watermark */

	struct panes panes; /* without: states are struct seen, with --last rankings */
	uint64_t seq, unchecked;
	struct key_list order; /* of --last */
	struct gather gather;

	/* while a snapshot is read */
	struct state_in in;
	uint32_t files;
	int64_t start;
	struct ranking *loading;
};

/* Keys of --last, for each row of the batch: the last by time, then by arrival, comes first. order: numbers of their arrival;
   NULL: they are the next ones. */
void uniq_make_order(struct uniq *u, const struct batch *b, const uint64_t *order);
/* Every batch that has rows: their keys. */
void uniq_make_keys(struct uniq *u, struct batch *b);

/* state.c */
int uniq_save(void *self, struct flow *f, struct snapshot *to, struct error *e);
int uniq_load(void *self, struct flow *f, struct batch *b, struct error *e);

#endif
