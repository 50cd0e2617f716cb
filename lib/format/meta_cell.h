/* Metadata that come back as text: fields named `@time` and its like, in CSV and logfmt. */
#ifndef STREAM_FORMAT_META_CELL_H
#define STREAM_FORMAT_META_CELL_H

#include "record/batch.h"

/*
 * Makes of a cell what the metadatum holds: a time from its RFC 3339 text or from a number (whose magnitude tells the
 * unit), absent from null; @seq is a whole number >= 0; others stay as they are. NULL if done, else why it can't be.
 */
const char *meta_from_cell(enum meta m, struct value *v);

#endif
