/*
 * What flows that are no more have left in a stream: their ledgers (store/commit/redo.h), for nobody comes any more who would replace the
 * last entry. Whether a flow is gone only who knows flows can say, by what its end kept with the commit.
 *
 * What was committed and not carried out is carried out first. Then the entries of the ledger go, the lowest first, so that
 * none is ever taken for the last one that was not; then what says that it was carried out. Who dies in between leaves less to do.
 */
#ifndef STREAM_STORE_SWEEP_H
#define STREAM_STORE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/stream/stream.h"

/* Whether a flow is no more, by its id and what its end kept with its last commit (len 0: there was none). */
struct sweep {
	bool (*gone)(void *arg, const char *flow, const char *state, size_t len);
	void *arg;
};

int sweep_flows(const struct stream *s, const struct sweep *by, struct error *e);

#endif
