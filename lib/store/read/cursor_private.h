/* The insides of a cursor: its frames (cursor.c), and which segment they are read from (cursor_segment.c). */
#ifndef STREAM_STORE_CURSOR_PRIVATE_H
#define STREAM_STORE_CURSOR_PRIVATE_H

#include "store/read/cursor.h"

/* -- cursor.c -- */

/* How far the shard goes now. */
int cursor_read_limit(struct cursor *c, struct error *e);
/* Closes the segment; the place stays. */
void cursor_leave(struct cursor *c);

/* -- cursor_segment.c -- */

/* Opens the segment that has c->seq. Returns 1, 0 if there is none (yet), or 2: look again. */
int cursor_enter(struct cursor *c, struct error *e);
/* How many bytes of our segment may be read. Returns 1; 0 if there are no more now; 2: look again. */
int cursor_find_end(struct cursor *c, int64_t *end, struct error *e);
/* Records from c->next on, below `behind`, are lost, with the bytes from c->at to `to`: says so if they are wanted, and
   goes on behind them, or in the next segment. */
void cursor_report(struct cursor *c, int64_t to, uint64_t behind, const char *reason);

#endif
