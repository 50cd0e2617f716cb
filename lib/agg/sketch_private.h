/* Inside of sketches: sketch.c adds, sketch_state.c makes bytes of it. */
#ifndef STREAM_AGG_SKETCH_PRIVATE_H
#define STREAM_AGG_SKETCH_PRIVATE_H

#include "agg/sketch.h"

struct sketch_rest {
	struct buckets negative; /* by their magnitude */
	uint64_t zeros;
	struct value least, greatest;
};

#endif
