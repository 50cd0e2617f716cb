/*
 * Conservation: what came in, what became of it, stage by stage. in = out + filtered + rejected + late for a stage that
 * passes records on; one that folds them says so, and its out are new records.
 */
#ifndef STREAM_FLOW_COUNTS_H
#define STREAM_FLOW_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct counts {
	const char *command; /* `stream-agg`; owned by the list that the counts are in */
	uint64_t in, out, rejected, late;
	uint64_t uncaught; /* of the rejected and late: how many nobody kept */
	bool folds;
};

struct counts_list {
	struct counts *items;
	size_t count;
};

/* Those of `in` that are none of the others; 0 for a stage that folds. */
uint64_t counts_filtered(const struct counts *c);

/* The body of an END frame: one row per stage, upstream first, and last our own. */
void counts_to_batch(const struct counts_list *upstream, const struct counts *own, bool final, struct batch *body);
/* Adds the rows of an END frame to the list. Stages with the same place and command (copies that ran side by side, files one
   after another) are added up. Returns its `final`. */
bool counts_from_batch(const struct batch *body, struct counts_list *list);
void counts_release(struct counts_list *list);

/* The audit for people: a line per stage. */
void counts_text(const struct counts_list *upstream, const struct counts *own, struct buf *out);
/* OpenMetrics text. */
void counts_metrics(const struct counts_list *upstream, const struct counts *own, struct buf *out);

#endif
