/* The directory of each record: see dir.h for what a pattern says. */
#ifndef STREAM_SINK_DIR_PATTERN_H
#define STREAM_SINK_DIR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct dir_piece;

struct dir_pattern {
	struct dir_piece *pieces; /* in the arena given to parse */
	size_t count;
	bool constant; /* all records go to one directory */
};

/* ERR_USAGE with what is wrong with it. */
int dir_pattern_parse(const char *text, struct arena *a, struct dir_pattern *p, struct error *e);
/* The directory that is above all those of the pattern: `lake` of `lake/{x}` and of `lake/a{x}`; `.` if it is none. In the arena. */
const char *dir_pattern_fixed(const struct dir_pattern *p, struct arena *a);
/* Finds the fields in this batch, for dir_pattern_expand. */
void dir_pattern_bind(struct dir_pattern *p, const struct batch *b);
/* Appends the directory of a row. */
void dir_pattern_expand(struct dir_pattern *p, uint32_t row, struct buf *out);

#endif
