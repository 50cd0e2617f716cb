/* Records one at a time, by field name: for control frames and small results, not for hot paths. */
#ifndef STREAM_RECORD_BATCH_ROWS_H
#define STREAM_RECORD_BATCH_ROWS_H

#include "record/batch.h"

struct field {
	const char *name; /* distinct within a row */
	struct value value;
};

/* Appends a row; texts are copied into the batch's arena. False when it has no room for the columns. */
bool batch_add_row(struct batch *b, const struct field *fields, uint32_t count);

/* The field's value in that row, absent where there is none. */
struct value batch_get(const struct batch *b, uint32_t row, const char *name);

#endif
