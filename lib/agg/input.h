/*
 * The arguments of aggregates, made ready for loops: the rows of a column that are to be added up, one after the other,
 * as machine ints where all of them are numbers of one scale, else as values.
 */
#ifndef STREAM_AGG_INPUT_H
#define STREAM_AGG_INPUT_H

#include "record/column.h"

struct input {
	const int64_t *ints;        /* row i is ints[i] / 10^scale; NULL: */
	const struct value *values; /* row i is values[i] */
	unsigned scale;
};

/* Its memory; all bytes 0 at first. */
struct input_room {
	int64_t *ints;
	struct value *values;
	uint32_t cap;
};

void input_room_release(struct input_room *r);

/* Makes the rows rows[i] (NULL: i), i < count, of a column ready. Valid until the next call with this room, or while
 * the column is. */
struct input input_load(struct input_room *r, const struct column *c, const uint32_t *rows, uint32_t count);

/* From row `from` on. */
static inline struct input input_from(struct input in, uint32_t from)
{
	if (in.ints)
		in.ints += from;
	if (in.values)
		in.values += from;
	return in;
}

/*
 * Which of the rows can't be added up: writes the i whose value is neither missing nor a number that sums take (with
 * `numbers`), or is a TYPE_ERROR; returns how many.
 */
uint32_t input_wrong(const struct column *c, const uint32_t *rows, uint32_t count, bool numbers, uint32_t *wrong);

#endif
