/*
 * What flows that are no more have left in a stream: their ledgers (store/redo.h), for nobody comes any more who would replace the
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
#include "store/stream.h"

/* gone: whether the flow whose end kept this text is no more. A ledger that says nothing yet is left alone. */
int sweep_flows(const struct stream *s, bool (*gone)(const char *state, size_t len), struct error *e);

#endif
