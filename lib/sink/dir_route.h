/*
 * Sorts the rows of a batch by directory. All that it points to lives in the batch's arena.
 */
#ifndef STREAM_SINK_DIR_ROUTE_H
#define STREAM_SINK_DIR_ROUTE_H

#include "sink/dir_pattern.h"

struct dir_route {
	const char *dir;
	uint64_t hash;
	uint32_t *rows; /* ascending */
	uint32_t count;
};

/* One per directory that the selected rows go to, in the order of their first rows; *count of them. */
struct dir_route *dir_routes(struct dir_pattern *p, struct batch *b, uint32_t *count);

#endif
