/*
 * Sorts more records than memory holds. They go in as they come, and come out by key, records with the same key in the order they
 * came.
 *
 *   sorter_add(s, b, keys, NULL, e);         rows of a batch and their keys
 *   sorter_spill(s, e);                      whenever sorter_memory is too much: a run goes to disk
 *   sorters_emit(&s, 1, ...);                any number of times
 *
 *   sorter_save(s, o, more, n, e);           for a snapshot: all of it, or what has come since the last one;
 *                                            added again in this order, it comes out in the same order
 *
 * Several sorters come out as one (windows consist of panes, and each pane has one): records with the same key, those
 * of an earlier sorter first.
 *
 * FAN_IN_MAX runs side by side are merged into one, and so are FAN_IN_MAX of these: memory and open files grow with the
 * logarithm of what is sorted.
 */
#ifndef STREAM_SORT_SORTER_H
#define STREAM_SORT_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "hold/hold.h"
#include "hold/state.h"
#include "key/spec.h"

struct sorter;

enum { FAN_IN_MAX = 64 };

struct spool;

/* spec and the spool (run.h), which sorters share, are borrowed. */
struct sorter *sorter_new(struct key_spec *spec, struct spool *spool);
void sorter_free(struct sorter *s);

/* Adds the selected rows of b; the key of the i-th is number which[i] of `keys` (NULL: i). */
int sorter_add(struct sorter *s, struct batch *b, const struct key_list *keys, const uint32_t *which, struct error *e);
size_t sorter_memory(const struct sorter *s); /* bytes, about */
/* Whether that would free anything worth a run. */
bool sorter_can_spill(const struct sorter *s);
int sorter_spill(struct sorter *s, struct error *e);

/* The part `rows` of a snapshot, whose head has these fields too (see hold/state.h); nothing if nothing has come. */
int sorter_save(struct sorter *s, const struct state_out *o, const struct field *more, uint32_t count, struct error *e);

/* In order, by way of g, which is the same for a sorter each time (its `lead` may change). */
int sorters_emit(struct sorter *const *sorters, uint32_t count, struct gather *g, gather_emit emit, void *self,
		 struct error *e);

#endif
