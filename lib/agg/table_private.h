/*
 * Inside of tables: table_new.c makes them, table_feed.c adds records, table_panes.c, table_sessions.c and table_by.c say to which
 * panes, table_close.c knows which windows are due, table_emit.c makes rows of them. Partial results (partial.h):
 * table_about.c says of what, table_save.c writes and table_load.c reads them, table_spill.c keeps
 * them on disk, table_runs.c brings them back, table_limit.c knows when. Snapshots (snapshot.h): table_changes.c knows
 * what has changed, table_snapshot.c writes and table_restore.c reads them.
 */
#ifndef STREAM_AGG_TABLE_PRIVATE_H
#define STREAM_AGG_TABLE_PRIVATE_H

#include "agg/input.h"
#include "agg/pane.h"
#include "agg/partial.h"
#include "agg/snapshot.h"
#include "agg/state.h"
#include "agg/table.h"
#include "expr/expr.h"

/* A key or an argument: a field as it is, or something computed. */
struct source {
	const char *field; /* NULL: */
	struct expr *expr; /* borrowed from a statement */
	const char *text;  /* for messages */
	bool wants_numbers;
	struct input_room room;
	struct value *values; /* what was computed, by row */
	uint32_t cap;
	struct column column; /* this batch's */
};

struct output {
	const char *name;
	struct call call;
	uint32_t agg; /* which accumulator has it */
};

struct accumulator {
	enum agg_state state;
	int source;       /* its argument in `args`; -1: none */
	const char *text; /* of that */
};

/* Rows of partial results being made. */
struct state_rows {
	struct batch b;
	uint16_t *columns; /* numbers of its columns, in order */
	uint32_t shape;
	bool about;   /* with the field `partial` */
	size_t bytes; /* of states and keys */
};

/* What has changed since the last snapshot, and what is gone. */
struct changes {
	uint64_t last_id;      /* of a pane */
	struct pane **changed; /* in no order; NULL: it is gone */
	uint32_t changed_count, changed_cap;
	uint64_t *gone; /* ids of panes that a snapshot has */
	size_t gone_count, gone_cap;
	struct buf entries; /* being written */
};

struct restoring;

/* Panes of one key, which don't overlap, by start. */
struct key_panes {
	struct pane **panes;
	uint32_t count, cap;
};

struct table {
	struct arena arena; /* names, texts, the spec's fields */
	struct statement *statements;
	uint32_t statement_count;
	struct source *keys;
	const char **key_names;
	const struct column **key_columns;
	uint32_t key_count;
	struct source *args;
	uint32_t arg_count;
	struct accumulator *accumulators;
	enum agg_state *states;
	struct output *outputs;
	uint32_t output_count;
	const char **fields;
	uint32_t field_count;
	struct pane_shape shape;

	bool has_window;
	bool wants_times; /* without a window: rate, first, last, collect */
	struct window_spec spec;
	int64_t closed;   /* the greatest watermark so far */
	int64_t next_due; /* no window that is not emitted ends before */

	struct pane **panes; /* all, in no order */
	uint32_t pane_count, pane_cap;
	uint32_t *index;      /* pane number + 1 by start, open addressing; of tumble, hop and cumulate */
	uint32_t index_size;  /* a power of two */
	struct pane *running; /* cumulate: sum of the panes of the window emitted last */

	struct groups by; /* keys of sessions and counts */
	struct key_panes *by_panes;
	uint32_t by_cap;
	struct pane **done; /* count windows that are full; sessions that are no longer */
	uint32_t done_count, done_cap;

	/* Of the batch being added. */
	uint32_t *rows;        /* row numbers, */
	int64_t *times;        /* their times, */
	struct pane **pane_of; /* their panes, */
	uint32_t *groups, *scratch;
	uint32_t *sorted_rows; /* and the first two sorted by pane */
	int64_t *sorted_times;
	bool *bad;
	struct pane **touched;
	uint32_t *touched_from; /* where a pane's rows begin; one more for the end */
	uint32_t touched_count;
	uint32_t room; /* of all of these */

	struct batch out;
	uint16_t *out_columns; /* numbers of its columns, in order */
	uint32_t out_shape;

	bool takes_partials, gives_partials;
	struct state_rows partials; /* those it gives */
	struct state_rows spilled;  /* those that go to disk */
	struct spool *spool;
	size_t limit;           /* bytes; 0: none */
	size_t grown, headroom; /* bytes: at most so many came since memory was looked at; it is looked at again */
	struct buf cell;        /* a state being written or read */
	struct buf about;       /* the field `partial`; empty: not made yet */
	struct buf about_seen;  /* that of the rows read last, as it came: it is ours */
	bool tracks;            /* there was a snapshot: what changes is noted */
	struct changes changes;
	struct restoring *restoring; /* NULL: it is not */
	int64_t oldest, oldest_at;   /* sessions: no open one begins before; the watermark when that was found */
};

extern const char table_window_start[], table_window_end[], table_partial[], table_state[];

/* The field `partial` of this table. */
struct value table_about(struct table *t);
/* Takes that of others: sets the window, if none is set. ERR_USAGE with the difference. */
int table_check_about(struct table *t, struct value about, struct error *e);

/* Whether a column of the results is called so. */
bool table_name_taken(const struct table *t, const char *name);
/* Records are read by this field too; the name is borrowed. */
void table_add_field(struct table *t, const char *name);

/* Entries of a snapshot. */
enum { ENTRY_GONE = 1, ENTRY_PANE, ENTRY_OF, ENTRY_GROUP };

/* Whether panes are found by a key, and not by time alone. */
static inline bool table_is_keyed(const struct table *t)
{
	return t->has_window && t->spec.kind >= WINDOW_SESSION;
}

