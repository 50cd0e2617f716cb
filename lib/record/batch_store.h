/* What a batch owns; for the files that implement batch.h alone. */
#ifndef STREAM_RECORD_BATCH_STORE_H
#define STREAM_RECORD_BATCH_STORE_H

#include "record/batch.h"

struct batch_store {
	struct arena names;   /* names and shapes: live until batch_reset */
	struct value **cells; /* for the VALUES column of that number; NULL: none yet; b->capacity each */
	uint32_t cells_cap;
	struct value *meta_cells[META_COUNT];
	uint32_t *index; /* open addressing over names: column + 1, 0 free; a power of two */
	uint32_t index_size;

	/* The decoder's columns and shapes, as they were before the first change. */
	bool saved;
	struct column *saved_columns;
	struct shape *saved_shapes;
	uint32_t saved_column_count, saved_column_cap;
	uint32_t saved_shape_count, saved_shape_cap;
};

struct reject *batch_reject_add(struct batch *b);

#endif
