/*
 * A column: the values of one field in the rows of a batch. It borrows all it points to.
 *
 * Text decoders fill COLUMN_VALUES, which can hold anything. Frames hold the dense forms, which are
 * read where they lie. column_get is the meaning; a kernel with a fast path for a dense form must agree with it.
 *
 *   form            row r is
 *   COLUMN_VALUES   values[r]
 *   COLUMN_CONST    value
 *   COLUMN_INT      ints[r], `width` bytes (1, 2, 4: unsigned; 8: signed), plus bias; of type BOOL, INT (with
 *                   scale) or TIME
 *   COLUMN_FLOAT    floats[r]
 *   COLUMN_TEXT     bytes[offsets[r] .. offsets[r + 1]); of type NUMBER, STRING, BYTES or JSON
 *   COLUMN_DICT     dict[code], code = ints[r], `width` bytes (1, 2, 4)
 *
 * Where `marks` is not NULL and marks[r] is not 0, row r is TYPE_ABSENT (MARK_ABSENT) or TYPE_NULL (MARK_NULL),
 * whatever a dense form has there.
 */
#ifndef STREAM_RECORD_COLUMN_H
#define STREAM_RECORD_COLUMN_H

#include "record/value.h"

enum column_form { COLUMN_VALUES, COLUMN_CONST, COLUMN_INT, COLUMN_FLOAT, COLUMN_TEXT, COLUMN_DICT };

enum { MARK_VALUE = 0, MARK_NULL = 1, MARK_ABSENT = 2 };

struct column {
	const char *name; /* UTF-8; borrowed from the batch. NULL: the column was dropped, and is in no shape */
	uint32_t name_len;
	uint8_t form;         /* enum column_form */
	uint8_t type;         /* of INT and TEXT */
	uint8_t width;        /* of INT and DICT */
	uint8_t scale;        /* of INT */
	int64_t bias;         /* of INT */
	const uint8_t *marks; /* a byte per row, or NULL; not with VALUES and CONST */
	struct value value;   /* of CONST */
	union {
		struct value *values;
		const void *ints;
		const double *floats;
		const char *bytes;
	};
	const uint32_t *offsets;  /* of TEXT: rows + 1 of them */
	const struct value *dict; /* of DICT */
	uint32_t dict_size;
	uint64_t dict_id; /* not 0: the same id means the same dictionary, in this and later batches of one input */
};

/* The unsigned narrow int of a width-byte array. */
static inline uint64_t column_raw(const struct column *c, uint32_t row)
{
	switch (c->width) {
	case 1: return ((const uint8_t *)c->ints)[row];
	case 2: return ((const uint16_t *)c->ints)[row];
	case 4: return ((const uint32_t *)c->ints)[row];
	default: return ((const uint64_t *)c->ints)[row];
	}
}

/* A dense form's value, marks not looked at. */
struct value column_dense(const struct column *c, uint32_t row);

static inline struct value column_get(const struct column *c, uint32_t row)
{
	if (c->form == COLUMN_VALUES)
		return c->values[row];
	if (c->marks && c->marks[row])
		return c->marks[row] == MARK_NULL ? value_null() : value_absent();
	return column_dense(c, row);
}

static inline struct column column_const(struct value v)
{
	return (struct column){.form = COLUMN_CONST, .value = v};
}

/* out[i] = row rows[i] (rows NULL: row i), for i < count. */
void column_gather(const struct column *c, const uint32_t *rows, uint32_t count, struct value *out);

#endif