/* Whether a spec is that of the table; both as messages have them. */
bool table_same_window(struct table *t, const struct window_spec *spec, char ours[WINDOW_TEXT_MAX],
		       char theirs[WINDOW_TEXT_MAX]);

/* A pane has changed, though no records came; or came, to these groups. Nothing without t->tracks. */
void table_note_change(struct table *t, struct pane *p);
void table_note_rows(struct table *t, struct pane *p, const uint32_t *groups, uint32_t count);
/* Frees a pane of the table, which a snapshot may have. */
void table_forget_pane(struct table *t, struct pane *p);
void table_restoring_free(struct table *t);

/* Values with their types, and states, as state.h has them. */
void table_put_values(struct buf *out, const struct groups *g, uint32_t group);
void table_read_values(struct state_reader *r, struct value *values, uint32_t count);
void table_put_states(struct table *t, struct pane *p, uint32_t group, struct buf *out);
void table_load_states(struct table *t, struct pane *p, uint32_t group, struct state_reader *r);

void state_rows_release(struct state_rows *r);
/* Appends a group; there must be room for a row. */
void table_put_state(struct table *t, struct state_rows *r, struct pane *p, uint32_t group);
/* Appends all groups of a pane to those that the table gives. */
int table_put_partials(struct table *t, struct pane *p, table_emit emit, void *self, struct error *e);
int table_flush_partials(struct table *t, table_emit emit, void *self, struct error *e);
/* The same of a whole cell, whose checksum is not looked at. */
bool table_load_cell(struct table *t, struct pane *p, struct value cell, struct value *keys);

/* A piece of a pane's groups, in order; no group is in two of them. */
typedef int (*table_take)(struct table *t, struct pane *chunk, void *arg, struct error *e);
/* The groups of these runs of a pane, in order, piece by piece. */
int table_merge_runs(struct table *t, const struct pane *p, const struct pane_run *runs, uint32_t count,
		     table_take take, void *arg, struct error *e);
/* Writes the groups of a pane to disk. */
int table_spill_pane(struct table *t, struct pane *p, struct error *e);
/* Appends all groups of a pane, by key, to a run. */
int table_write_groups(struct table *t, struct run *run, struct pane *p, struct error *e);
/* Another run of a pane, the newest. */
void table_add_run(struct pane *p, struct pane_run run);
/* Runs of one level become one, where they are many (and saved, if there are snapshots). */
int table_fold_runs(struct table *t, struct pane *p, struct error *e);
/* As table_put_partials and table_emit_pane, of a pane with runs. */
int table_put_spilled(struct table *t, struct pane *p, table_emit emit, void *self, struct error *e);
int table_emit_spilled(struct table *t, struct pane *p, struct span w, table_emit emit, void *self, struct error *e);
/* Adds a pane, with all its runs, to a sum, which gets runs of its own when it is large. */
int table_sum_pane(struct table *t, struct pane *sum, struct pane *p, struct error *e);

/* Gives all panes as partial results, and drops them. */
int table_give(struct table *t, table_emit emit, void *self, struct error *e);
/* Adds what a cell says to the pane's group of these keys; false: it makes no sense. */
bool table_load_group(struct table *t, struct pane *p, struct value *keys, struct state_reader *r);

/* The pane of a time; NULL if all its windows are closed. */
struct pane *table_find_pane(struct table *t, int64_t time);
/* Adds a pane to `panes` and the index. */
struct pane *table_add_pane(struct table *t, struct span span);
/* Frees the panes that `gone` says yes to. */
void table_drop_panes(struct table *t, bool (*gone)(const struct table *t, const struct pane *p));

/* Takes the pane's next window into next_due. */
void table_expect(struct table *t, const struct pane *p);
/* Forgets the running sum, which no longer has all that its panes have. */
void table_drop_running(struct table *t);

/* pane_of[i] for each of `count` rows, rows and times given; those too late are left out. Returns how many are in time.
 */
uint32_t table_assign_panes(struct table *t, uint32_t count);
/* Brings the rows of each pane together, in their order, into sorted_rows; touched_from says where each begins. */
void table_sort_by_pane(struct table *t, uint32_t count);
/* pane_of[i] for `count` rows of sessions or count windows, whose keys are numbered in t->groups; merges sessions. */
void table_assign_sessions(struct table *t, uint32_t count);
void table_assign_counts(struct table *t, uint32_t count);
/* Numbers the keys of t->rows into t->groups. */
void table_number_by(struct table *t, uint32_t input, const struct batch *b, uint32_t count);
/* Room for the panes of all keys that are numbered. */
void table_reserve_by(struct table *t);
/* The session of a key that a stretch belongs to, which may have joined several into one. */
struct pane *table_join_session(struct table *t, uint32_t key, struct span w);
/* The open count window of a key. */
struct pane *table_open_count(struct table *t, uint32_t key);
/* Forgets keys that have no pane any more, once they are the most. */
void table_compact_by(struct table *t);
/* A pane that was made by table_add_pane, of the key that has these values. */
void table_place_by_key(struct table *t, struct pane *p, const struct value *by);
/* A pane that is no longer among the others, to be emitted or freed. */
void table_put_done(struct table *t, struct pane *p);
/* Records came to a session. */
void table_touch_session(struct table *t, struct pane *p);
int table_close_sessions(struct table *t, int64_t watermark, table_emit emit, void *self, struct error *e);
void table_free_merged(struct table *t);

/* Rows of one pane as the result of a window (ignored without one) to t->out, which is emitted when it is full. */
int table_emit_pane(struct table *t, struct pane *p, struct span w, table_emit emit, void *self, struct error *e);
int table_flush(struct table *t, table_emit emit, void *self, struct error *e);

#endif
