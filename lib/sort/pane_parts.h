/*
 * The panes of a stage (window/panes.h) as parts of a snapshot (hold/state.h): `window`, what the WINDOW frame said, if there was one, and `panes`.
 * What a pane holds is the stage's to write behind them, in parts of its own.
 */
#ifndef STREAM_SORT_PANE_PARTS_H
#define STREAM_SORT_PANE_PARTS_H

#include "hold/state.h"
#include "window/panes.h"

int pane_parts_save(const struct panes *p, const struct state_out *o, struct error *e);
/* Rows of such a part: 1; 0: they are of another. `command` is panes_window's. */
int pane_parts_load(struct panes *p, const struct state_in *in, const struct batch *b, const char *command,
		    struct error *e);

#endif
