/*
 * The panes that hold something, for stages that keep records by window and not in aggregates: what is in a pane is the stage's.
 *
 *   panes_window(&p, body, "stream-sort", e);       when a WINDOW frame comes
 *   pane = panes_take(&p, b, rows, &n, &late);      for records, as many at a time as are of one pane; pane->state is NULL at first
 *   n = panes_due(&p, watermark, &windows);         for each WATERMARK:
 *       panes_of(&p, windows[i], &count);               what each of these windows consists of
 *   panes_advance(&p, watermark, free_state);
 *
 * Without a window there is one pane, of all time, which nothing closes. Sessions and counts are not known here.
 */
#ifndef STREAM_WINDOW_PANES_H
#define STREAM_WINDOW_PANES_H

#include <stdbool.h>

#include "window/spec.h"

struct held_pane {
	struct span span;
	void *state;  /* the stage's */
	bool touched; /* records came since its windows were looked at */
};

struct panes {
	bool windowed;
	struct window_spec spec;
	struct arena arena; /* what spec borrows */
	int64_t closed;     /* the greatest watermark so far */
	struct held_pane *items;
	uint32_t count, cap; /* in order of start */
	uint32_t last;       /* the one found last */
};

void panes_init(struct panes *p);
/* free_state is called for each state that is not NULL. */
void panes_release(struct panes *p, void (*free_state)(void *state));

/* Reads a WINDOW frame; `command` is for the error that says which windows it knows (ERR_USAGE). */
int panes_window(struct panes *p, const struct batch *body, const char *command, struct error *e);

/* The pane of a time; NULL: all its windows are closed. It may move when the next one is found. */
struct held_pane *panes_find(struct panes *p, int64_t time);

/*
 * The pane of the first of *count rows of b by its @time; *count becomes the number of those, side by side, that are in it. NULL, and
 * *count is 1: it came too late (*late is counted up), or has no @time (it is a reject of b).
 */
struct held_pane *panes_take(struct panes *p, struct batch *b, const uint32_t *rows, uint32_t *count, uint32_t *late);

/*
 * The windows that this watermark closes and that hold something, by end, then start; with lateness, those too that were closed
 * before and have got records since. *windows is the caller's to free.
 */
uint32_t panes_due(struct panes *p, int64_t watermark, struct span **windows);
/* The panes of a window, side by side in order of time. */
struct held_pane *panes_of(const struct panes *p, struct span window, uint32_t *count);
/* Drops the panes that no window will need. */
void panes_advance(struct panes *p, int64_t watermark, void (*free_state)(void *state));
/* Drops all. */
void panes_clear(struct panes *p, void (*free_state)(void *state));

/*
 * Which panes there are, for a snapshot: rows `start`, `end`, `touched` of the panes from the from-th on, in a first one (from 0) also `closed`.
 * Returns how many panes were written, at most BATCH_ROWS. Loaded, they have no states: who fills these asks for panes by their start; NULL: that one
 * is gone. The spec comes by window_write and panes_window.
 */
uint32_t panes_save(const struct panes *p, uint32_t from, struct batch *b);
int panes_load(struct panes *p, const struct batch *b, struct error *e);
struct held_pane *panes_at(const struct panes *p, int64_t start);

#endif
