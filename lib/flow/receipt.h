/*
 * Receipts: what the end of a pipeline answers to each source, in the source's own directory (`receipt.EPOCH`, by the source's
 * epoch). The end's storage is the truth; this is the answer, and need not survive a power cut.
 *
 *   receipt 1
 *   n 57                    the last checkpoint
 *   line 3                  the source's epoch that committed it; 0 for checkpoint 0
 *   joint 3                 the flow's; the sum of the lines, where there are several sources
 *   run 4                   the flow's epoch of this run
 *   pace 1000000000         how far apart the end wants its commits at least, ns
 *   sources 1
 *   tally ...               what each stage had counted at that checkpoint (flow/tally.h)
 *   check 0123456789abcdef
 */
#ifndef STREAM_FLOW_RECEIPT_H
#define STREAM_FLOW_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/tally.h"

struct receipt {
	uint64_t n, line, joint, run, sources;
	int64_t pace;
	struct tallies tallies;
};

void receipt_release(struct receipt *r);
int receipt_save(const struct receipt *r, const char *directory, uint64_t epoch, struct error *e);
/* Returns 1, or 0 if there is none yet. */
int receipt_load(struct receipt *r, const char *directory, uint64_t epoch, struct error *e);
/* The greatest n of all runs. */
int receipt_greatest(const char *directory, uint64_t *n, struct error *e);
/* Whether there is one of a later run. */
bool receipt_is_overtaken(const char *directory, uint64_t epoch);
/* Removes those of earlier runs, and what those have written here and not finished. */
void receipt_clean(const char *directory, uint64_t epoch);

#endif
